SELECT p.ord, r.c0, r.c1, r.c2, r.rn
FROM (SELECT 1 AS ord) AS p JOIN LATERAL (SELECT orders_1.number AS c0, orders_1.customer_id AS c1, 3 AS c2, row_number() OVER (ORDER BY orders_1.placed_at DESC, orders_1.order_id DESC) AS rn
FROM orders AS orders_1 ORDER BY orders_1.placed_at DESC, orders_1.order_id DESC
 LIMIT 3 + 1) AS r ON true ORDER BY p.ord, r.rn;

SELECT p.k0, p.ord, r.c0, r.c1, r.c2, r.c3, r.c4, r.c5, r.c6, r.c7
FROM unnest((SELECT CAST($1::UUID[] AS UUID[]) AS anon_1)) WITH ORDINALITY AS p(k0, ord) JOIN LATERAL (SELECT coalesce(nullif(trim(concat_ws(' ', customers_1.first_name, customers_1.last_name)), ''), (SELECT companies_1.name
FROM companies AS companies_1
WHERE companies_1.company_id = customers_1.company_id), customers_1.email, 'Customer ' || (SELECT customer_external_ids_1.value
FROM customer_external_ids AS customer_external_ids_1
WHERE customer_external_ids_1.customer_id = customers_1.customer_id AND customer_external_ids_1.superseded_at IS NULL ORDER BY customer_external_ids_1.source, customer_external_ids_1.value
 LIMIT 1), 'Customer ' || right('cus_' || encode(uuid_send(customers_1.customer_id), 'hex'), 8)) AS c0, anon_2.order_count AS c1, anon_2.gross AS c2, anon_2.discounts AS c3, anon_2.first_at AS c4, anon_2.last_at AS c5, anon_2.refunds AS c6, anon_2.currency AS c7
FROM customers AS customers_1 JOIN LATERAL (SELECT anon_3.order_count AS order_count, anon_3.gross AS gross, anon_3.discounts AS discounts, anon_3.first_at AS first_at, anon_3.last_at AS last_at, (SELECT coalesce(sum(refunds_1.business_amount), 0) AS coalesce_1
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = customers_1.customer_id AND refunds_1.refunded_at >= $2::TIMESTAMP WITH TIME ZONE) AS refunds, (SELECT business.currency
FROM business) AS currency
FROM (SELECT count(*) AS order_count, coalesce(sum(orders_1.business_gross), 0) AS gross, coalesce(sum(orders_1.business_discount), 0) AS discounts, min(orders_1.placed_at) AS first_at, max(orders_1.placed_at) AS last_at
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id AND orders_1.placed_at >= $2::TIMESTAMP WITH TIME ZONE) AS anon_3) AS anon_2 ON true
WHERE customers_1.customer_id = p.k0) AS r ON true ORDER BY p.ord;
