SELECT coalesce((SELECT (('{"nodes":[' || (coalesce(f.i0, '') || '],"pageInfo":{"hasPreviousPage":')) || ((coalesce(CAST(false OR f.more AS TEXT), 'null') || ',"hasNextPage":') || (coalesce(CAST(false OR false AS TEXT), 'null') || '}}'))) AS anon_1
FROM (SELECT a.i0 AS i0, a.more AS more
FROM (SELECT string_agg(r.i0, ',' ORDER BY r.rn DESC) FILTER (WHERE r.rn <= 2) AS i0, count(*) > 2 AS more
FROM (SELECT CASE WHEN (row_number() OVER (ORDER BY customers_1.created_at DESC, customers_1.customer_id DESC) <= 2) THEN (('{"id":"' || 'cus_' || encode(uuid_send(customers_1.customer_id), 'hex')) || ('","orders":' || (coalesce((SELECT (('{"edges":[' || (coalesce(f.i0, '') || '],"pageInfo":{"hasPreviousPage":')) || ((coalesce(CAST(false OR f.more AS TEXT), 'null') || ',"hasNextPage":') || (coalesce(CAST(false OR false AS TEXT), 'null') || '}}'))) AS anon_2
FROM (SELECT a.i0 AS i0, a.more AS more
FROM (SELECT string_agg(r.i0, ',' ORDER BY r.rn DESC) FILTER (WHERE r.rn <= 2) AS i0, count(*) > 2 AS more
FROM (SELECT CASE WHEN (row_number() OVER (ORDER BY orders_1.placed_at ASC, orders_1.order_id ASC) <= 2) THEN (('{"cursor":"' || (translate(encode(convert_to(CAST(json_build_array('orders -placed_at', to_char(timezone('UTC', orders_1.placed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), CAST(orders_1.order_id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_') || '","node":{"number":')) || ((CAST(to_json(orders_1.number) AS TEXT) || ',"placedAt":"') || (to_char(timezone('UTC', orders_1.placed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"}}'))) END AS i0, row_number() OVER (ORDER BY orders_1.placed_at ASC, orders_1.order_id ASC) AS rn
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id ORDER BY orders_1.placed_at ASC, orders_1.order_id ASC
 LIMIT 2 + 1) AS r) AS a) AS f), 'null') || '}'))) END AS i0, row_number() OVER (ORDER BY customers_1.created_at DESC, customers_1.customer_id DESC) AS rn
FROM customers AS customers_1 JOIN customer_standing AS customer_standing_1 ON customer_standing_1.customer_id = customers_1.customer_id
WHERE customer_standing_1.order_count > $1::INTEGER ORDER BY customers_1.created_at DESC, customers_1.customer_id DESC
 LIMIT 2 + 1) AS r) AS a) AS f), 'null') AS c0;
