SELECT p.ord, r.c0, r.c1, r.c2, r.c3, r.c4, r.c5, r.c6, r.c7, r.c8, r.c9, r.c10, r.c11, r.c12, r.c13, r.c14, r.c15, r.c16, r.c17, r.rn
FROM (SELECT 1 AS ord) AS p JOIN LATERAL (SELECT coalesce(nullif(trim(concat_ws(' ', customers_1.first_name, customers_1.last_name)), ''), (SELECT companies_1.name
FROM companies AS companies_1
WHERE companies_1.company_id = customers_1.company_id), customers_1.email, 'Customer ' || (SELECT customer_external_ids_1.value
FROM customer_external_ids AS customer_external_ids_1
WHERE customer_external_ids_1.customer_id = customers_1.customer_id AND customer_external_ids_1.superseded_at IS NULL ORDER BY customer_external_ids_1.source, customer_external_ids_1.value
 LIMIT 1), 'Customer ' || right('cus_' || encode(uuid_send(customers_1.customer_id), 'hex'), 8)) AS c0, anon_1.order_count AS c1, anon_1.gross AS c2, anon_1.discounts AS c3, anon_1.first_at AS c4, anon_1.last_at AS c5, anon_1.refunds AS c6, anon_1.currency AS c7, (SELECT business.currency
FROM business) AS c8, anon_1.order_count AS c9, anon_1.gross AS c10, anon_1.discounts AS c11, anon_1.first_at AS c12, anon_1.last_at AS c13, anon_1.refunds AS c14, anon_1.currency AS c15, CASE WHEN (row_number() OVER (ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC) <= 3) THEN ('{"nodes":[' || (coalesce((SELECT string_agg(anon_2.item, ',') AS string_agg_1
FROM (SELECT ('{"number":' || (CAST(to_json(orders_1.number) AS TEXT) || '}')) AS item
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id ORDER BY orders_1.placed_at DESC, orders_1.order_id DESC
 LIMIT 1) AS anon_2), '') || ']}')) END AS c16, 3 AS c17, row_number() OVER (ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC) AS rn
FROM customers AS customers_1 JOIN LATERAL (SELECT anon_3.order_count AS order_count, anon_3.gross AS gross, anon_3.discounts AS discounts, anon_3.first_at AS first_at, anon_3.last_at AS last_at, (SELECT coalesce(sum(refunds_1.business_amount), 0) AS coalesce_1
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = customers_1.customer_id) AS refunds, (SELECT business.currency
FROM business) AS currency
FROM (SELECT count(*) AS order_count, coalesce(sum(orders_2.business_gross), 0) AS gross, coalesce(sum(orders_2.business_discount), 0) AS discounts, min(orders_2.placed_at) AS first_at, max(orders_2.placed_at) AS last_at
FROM orders AS orders_2
WHERE orders_2.customer_id = customers_1.customer_id) AS anon_3) AS anon_1 ON true ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC
 LIMIT 3 + 1) AS r ON true ORDER BY p.ord, r.rn;
