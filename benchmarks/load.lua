-- Sends the bodies of a file in turn, one a line, and reports what wrk measured as one line of JSON.
-- Arguments: the file, a mark that makes the keys of this run its own, what every answer must hold.

local bodies, mark, wanted = {}, "", ""
local sent, seen = 0, 0
wrong_answers = 0 -- global: `done` runs in another Lua state and reads it from there
local EVERY = 10 -- answers that are looked into: one in so many

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function init(args)
  for line in io.lines(args[1]) do
    local before, after = line:match("^(.-)@KEY@(.*)$")
    bodies[#bodies + 1] = before and { before, after } or wrk.format(nil, nil, nil, line)
  end
  mark, wanted = args[2], args[3]
end

function request()
  sent = sent + 1
  local body = bodies[(sent - 1) % #bodies + 1]
  if type(body) == "string" then return body end
  return wrk.format(nil, nil, nil, body[1] .. string.format("bench-%s-%09d", mark, sent) .. body[2])
end

function response(status, headers, body)
  seen = seen + 1
  if status ~= 200 then
    wrong_answers = wrong_answers + 1
  elseif seen % EVERY == 1 and (body:find('"errors":', 1, true) or not body:find(wanted, 1, true)) then
    wrong_answers = wrong_answers + 1
  end
  if wrong_answers == 1 then io.stderr:write(body:sub(1, 400), "\n") end
end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end

function done(summary, latency)
  local wrong = threads[1]:get("wrong_answers")
  io.write(string.format(
    'MEASURED {"requests": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
      + summary.errors.status + wrong
  ))
end
