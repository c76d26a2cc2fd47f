SELECT CAST((SELECT row_to_json("the row") AS row_to_json_1
FROM (SELECT f.i0 AS nodes, (SELECT row_to_json("the row") AS row_to_json_2
FROM (SELECT false OR f.more AS "hasPreviousPage", false OR false AS "hasNextPage") AS "the row") AS "pageInfo"
FROM (SELECT a.i0 AS i0, a.more AS more, a."end" AS "end", a.start AS start
FROM (SELECT coalesce(json_agg(r.i0 ORDER BY r.rn DESC) FILTER (WHERE r.rn <= $1::INTEGER), '[]'::json) AS i0, count(*) > $1::INTEGER AS more, max(r.cursor) FILTER (WHERE r.rn = 1) AS "end", (array_agg(r.cursor ORDER BY r.rn DESC) FILTER (WHERE r.rn <= $1::INTEGER))[1] AS start
FROM (SELECT (SELECT row_to_json("the row") AS row_to_json_3
FROM (SELECT 'cus_' || replace(CAST(customers_1.customer_id AS TEXT), $2::VARCHAR, $3::VARCHAR) AS id, (SELECT row_to_json("the row") AS row_to_json_4
FROM (SELECT f.i0 AS edges, (SELECT row_to_json("the row") AS row_to_json_5
FROM (SELECT false OR f.more AS "hasPreviousPage", false OR false AS "hasNextPage") AS "the row") AS "pageInfo"
FROM (SELECT a.i0 AS i0, a.more AS more, a."end" AS "end", a.start AS start
FROM (SELECT coalesce(json_agg(r.i0 ORDER BY r.rn DESC) FILTER (WHERE r.rn <= $4::INTEGER), '[]'::json) AS i0, count(*) > $4::INTEGER AS more, max(r.cursor) FILTER (WHERE r.rn = 1) AS "end", (array_agg(r.cursor ORDER BY r.rn DESC) FILTER (WHERE r.rn <= $4::INTEGER))[1] AS start
FROM (SELECT (SELECT row_to_json("the row") AS row_to_json_6
FROM (SELECT translate(encode(convert_to(CAST(json_build_array('orders -placed_at', to_char(timezone($5::VARCHAR, orders_1.placed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), CAST(orders_1.order_id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_') AS cursor, (SELECT row_to_json("the row") AS row_to_json_7
FROM (SELECT orders_1.number AS number, to_char(timezone($6::VARCHAR, orders_1.placed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "placedAt") AS "the row") AS node) AS "the row") AS i0, translate(encode(convert_to(CAST(json_build_array('orders -placed_at', to_char(timezone($5::VARCHAR, orders_1.placed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), CAST(orders_1.order_id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_') AS cursor, row_number() OVER (ORDER BY orders_1.placed_at ASC, orders_1.order_id ASC) AS rn
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id ORDER BY orders_1.placed_at ASC, orders_1.order_id ASC
 LIMIT $4::INTEGER + 1) AS r) AS a) AS f) AS "the row") AS orders) AS "the row") AS i0, translate(encode(convert_to(CAST(json_build_array('customers +created_at', to_char(timezone($7::VARCHAR, customers_1.created_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), CAST(customers_1.customer_id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_') AS cursor, row_number() OVER (ORDER BY customers_1.created_at DESC, customers_1.customer_id DESC) AS rn
FROM customers AS customers_1
WHERE (SELECT count(*) AS count_1
FROM orders AS orders_2
WHERE orders_2.customer_id = customers_1.customer_id) > $8::INTEGER ORDER BY customers_1.created_at DESC, customers_1.customer_id DESC
 LIMIT $1::INTEGER + 1) AS r) AS a) AS f) AS "the row") AS TEXT) AS c0;
