-- A page of customers with what their answers of twelve months say and the last things they said, as a person would write
-- it by hand: what they said is read once for the means and counts.
SELECT '{"nodes":[' || coalesce(string_agg(item, ','), '') || ']}' FROM (
  SELECT
    '{"id":"cus_' || encode(uuid_send(customers.customer_id), 'hex')
    || '","displayName":' || to_json(trim(concat_ws(' ', first_name, last_name)))::text
    || ',"satisfaction":{"nps":' || CASE
      WHEN latest_nps >= 9 THEN '"PROMOTER"' WHEN latest_nps >= 7 THEN '"PASSIVE"' WHEN latest_nps >= 0 THEN '"DETRACTOR"'
      ELSE 'null'
    END
    || ',"latestNps":' || coalesce(latest_nps::text, 'null')
    || ',"averageCsat":' || coalesce(average_csat::text, 'null')
    || ',"averageCes":' || coalesce(average_ces::text, 'null')
    || ',"responses":' || responses || ',"openComplaints":' || open_complaints
    || '},"feedback":{"nodes":[' || coalesce(latest.items, '') || ']}}' AS item
  FROM customers
  CROSS JOIN LATERAL (
    SELECT
      (array_agg(score ORDER BY submitted_at DESC, feedback_id DESC) FILTER (WHERE kind = 'NPS' AND counts))[1] AS latest_nps,
      sum(score::float8) FILTER (WHERE kind = 'CSAT' AND counts)
        / nullif(count(*) FILTER (WHERE kind = 'CSAT' AND counts), 0) AS average_csat,
      sum(score::float8) FILTER (WHERE kind = 'CES' AND counts)
        / nullif(count(*) FILTER (WHERE kind = 'CES' AND counts), 0) AS average_ces,
      count(*) FILTER (WHERE kind IN ('NPS', 'CSAT', 'CES') AND counts) AS responses,
      count(*) FILTER (WHERE kind = 'COMPLAINT' AND NOT EXISTS (
        SELECT FROM complaint_resolutions AS settled
        WHERE settled.customer_id = feedback.customer_id AND settled.feedback_id = feedback.feedback_id
      )) AS open_complaints
    FROM feedback CROSS JOIN business
    CROSS JOIN LATERAL (
      SELECT (submitted_at AT TIME ZONE time_zone + interval 'P12M') AT TIME ZONE time_zone > now()
    ) AS window_of (counts)
    WHERE feedback.customer_id = customers.customer_id AND submitted_at <= now()
  ) AS answers
  CROSS JOIN LATERAL (
    SELECT string_agg(item, ',') AS items FROM (
      SELECT
        '{"id":"fbk_' || encode(uuid_send(feedback_id), 'hex') || '","kind":"' || kind
        || '","score":' || coalesce(score::text, 'null') || ',"comment":' || coalesce(to_json(comment)::text, 'null')
        || ',"submittedAt":"' || to_char(submitted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"}' AS item
      FROM feedback WHERE feedback.customer_id = customers.customer_id
      ORDER BY submitted_at DESC, feedback_id DESC LIMIT 3
    ) AS listed
  ) AS latest
  WHERE (created_at, customers.customer_id) > ($1, $2)
  ORDER BY created_at, customers.customer_id LIMIT 50
) AS listed
