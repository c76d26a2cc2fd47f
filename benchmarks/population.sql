-- A business with customers for the benchmarks: the same rows whenever they are made, but for the month they end with.
-- Settings: benchmark.customers (ten orders and 25 lines each on average), benchmark.products, and benchmark.until: the
-- moment at which all of this has happened, not long ago, so that most customers still count as active.

SET LOCAL work_mem = '256MB';
SET LOCAL maintenance_work_mem = '512MB';
SET LOCAL synchronous_commit = off;

-- A number from 0 (included) to 1 (excluded) that looks random and follows from a name and a number.
CREATE FUNCTION pg_temp.chance(what text, number bigint) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT (hashtextextended(what, number) & 1073741823) / 1073741824.0
$$;
CREATE FUNCTION pg_temp.key(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT ('019' || kind || '0000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid
$$;

CREATE FUNCTION pg_temp.until() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT current_setting('benchmark.until')::timestamptz
$$;
-- A moment between another one and the end, by chance.
CREATE FUNCTION pg_temp.since(begun timestamptz, what text, number bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT date_trunc('second', begun + (pg_temp.until() - begun) * pg_temp.chance(what, number))
$$;

INSERT INTO business (name, currency, time_zone) VALUES ('Benchmark & Sons', 'EUR', 'Europe/Berlin');

INSERT INTO products (product_id, sku, name, category, recorded_at)
SELECT
  pg_temp.key('1', number),
  'SKU-' || lpad(number::text, 5, '0'),
  (ARRAY['Green', 'Large', 'Oak', 'Quiet', 'Red', 'Small', 'Steel', 'Wool'])[1 + (number * 5) % 8] || ' '
    || (ARRAY['bowl', 'chair', 'cup', 'kettle', 'lamp', 'pan', 'plate', 'pot', 'shelf', 'table'])[1 + (number * 7) % 10]
    || ' ' || number,
  (ARRAY['Home', 'Kitchen', 'Office'])[1 + number % 3],
  pg_temp.until() - interval '950 days'
FROM generate_series(1, current_setting('benchmark.products')::int) AS number;

INSERT INTO customers (customer_id, first_name, last_name, email, country, created_at, updated_at, recorded_at)
SELECT pg_temp.key('2', number), first_name, last_name,
  lower(first_name || '.' || last_name || '.' || number || '@example.org'), country, born, born, born
FROM (
  SELECT
    number,
    (ARRAY['Ada', 'Ben', 'Chloé', 'Dora', 'Emil', 'Finn', 'Greta', 'Hugo', 'Ida', 'Jan', 'Kira', 'Luis', 'Mia', 'Nils'])
      [1 + floor(14 * pg_temp.chance('first', number))::int] AS first_name,
    (ARRAY['Adler', 'Berg', 'Costa', 'Dahl', 'Ebner', 'Fischer', 'Garcia', 'Huber', 'Ivanov', 'Jensen', 'Kovač', 'Lang'])
      [1 + floor(12 * pg_temp.chance('last', number))::int] AS last_name,
    (ARRAY['AT', 'CH', 'DE', 'DE', 'DE', 'DK', 'ES', 'FR', 'IT'])[1 + floor(9 * pg_temp.chance('country', number))::int]
      AS country,
    pg_temp.until() - interval '912 days' + number * (interval '850 days' / current_setting('benchmark.customers')::int)
      AS born
  FROM generate_series(1, current_setting('benchmark.customers')::int) AS number
) AS made;

INSERT INTO customer_external_ids (customer_id, source, value, recorded_at)
SELECT customer_id, 'shop', 'C-' || row_number() OVER (ORDER BY customer_id), recorded_at FROM customers;

-- How often customers buy is skewed: most a few times, a few more than fifty times. In the order in which they came in.
CREATE TEMP TABLE placed ON COMMIT DROP AS
WITH weighted AS (
  SELECT customer_id, created_at, row_number() OVER (ORDER BY customer_id) AS number,
    (-ln(1 - pg_temp.chance('weight', row_number() OVER (ORDER BY customer_id)))) ^ 0.8 AS weight
  FROM customers
), bounded AS (
  SELECT *,
    round(10 * count(*) OVER () * sum(weight) OVER (ORDER BY number) / sum(weight) OVER ())::bigint AS upper
  FROM weighted
), counted AS (
  SELECT *, upper - lag(upper, 1, 0::bigint) OVER (ORDER BY number) AS orders FROM bounded
), moments AS (
  SELECT customer_id,
    created_at + (pg_temp.until() - created_at) * ((turn - pg_temp.chance('moment', upper - turn)) / orders) AS placed_at
  FROM counted CROSS JOIN LATERAL generate_series(1, orders) AS turn
)
SELECT customer_id, placed_at, row_number() OVER (ORDER BY placed_at, customer_id) AS number FROM moments;

CREATE TEMP TABLE bought ON COMMIT DROP AS
SELECT customer_id, placed.number AS order_number, position, product_id, sku, products.name,
  1 + floor(3 * pg_temp.chance('quantity', placed.number * 8 + position))::int AS quantity,
  round((2 + 98 * pg_temp.chance('price', product))::numeric, 2) AS unit_price
FROM placed
CROSS JOIN LATERAL generate_series(1, (ARRAY[1, 1, 1, 2, 2, 3, 3, 3, 4, 5])[1 + number % 10]) AS position
-- The second article often is the one that goes with the first.
CROSS JOIN LATERAL (SELECT position = 2 AND pg_temp.chance('together', number) < 0.2) AS chosen (together)
CROSS JOIN LATERAL (
  SELECT floor(products * pg_temp.chance('product', number * 8 + CASE WHEN together THEN 1 ELSE position END))::int
  FROM (SELECT current_setting('benchmark.products')::int) AS sold (products)
) AS drawn (article)
CROSS JOIN LATERAL (
  SELECT 1 + (article + together::int) % current_setting('benchmark.products')::int
) AS taken (product)
JOIN products ON product_id = pg_temp.key('1', product);

INSERT INTO orders (
  customer_id, order_id, number, placed_at, recorded_at, currency, gross, discount, business_gross, business_discount
)
SELECT customer_id, pg_temp.key('3', number), 'B-' || number, placed_at, placed_at, 'EUR', gross, discount, gross, discount
FROM placed
JOIN (SELECT order_number AS number, sum(quantity * unit_price) AS gross FROM bought GROUP BY 1) AS sums USING (number)
CROSS JOIN LATERAL (SELECT CASE WHEN number % 10 = 4 THEN round(gross / 20, 2) ELSE 0 END) AS less (discount)
ORDER BY number;

INSERT INTO order_lines (customer_id, order_id, position, line_id, product_id, sku, name, quantity, unit_price, currency)
SELECT customer_id, pg_temp.key('3', order_number), position, pg_temp.key('4', order_number * 8 + position),
  product_id, sku, name, quantity, unit_price, 'EUR'
FROM bought
ORDER BY order_number, position;

INSERT INTO refunds (customer_id, refund_id, order_id, amount, currency, business_amount, reason, refunded_at, recorded_at)
SELECT orders.customer_id, pg_temp.key('5', placed.number), order_id, amount, 'EUR', amount, 'returned', moment, moment
FROM placed
JOIN orders ON order_id = pg_temp.key('3', placed.number)
CROSS JOIN LATERAL (
  SELECT CASE WHEN placed.number % 50 = 0 THEN gross - discount ELSE round((gross - discount) / 2, 2) END,
    placed.placed_at + interval '9 days'
) AS back (amount, moment)
WHERE placed.number % 25 = 0 AND moment < pg_temp.until();

-- Of each kind of agreement a tenth of the customers has one, begun within the last year and still running.
CREATE TEMP TABLE agreed ON COMMIT DROP AS
SELECT customer_id, number, what,
  pg_temp.since(greatest(created_at, pg_temp.until() - interval '330 days'), what || ' begun', number) AS begun
FROM generate_series(1, current_setting('benchmark.customers')::int) AS number
JOIN customers ON customer_id = pg_temp.key('2', number)
CROSS JOIN unnest(ARRAY['subscription', 'support plan', 'contract']) AS what
WHERE pg_temp.chance(what, number) < 0.1;

INSERT INTO subscriptions (
  customer_id, subscription_id, version, kind, plan_name, price, currency, billing_interval, grace, started_at, anchored_at,
  period_start, period_end, ends_at, change, changed_at, recorded_at
)
SELECT customer_id, pg_temp.key('6', number), 1, CASE number % 2 WHEN 0 THEN 'PRODUCT' ELSE 'SERVICE' END,
  CASE number % 2 WHEN 0 THEN 'Coffee every month' ELSE 'Cleaning' END, 120 + number % 80, 'EUR', 'P1Y', 'P14D', begun, begun,
  begun, begun + interval 'P1Y', begun + interval 'P1Y14D', 'STARTED', begun, begun
FROM agreed WHERE what = 'subscription';

INSERT INTO support_plans (
  customer_id, support_plan_id, version, plan_name, paid, price, currency, starts_at, term_ends_at, ends_at, included_incidents,
  change, changed_at, recorded_at
)
SELECT customer_id, pg_temp.key('7', number), 1, CASE WHEN paid THEN 'Priority' ELSE 'Basic' END, paid,
  CASE WHEN paid THEN 90 END, CASE WHEN paid THEN 'EUR' END, begun, begun + interval 'P2Y', begun + interval 'P2Y', 10,
  'ENROLLED', begun, begun
FROM agreed CROSS JOIN LATERAL (SELECT number % 5 <> 0) AS costs (paid) WHERE what = 'support plan';

INSERT INTO contracts (
  customer_id, contract_id, version, number, name, value, currency, signed_at, starts_at, term_starts_at, term_ends_at,
  auto_renew, renewal_interval, notice, ends_at, change, changed_at, recorded_at
)
SELECT customer_id, pg_temp.key('8', agreed.number), 1, 'K-' || agreed.number, 'Deliveries', 1000 + agreed.number % 500, 'EUR',
  begun, begun, begun, ending, renews, 'P1Y', 'P30D', CASE WHEN NOT renews THEN ending END, 'SIGNED', begun, begun
FROM agreed
CROSS JOIN LATERAL (SELECT begun + interval 'P3Y', number % 2 = 0) AS terms (ending, renews)
WHERE what = 'contract';
