-- Half of the customers collect points: a point for each euro of what they bought since they enrolled, within the last
-- year. Most have spent once what could be spent then, but half of the last purchase's. No points expire before the data
-- is made anew, so that nothing is posted while something is measured.

CREATE FUNCTION pg_temp.later(moment timestamptz, length interval) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT (moment AT TIME ZONE 'Europe/Berlin' + length) AT TIME ZONE 'Europe/Berlin'
$$;

INSERT INTO loyalty_programs (
  program_id, version, effective_from, name, rounding, pending_for, expires_after, tier_basis, tier_window, tier_grace,
  recorded_at, point_value
)
SELECT pg_temp.key('0', 1), 1, begun, 'Benchmark Points', 'DOWN', 'P14D', 'P15M', 'POINTS', 'P1Y', 'P1M', begun, 0.01
FROM (SELECT pg_temp.until() - interval '950 days') AS beginning (begun);

INSERT INTO loyalty_tiers (program_id, rank, code, name, required)
SELECT pg_temp.key('0', 1), rank, upper(name), name, required
FROM (VALUES (1, 'Bronze', 0), (2, 'Silver', 500), (3, 'Gold', 2000)) AS tiers (rank, name, required);

INSERT INTO loyalty_rules (program_id, position, points_per_unit) VALUES (pg_temp.key('0', 1), 1, 1);

CREATE TEMP TABLE members ON COMMIT DROP AS
SELECT customer_id, number AS member,
  pg_temp.since(greatest(created_at, pg_temp.until() - interval '365 days'), 'enrolled', number) AS opened_at
FROM generate_series(1, current_setting('benchmark.customers')::int) AS number
JOIN customers ON customer_id = pg_temp.key('2', number)
WHERE pg_temp.chance('member', number) < 0.5;

-- What was paid back, in part or whole, brought no points.
CREATE TEMP TABLE earned ON COMMIT DROP AS
SELECT customer_id, member, number, floor(exact)::bigint AS points, exact, placed_at,
  pg_temp.later(placed_at, 'P14D') AS available_at, pg_temp.later(placed_at, 'P15M') AS expires_at
FROM members
JOIN placed USING (customer_id)
JOIN LATERAL (
  SELECT gross - discount AS exact FROM orders
  WHERE orders.customer_id = members.customer_id AND order_id = pg_temp.key('3', placed.number)
) AS total ON exact >= 1
WHERE placed_at >= opened_at AND number % 25 <> 0;

CREATE TEMP TABLE used ON COMMIT DROP AS
SELECT customer_id, member, number, spent_at, CASE WHEN is_last THEN ceil(points / 2.0)::bigint ELSE points END AS points
FROM (
  SELECT earned.*, spent_at, row_number() OVER (PARTITION BY customer_id ORDER BY placed_at DESC, number DESC) = 1 AS is_last
  FROM members
  CROSS JOIN LATERAL (SELECT pg_temp.since(opened_at, 'spent', members.member)) AS spending (spent_at)
  JOIN earned USING (customer_id)
  WHERE pg_temp.chance('spends', members.member) < 0.6 AND available_at <= spent_at
) AS could_be_spent;

CREATE TEMP TABLE moved ON COMMIT DROP AS
SELECT *, row_number() OVER ledger AS number, sum(points) OVER ledger AS balance
FROM (
  SELECT customer_id, 'EARN' AS kind, 'ISSUED' AS against, pg_temp.key('9', number) AS transaction_id,
    pg_temp.key('b', number * 2) AS entry_id, pg_temp.key('b', number * 2 + 1) AS against_id,
    'ORDER' AS source, pg_temp.key('3', number) AS source_id, 'Purchase B-' || number AS reason, points,
    placed_at AS moment
  FROM earned
  UNION ALL
  SELECT customer_id, 'REDEEM', 'REDEEMED', pg_temp.key('a', member), pg_temp.key('c', member * 2),
    pg_temp.key('c', member * 2 + 1), 'REQUEST', pg_temp.key('a', member), 'A voucher', -sum(points), spent_at
  FROM used GROUP BY customer_id, member, spent_at
) AS moves
WINDOW ledger AS (PARTITION BY customer_id ORDER BY moment, kind, entry_id ROWS UNBOUNDED PRECEDING);

INSERT INTO loyalty_accounts (
  customer_id, account_id, opened_at, balance, entries, latest_at, recorded_at
)
SELECT customer_id, pg_temp.key('d', member), opened_at, coalesce(sum(points), 0), count(points), max(moment), opened_at
FROM members LEFT JOIN moved USING (customer_id)
GROUP BY customer_id, member, opened_at;

INSERT INTO loyalty_transactions (transaction_id, kind, source, source_id, reason, occurred_at, recorded_at)
SELECT transaction_id, kind, source, source_id, reason, moment, moment FROM moved ORDER BY transaction_id;

INSERT INTO loyalty_entries (
  customer_id, transaction_id, account, entry_id, kind, points, counted, counts_from, number, balance_after, owed_after,
  occurred_at, recorded_at
)
SELECT customer_id, transaction_id, side.account, side.entry_id, kind, side.points, side.counted,
  CASE WHEN side.counted > 0 THEN moment END, side.number, side.balance, side.owed, moment, moment
FROM moved
CROSS JOIN LATERAL (VALUES
  ('CUSTOMER', entry_id, points, CASE kind WHEN 'EARN' THEN points ELSE 0 END, number, balance, 0),
  (against, against_id, -points, 0, NULL, NULL, NULL)
) AS side (account, entry_id, points, counted, number, balance, owed)
ORDER BY moment;

INSERT INTO loyalty_lots (
  customer_id, lot_id, transaction_id, points, remaining, exact, program_id, available_at, expires_at, occurred_at, recorded_at
)
SELECT earned.customer_id, pg_temp.key('e', number), pg_temp.key('9', number), earned.points,
  earned.points - coalesce(used.points, 0), exact, pg_temp.key('0', 1), available_at, expires_at, placed_at, placed_at
FROM earned LEFT JOIN used USING (number)
ORDER BY number;

INSERT INTO loyalty_lot_uses (customer_id, lot_id, transaction_id, points, occurred_at, recorded_at)
SELECT customer_id, pg_temp.key('e', number), pg_temp.key('a', member), points, spent_at, spent_at
FROM used ORDER BY number;

INSERT INTO customer_costs (
  customer_id, cost_id, stream, cause_id, taken_back, amount, currency, incurred_at, recorded_at
)
SELECT customer_id, pg_temp.key('f', member), 'LOYALTY', pg_temp.key('c', member * 2), false,
  round(sum(points) * 0.01, 2), 'EUR', spent_at, spent_at
FROM used
GROUP BY customer_id, member, spent_at
HAVING round(sum(points) * 0.01, 2) > 0;
