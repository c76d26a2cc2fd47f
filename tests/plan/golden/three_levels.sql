SELECT CAST((SELECT row_to_json("the row") AS row_to_json_1
FROM (SELECT (SELECT coalesce(json_agg("the row"), '[]'::json) AS coalesce_1
FROM (SELECT coalesce(nullif(trim(concat_ws($1::VARCHAR, customers_1.first_name, customers_1.last_name)), ''), (SELECT companies_1.name
FROM companies AS companies_1
WHERE companies_1.company_id = customers_1.company_id), customers_1.email, 'Customer ' || (SELECT customer_external_ids_1.value
FROM customer_external_ids AS customer_external_ids_1
WHERE customer_external_ids_1.customer_id = customers_1.customer_id AND customer_external_ids_1.superseded_at IS NULL ORDER BY customer_external_ids_1.source, customer_external_ids_1.value
 LIMIT $2::INTEGER), 'Customer ' || right(replace(CAST(customers_1.customer_id AS TEXT), $3::VARCHAR, $4::VARCHAR), $5::INTEGER)) AS "displayName", (SELECT row_to_json("the row") AS row_to_json_2
FROM (SELECT companies_2.name AS name, (SELECT row_to_json("the row") AS row_to_json_3
FROM (SELECT companies_3.name AS name
FROM companies AS companies_3
WHERE companies_3.company_id = companies_2.parent_id) AS "the row") AS parent
FROM companies AS companies_2
WHERE companies_2.company_id = customers_1.company_id) AS "the row") AS company, (SELECT row_to_json("the row") AS row_to_json_4
FROM (SELECT (SELECT coalesce(json_agg("the row"), '[]'::json) AS coalesce_2
FROM (SELECT orders_1.number AS number, to_char(timezone($6::VARCHAR, orders_1.placed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "placedAt", (SELECT row_to_json("the row") AS row_to_json_5
FROM (SELECT CAST(round(orders_1.gross - orders_1.discount, CASE WHEN (orders_1.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN (orders_1.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN (orders_1.currency IN ('CLF', 'UYW')) THEN 4 ELSE 2 END) AS TEXT) AS amount, orders_1.currency AS "currencyCode") AS "the row") AS total, (SELECT row_to_json("the row") AS row_to_json_6
FROM (SELECT (SELECT coalesce(json_agg("the row"), '[]'::json) AS coalesce_3
FROM (SELECT order_lines_1.sku AS sku, order_lines_1.quantity AS quantity, (SELECT row_to_json("the row") AS row_to_json_7
FROM (SELECT CAST(round(order_lines_1.unit_price, CASE WHEN (order_lines_1.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN (order_lines_1.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN (order_lines_1.currency IN ('CLF', 'UYW')) THEN 4 ELSE 2 END) AS TEXT) AS amount) AS "the row") AS "unitPrice"
FROM order_lines AS order_lines_1
WHERE order_lines_1.customer_id = orders_1.customer_id AND order_lines_1.order_id = orders_1.order_id ORDER BY order_lines_1.position ASC
 LIMIT $7::INTEGER) AS "the row") AS nodes) AS "the row") AS lines
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id ORDER BY orders_1.placed_at DESC, orders_1.order_id DESC
 LIMIT $8::INTEGER) AS "the row") AS nodes) AS "the row") AS orders
FROM customers AS customers_1 ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC
 LIMIT $9::INTEGER) AS "the row") AS nodes) AS "the row") AS TEXT) AS c0;
