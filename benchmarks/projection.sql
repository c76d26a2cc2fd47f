-- Customers with nothing but what lists of active customers are read from: the projection of how they stand, without the
-- facts that it would be made from. So a million of them are made in a minute.
-- Settings: benchmark.customers, and benchmark.until: the moment from which on they stop being active, within a year.

SET LOCAL work_mem = '256MB';
SET LOCAL maintenance_work_mem = '512MB';
SET LOCAL synchronous_commit = off;

CREATE FUNCTION pg_temp.chance(what text, number bigint) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT (hashtextextended(what, number) & 1073741823) / 1073741824.0
$$;

-- An index for searching is made faster of all rows at once, at the end.
CREATE TEMP TABLE search ON COMMIT DROP AS SELECT pg_get_indexdef('ix_customers_search'::regclass) AS definition;
DROP INDEX ix_customers_search;

INSERT INTO business (name, currency, time_zone) VALUES ('Benchmark & Sons', 'EUR', 'Europe/Berlin');

CREATE TEMP TABLE made ON COMMIT DROP AS
SELECT number, ('01920000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid AS customer_id,
  current_setting('benchmark.until')::timestamptz AS until
FROM generate_series(1, current_setting('benchmark.customers')::int) AS number;

INSERT INTO customers (customer_id, first_name, last_name, country, created_at, updated_at, recorded_at)
SELECT customer_id, 'Ada', 'Number ' || number, 'DE', born, born, born
FROM made CROSS JOIN LATERAL (SELECT until - interval '900 days' * pg_temp.chance('born', number)) AS came (born);

INSERT INTO customer_standing (
  customer_id, order_count, historic_net, purchase_net, last_purchase_at, purchase_days, first_purchase_day,
  last_purchase_day, value_days, purchase_value, has_terms
)
SELECT customer_id, bought, 100 * bought, 100 * bought, last_at, bought, (last_at - interval '1 day' * bought)::date,
  last_at::date, bought, 100 * bought, false
FROM made
CROSS JOIN LATERAL (SELECT 1 + number % 20, until - interval '1 day' * (number % 365)) AS orders (bought, last_at);

-- Nine of ten are active.
INSERT INTO active_spans (customer_id, starts_at, ends_at)
SELECT customer_id, until - interval '60 days', until + interval '365 days' * pg_temp.chance('end', number)
FROM made
WHERE number % 10 <> 0;

DO $$
BEGIN
  EXECUTE (SELECT definition FROM search);
END $$;
