-- What a PostGraphile user writes for values that are not columns: "computed columns", functions named after their table.

CREATE FUNCTION customers_display_name(customer customers) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT trim(concat_ws(' ', customer.first_name, customer.last_name))
$$;

CREATE FUNCTION orders_total(placed orders) RETURNS numeric LANGUAGE sql STABLE AS $$
  SELECT round(placed.gross - placed.discount, 2)
$$;

CREATE TYPE purchase_summary AS (
  order_count bigint,
  net numeric,
  average_order_value numeric,
  last_purchase_at timestamptz
);

CREATE FUNCTION customers_purchase_summary(customer customers) RETURNS purchase_summary LANGUAGE sql STABLE AS $$
  SELECT (placed.count, round(placed.net - back.sum, 2), round((placed.net - back.sum) / nullif(placed.count, 0), 2), placed.last)
  FROM (
    SELECT count(*), coalesce(sum(business_gross - business_discount), 0) AS net, max(placed_at) AS last
    FROM orders WHERE customer_id = customer.customer_id
  ) AS placed,
  (SELECT coalesce(sum(business_amount), 0) AS sum FROM refunds WHERE customer_id = customer.customer_id) AS back
$$;
