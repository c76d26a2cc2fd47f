SELECT to_char(timezone($1::VARCHAR, $2::TIMESTAMP WITH TIME ZONE), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS c0, coalesce(nullif(trim(concat_ws($3::VARCHAR, customers_1.first_name, customers_1.last_name)), ''), (SELECT companies_1.name
FROM companies AS companies_1
WHERE companies_1.company_id = customers_1.company_id AND companies_1.recorded_at <= $4::TIMESTAMP WITH TIME ZONE), customers_1.email, 'Customer ' || (SELECT customer_external_ids_1.value
FROM customer_external_ids AS customer_external_ids_1
WHERE customer_external_ids_1.customer_id = customers_1.customer_id AND customer_external_ids_1.recorded_at <= $4::TIMESTAMP WITH TIME ZONE AND (customer_external_ids_1.superseded_at IS NULL OR customer_external_ids_1.superseded_at > $4::TIMESTAMP WITH TIME ZONE) ORDER BY customer_external_ids_1.source, customer_external_ids_1.value
 LIMIT $5::INTEGER), 'Customer ' || right(replace(CAST(customers_1.customer_id AS TEXT), $6::VARCHAR, $7::VARCHAR), $8::INTEGER)) AS c1, CAST((SELECT row_to_json("the row") AS row_to_json_1
FROM (SELECT f.i0 AS nodes, (SELECT row_to_json("the row") AS row_to_json_2
FROM (SELECT least(f.total, 10000) AS count) AS "the row") AS "totalCount"
FROM (SELECT a.i0 AS i0, a.more AS more, a.start AS start, a."end" AS "end", (SELECT count(*) AS count_1
FROM (SELECT 1
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id AND orders_1.placed_at <= $9::TIMESTAMP WITH TIME ZONE AND orders_1.recorded_at <= $4::TIMESTAMP WITH TIME ZONE
 LIMIT $10::INTEGER) AS anon_1) AS total
FROM (SELECT coalesce(json_agg(r.i0 ORDER BY r.rn ASC) FILTER (WHERE r.rn <= $11::INTEGER), '[]'::json) AS i0, count(*) > $11::INTEGER AS more, max(r.cursor) FILTER (WHERE r.rn = 1) AS start, (array_agg(r.cursor ORDER BY r.rn DESC) FILTER (WHERE r.rn <= $11::INTEGER))[1] AS "end"
FROM (SELECT (SELECT row_to_json("the row") AS row_to_json_3
FROM (SELECT orders_2.number AS number, to_char(timezone($12::VARCHAR, orders_2.placed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "placedAt", to_char(timezone($13::VARCHAR, orders_2.recorded_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "recordedAt", CASE WHEN ((SELECT coalesce(sum(refunds_1.amount), 0) AS coalesce_1
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = orders_2.customer_id AND refunds_1.order_id = orders_2.order_id AND refunds_1.refunded_at <= $9::TIMESTAMP WITH TIME ZONE AND refunds_1.recorded_at <= $4::TIMESTAMP WITH TIME ZONE) = 0) THEN 'COMPLETED' WHEN ((SELECT coalesce(sum(refunds_2.amount), 0) AS coalesce_2
FROM refunds AS refunds_2
WHERE refunds_2.customer_id = orders_2.customer_id AND refunds_2.order_id = orders_2.order_id AND refunds_2.refunded_at <= $9::TIMESTAMP WITH TIME ZONE AND refunds_2.recorded_at <= $4::TIMESTAMP WITH TIME ZONE) < orders_2.gross - orders_2.discount) THEN 'PARTIALLY_REFUNDED' ELSE 'REFUNDED' END AS status, (SELECT row_to_json("the row") AS row_to_json_4
FROM (SELECT CAST(round((orders_2.gross - orders_2.discount) - (SELECT coalesce(sum(refunds_3.amount), 0) AS coalesce_3
FROM refunds AS refunds_3
WHERE refunds_3.customer_id = orders_2.customer_id AND refunds_3.order_id = orders_2.order_id AND refunds_3.refunded_at <= $9::TIMESTAMP WITH TIME ZONE AND refunds_3.recorded_at <= $4::TIMESTAMP WITH TIME ZONE), CASE WHEN (orders_2.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN (orders_2.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN (orders_2.currency IN ('CLF', 'UYW')) THEN 4 ELSE 2 END) AS TEXT) AS amount) AS "the row") AS net, (SELECT coalesce(json_agg("the row"), '[]'::json) AS coalesce_4
FROM (SELECT to_char(timezone($14::VARCHAR, refunds_4.refunded_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "refundedAt"
FROM refunds AS refunds_4
WHERE refunds_4.customer_id = orders_2.customer_id AND refunds_4.order_id = orders_2.order_id AND refunds_4.refunded_at <= $9::TIMESTAMP WITH TIME ZONE AND refunds_4.recorded_at <= $4::TIMESTAMP WITH TIME ZONE ORDER BY refunds_4.refunded_at ASC, refunds_4.refund_id ASC) AS "the row") AS refunds) AS "the row") AS i0, translate(encode(convert_to(CAST(json_build_array('orders -placed_at', to_char(timezone($15::VARCHAR, orders_2.placed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), CAST(orders_2.order_id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_') AS cursor, row_number() OVER (ORDER BY orders_2.placed_at DESC, orders_2.order_id DESC) AS rn
FROM orders AS orders_2
WHERE orders_2.customer_id = customers_1.customer_id AND orders_2.placed_at <= $9::TIMESTAMP WITH TIME ZONE AND orders_2.recorded_at <= $4::TIMESTAMP WITH TIME ZONE ORDER BY orders_2.placed_at DESC, orders_2.order_id DESC
 LIMIT $11::INTEGER + 1) AS r) AS a) AS f) AS "the row") AS TEXT) AS c2, anon_2.order_count AS c3, anon_2.gross AS c4, anon_2.discounts AS c5, anon_2.first_at AS c6, anon_2.last_at AS c7, anon_2.refunds AS c8, anon_2.currency AS c9
FROM customers AS customers_1 JOIN LATERAL (SELECT anon_3.order_count AS order_count, anon_3.gross AS gross, anon_3.discounts AS discounts, anon_3.first_at AS first_at, anon_3.last_at AS last_at, (SELECT coalesce(sum(refunds_5.business_amount), 0) AS coalesce_5
FROM refunds AS refunds_5
WHERE refunds_5.customer_id = customers_1.customer_id AND refunds_5.refunded_at <= $9::TIMESTAMP WITH TIME ZONE AND refunds_5.recorded_at <= $4::TIMESTAMP WITH TIME ZONE) AS refunds, (SELECT business.currency
FROM business) AS currency
FROM (SELECT count(*) AS order_count, coalesce(sum(orders_3.business_gross), 0) AS gross, coalesce(sum(orders_3.business_discount), 0) AS discounts, min(orders_3.placed_at) AS first_at, max(orders_3.placed_at) AS last_at
FROM orders AS orders_3
WHERE orders_3.customer_id = customers_1.customer_id AND orders_3.placed_at <= $9::TIMESTAMP WITH TIME ZONE AND orders_3.recorded_at <= $4::TIMESTAMP WITH TIME ZONE) AS anon_3) AS anon_2 ON true
WHERE lower(customers_1.email) = lower($16::VARCHAR) AND customers_1.merged_into IS NULL AND (customers_1.created_at <= $9::TIMESTAMP WITH TIME ZONE OR (EXISTS (SELECT 1
FROM orders AS orders_4
WHERE orders_4.customer_id = customers_1.customer_id AND orders_4.placed_at <= $9::TIMESTAMP WITH TIME ZONE AND orders_4.recorded_at <= $4::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM refunds AS refunds_6
WHERE refunds_6.customer_id = customers_1.customer_id AND refunds_6.refunded_at <= $9::TIMESTAMP WITH TIME ZONE AND refunds_6.recorded_at <= $4::TIMESTAMP WITH TIME ZONE))) AND customers_1.recorded_at <= $4::TIMESTAMP WITH TIME ZONE ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC
 LIMIT 1;
