-- Removes what measuring has recorded, so that every run begins with the same rows: all that was recorded after the end of
-- the population, which is the setting benchmark.until. Leaves in `changed` whose standing is to be worked out anew.

CREATE FUNCTION pg_temp.is_measured(recorded_at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT recorded_at >= current_setting('benchmark.until')::timestamptz
$$;
CREATE TEMP TABLE changed ON COMMIT DROP AS
SELECT customer_id FROM orders WHERE pg_temp.is_measured(recorded_at)
UNION SELECT customer_id FROM loyalty_entries WHERE pg_temp.is_measured(recorded_at);

-- Facts are only added in everyday work.
CREATE TEMP TABLE touched ON COMMIT DROP AS
SELECT name::regclass AS owner FROM unnest(ARRAY[
  'orders', 'order_lines', 'feedback', 'customer_costs', 'loyalty_accounts', 'loyalty_transactions', 'loyalty_entries',
  'loyalty_lots', 'loyalty_lot_uses'
]) AS name;
DO $$
DECLARE each record;
BEGIN
  FOR each IN SELECT * FROM touched LOOP
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', each.owner);
  END LOOP;
END $$;

DELETE FROM feedback WHERE pg_temp.is_measured(recorded_at);
DELETE FROM customer_costs WHERE pg_temp.is_measured(recorded_at);
DELETE FROM loyalty_lot_uses WHERE pg_temp.is_measured(recorded_at);
DELETE FROM loyalty_lots WHERE pg_temp.is_measured(recorded_at);
DELETE FROM loyalty_entries WHERE pg_temp.is_measured(recorded_at);
DELETE FROM loyalty_transactions WHERE pg_temp.is_measured(recorded_at);

UPDATE loyalty_lots SET remaining = points - coalesce((
  SELECT sum(points) FROM loyalty_lot_uses AS used
  WHERE used.customer_id = loyalty_lots.customer_id AND used.lot_id = loyalty_lots.lot_id
), 0)
WHERE customer_id IN (SELECT customer_id FROM changed);

UPDATE loyalty_accounts SET balance = coalesce(latest.balance_after, 0), owed = coalesce(latest.owed_after, 0),
  entries = coalesce(latest.number, 0), latest_at = latest.occurred_at
FROM changed
LEFT JOIN LATERAL (
  SELECT balance_after, owed_after, number, occurred_at FROM loyalty_entries
  WHERE loyalty_entries.customer_id = changed.customer_id AND number IS NOT NULL
  ORDER BY number DESC LIMIT 1
) AS latest ON true
WHERE loyalty_accounts.customer_id = changed.customer_id;

DELETE FROM order_lines USING orders
WHERE pg_temp.is_measured(orders.recorded_at)
  AND order_lines.customer_id = orders.customer_id AND order_lines.order_id = orders.order_id;
DELETE FROM orders WHERE pg_temp.is_measured(recorded_at);
DELETE FROM idempotency;

DO $$
DECLARE each record;
BEGIN
  FOR each IN SELECT * FROM touched LOOP
    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', each.owner);
  END LOOP;
END $$;
