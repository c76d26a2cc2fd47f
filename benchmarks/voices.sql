-- What customers said: scores, reviews and complaints, some days after a purchase, most of them content. Half of the
-- complaints are settled. And the segments that were saved.

INSERT INTO feedback (
  customer_id, feedback_id, kind, score, comment, reason_codes, order_id, submitted_at, recorded_at
)
SELECT customer_id, pg_temp.key('0', number), kind, lowest + floor((highest + 1 - lowest) * sqrt(luck))::int,
  CASE WHEN kind = 'COMPLAINT' OR number % 3 = 0 THEN
    (ARRAY['Came a day late.', 'Just what I wanted.', 'The box was torn, but all was whole.', 'Would buy it again.'])
      [1 + floor(4 * pg_temp.chance('words', number))::int]
  END,
  CASE WHEN kind = 'COMPLAINT' THEN ARRAY['LATE_DELIVERY'] ELSE '{}' END,
  CASE WHEN number % 2 = 0 THEN pg_temp.key('3', number) END, said_at, said_at
FROM (
  SELECT customer_id, number, placed_at + interval '5 days' AS said_at, pg_temp.chance('said', number) AS drawn,
    pg_temp.chance('score', number) AS luck
  FROM placed
) AS asked
JOIN (VALUES
  ('NPS', 0.0, 0.12, 0, 10), ('CSAT', 0.12, 0.22, 1, 5), ('CES', 0.22, 0.25, 1, 7), ('REVIEW', 0.25, 0.28, 1, 5),
  ('COMPLAINT', 0.28, 0.3, NULL, NULL)
) AS kinds (kind, first, behind, lowest, highest) ON drawn >= first AND drawn < behind
WHERE said_at < pg_temp.until()
ORDER BY number;

INSERT INTO complaint_resolutions (customer_id, feedback_id, note, resolved_at, recorded_at)
SELECT customer_id, feedback_id, 'Sent a new one', submitted_at, submitted_at
FROM feedback
WHERE kind = 'COMPLAINT' AND pg_temp.chance(feedback_id::text, 1) < 0.5;

INSERT INTO segments (segment_id, version, name, filter, created_at, changed_at, recorded_at)
SELECT pg_temp.key('0', number), 1, name, filter::json, begun, begun, begun
FROM (VALUES
  (1, 'Worth a call', '{"isActive": true, "orderCount": {"gte": 5}, "historicNet": {"gte": "1000"}}'),
  (2, 'Frequent buyers', '{"orderCount": {"gte": 12}}'),
  (3, 'At home', '{"country": ["DE", "AT", "CH"], "not": {"historicNet": {"lt": "500"}}}')
) AS saved (number, name, filter)
CROSS JOIN (SELECT pg_temp.until() - interval '900 days') AS beginning (begun);
