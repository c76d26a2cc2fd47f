SELECT CAST((SELECT row_to_json("the row") AS row_to_json_1
FROM (SELECT f.i0 AS nodes, (SELECT row_to_json("the row") AS row_to_json_2
FROM (SELECT least(f.total, 10000) AS count) AS "the row") AS "totalCount"
FROM (SELECT a.i0 AS i0, a.more AS more, a.start AS start, a."end" AS "end", (SELECT count(*) AS count_1
FROM (SELECT 1
FROM customers AS customers_1
WHERE ((SELECT count(*) AS count_2
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id) >= $1::INTEGER OR NOT coalesce(customers_1.country = ANY ($2::TEXT[]), false)) AND customers_1.kind = ANY ($3::TEXT[]) AND customers_1.search_text LIKE lower($4::VARCHAR) AND customers_1.search_text LIKE ALL (string_to_array(lower($5::VARCHAR), ' '))
 LIMIT $6::INTEGER) AS anon_1) AS total
FROM (SELECT coalesce(json_agg(r.i0 ORDER BY r.rn ASC) FILTER (WHERE r.rn <= $7::INTEGER), '[]'::json) AS i0, count(*) > $7::INTEGER AS more, max(r.cursor) FILTER (WHERE r.rn = 1) AS start, (array_agg(r.cursor ORDER BY r.rn DESC) FILTER (WHERE r.rn <= $7::INTEGER))[1] AS "end"
FROM (SELECT (SELECT row_to_json("the row") AS row_to_json_3
FROM (SELECT coalesce(nullif(trim(concat_ws($8::VARCHAR, customers_2.first_name, customers_2.last_name)), ''), (SELECT companies_1.name
FROM companies AS companies_1
WHERE companies_1.company_id = customers_2.company_id), customers_2.email, 'Customer ' || (SELECT customer_external_ids_1.value
FROM customer_external_ids AS customer_external_ids_1
WHERE customer_external_ids_1.customer_id = customers_2.customer_id AND customer_external_ids_1.superseded_at IS NULL ORDER BY customer_external_ids_1.source, customer_external_ids_1.value
 LIMIT $9::INTEGER), 'Customer ' || right(replace(CAST(customers_2.customer_id AS TEXT), $10::VARCHAR, $11::VARCHAR), $12::INTEGER)) AS "displayName", customers_2.email AS email, customers_2.kind AS kind, customers_2.country AS country, customers_2.tags AS tags) AS "the row") AS i0, translate(encode(convert_to(CAST(json_build_array('customers -last_purchase_at', to_char(timezone($13::VARCHAR, (SELECT max(orders_2.placed_at) AS max_1
FROM orders AS orders_2
WHERE orders_2.customer_id = customers_2.customer_id)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), CAST(customers_2.customer_id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_') AS cursor, row_number() OVER (ORDER BY (SELECT max(orders_2.placed_at) AS max_1
FROM orders AS orders_2
WHERE orders_2.customer_id = customers_2.customer_id) DESC NULLS LAST, customers_2.customer_id DESC) AS rn
FROM customers AS customers_2
WHERE ((SELECT count(*) AS count_3
FROM orders AS orders_3
WHERE orders_3.customer_id = customers_2.customer_id) >= $14::INTEGER OR NOT coalesce(customers_2.country = ANY ($15::TEXT[]), false)) AND customers_2.kind = ANY ($16::TEXT[]) AND customers_2.search_text LIKE lower($17::VARCHAR) AND customers_2.search_text LIKE ALL (string_to_array(lower($18::VARCHAR), ' ')) ORDER BY (SELECT max(orders_2.placed_at) AS max_1
FROM orders AS orders_2
WHERE orders_2.customer_id = customers_2.customer_id) DESC NULLS LAST, customers_2.customer_id DESC
 LIMIT $7::INTEGER + 1) AS r) AS a) AS f) AS "the row") AS TEXT) AS c0;
