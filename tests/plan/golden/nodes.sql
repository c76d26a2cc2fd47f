SELECT 0 AS part, ord, c0 FROM (SELECT p.k0, p.ord, r.c0
FROM unnest(CAST($1::UUID[] AS UUID[])) WITH ORDINALITY AS p(k0, ord) JOIN LATERAL (SELECT CAST((SELECT row_to_json("the row") AS row_to_json_1
FROM (SELECT 'Customer' AS __typename, 'cus_' || replace(CAST(customers_1.customer_id AS TEXT), $2::VARCHAR, $3::VARCHAR) AS id, coalesce(nullif(trim(concat_ws($4::VARCHAR, customers_1.first_name, customers_1.last_name)), ''), (SELECT companies_1.name
FROM companies AS companies_1
WHERE companies_1.company_id = customers_1.company_id), customers_1.email, 'Customer ' || (SELECT customer_external_ids_1.value
FROM customer_external_ids AS customer_external_ids_1
WHERE customer_external_ids_1.customer_id = customers_1.customer_id AND customer_external_ids_1.superseded_at IS NULL ORDER BY customer_external_ids_1.source, customer_external_ids_1.value
 LIMIT $5::INTEGER), 'Customer ' || right(replace(CAST(customers_1.customer_id AS TEXT), $6::VARCHAR, $7::VARCHAR), $8::INTEGER)) AS "displayName", (SELECT coalesce(json_agg("the row"), '[]'::json) AS coalesce_1
FROM (SELECT customer_external_ids_2.source AS source, customer_external_ids_2.value AS value
FROM customer_external_ids AS customer_external_ids_2
WHERE customer_external_ids_2.customer_id = customers_1.customer_id AND customer_external_ids_2.superseded_at IS NULL ORDER BY customer_external_ids_2.source ASC, customer_external_ids_2.value ASC) AS "the row") AS "externalIds") AS "the row") AS TEXT) AS c0
FROM customers AS customers_1
WHERE customers_1.customer_id = p.k0) AS r ON true ORDER BY p.ord) AS part_0 UNION ALL SELECT 1 AS part, ord, c0 FROM (SELECT p.k0, p.ord, r.c0
FROM unnest(CAST($9::UUID[] AS UUID[])) WITH ORDINALITY AS p(k0, ord) JOIN LATERAL (SELECT CAST((SELECT row_to_json("the row") AS row_to_json_1
FROM (SELECT 'Order' AS __typename, 'ord_' || replace(CAST(orders_1.order_id AS TEXT), $10::VARCHAR, $11::VARCHAR) AS id, orders_1.number AS number, CASE WHEN ((SELECT coalesce(sum(refunds_1.amount), 0) AS coalesce_1
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = orders_1.customer_id AND refunds_1.order_id = orders_1.order_id) = 0) THEN 'COMPLETED' WHEN ((SELECT coalesce(sum(refunds_2.amount), 0) AS coalesce_2
FROM refunds AS refunds_2
WHERE refunds_2.customer_id = orders_1.customer_id AND refunds_2.order_id = orders_1.order_id) < orders_1.gross - orders_1.discount) THEN 'PARTIALLY_REFUNDED' ELSE 'REFUNDED' END AS status, (SELECT coalesce(json_agg("the row"), '[]'::json) AS coalesce_3
FROM (SELECT refunds_3.reason AS reason, (SELECT row_to_json("the row") AS row_to_json_2
FROM (SELECT CAST(round(refunds_3.amount, CASE WHEN (refunds_3.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN (refunds_3.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN (refunds_3.currency IN ('CLF', 'UYW')) THEN 4 ELSE 2 END) AS TEXT) AS amount) AS "the row") AS amount
FROM refunds AS refunds_3
WHERE refunds_3.customer_id = orders_1.customer_id AND refunds_3.order_id = orders_1.order_id ORDER BY refunds_3.refunded_at ASC, refunds_3.refund_id ASC) AS "the row") AS refunds) AS "the row") AS TEXT) AS c0
FROM orders AS orders_1
WHERE orders_1.order_id = p.k0) AS r ON true ORDER BY p.ord) AS part_1 UNION ALL SELECT 2 AS part, ord, c0 FROM (SELECT p.k0, p.ord, r.c0
FROM unnest(CAST($12::UUID[] AS UUID[])) WITH ORDINALITY AS p(k0, ord) JOIN LATERAL (SELECT CAST((SELECT row_to_json("the row") AS row_to_json_1
FROM (SELECT 'Company' AS __typename, 'com_' || replace(CAST(companies_1.company_id AS TEXT), $13::VARCHAR, $14::VARCHAR) AS id, companies_1.name AS name, (SELECT row_to_json("the row") AS row_to_json_2
FROM (SELECT companies_2.name AS name
FROM companies AS companies_2
WHERE companies_2.company_id = companies_1.parent_id) AS "the row") AS parent) AS "the row") AS TEXT) AS c0
FROM companies AS companies_1
WHERE companies_1.company_id = p.k0) AS r ON true ORDER BY p.ord) AS part_2 ORDER BY part, ord;
