SELECT ('{"nodes":[' || (coalesce((SELECT string_agg(anon_1.item, ',') AS string_agg_1
FROM (SELECT (('{"number":' || CAST(to_json(orders_1.number) AS TEXT)) || (',"customer":' || (coalesce((SELECT (('{"displayName":' || coalesce(CAST(to_json(coalesce(nullif(trim(concat_ws(' ', customers_1.first_name, customers_1.last_name)), ''), (SELECT companies_1.name
FROM companies AS companies_1
WHERE companies_1.company_id = customers_1.company_id), customers_1.email, 'Customer ' || (SELECT customer_external_ids_1.value
FROM customer_external_ids AS customer_external_ids_1
WHERE customer_external_ids_1.customer_id = customers_1.customer_id AND customer_external_ids_1.superseded_at IS NULL ORDER BY customer_external_ids_1.source, customer_external_ids_1.value
 LIMIT 1), 'Customer ' || right('cus_' || encode(uuid_send(customers_1.customer_id), 'hex'), 8))) AS TEXT), 'null')) || (',"purchaseSummary":' || (coalesce((SELECT ('{"orderCount":' || (coalesce(CAST(anon_2.order_count AS TEXT), 'null') || '}')) AS item
FROM LATERAL (SELECT anon_3.order_count AS order_count, anon_3.gross AS gross, anon_3.discounts AS discounts, anon_3.first_at AS first_at, anon_3.last_at AS last_at, anon_3.refunds AS refunds, anon_3.currency AS currency, (anon_3.gross - anon_3.discounts) - anon_3.refunds AS net, round((anon_3.gross - anon_3.discounts) - anon_3.refunds, 40) / CAST(nullif(anon_3.order_count, 0) AS NUMERIC) AS average
FROM (SELECT count(*) AS order_count, coalesce(sum(orders_2.business_gross), 0) AS gross, coalesce(sum(orders_2.business_discount), 0) AS discounts, min(orders_2.placed_at) AS first_at, max(orders_2.placed_at) AS last_at, (SELECT coalesce(sum(refunds_1.business_amount), 0) AS coalesce_1
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = customers_1.customer_id AND refunds_1.refunded_at >= $1::TIMESTAMP WITH TIME ZONE) AS refunds, (SELECT business.currency
FROM business) AS currency
FROM orders AS orders_2
WHERE orders_2.customer_id = customers_1.customer_id AND orders_2.placed_at >= $1::TIMESTAMP WITH TIME ZONE) AS anon_3) AS anon_2), 'null') || '}'))) AS item
FROM customers AS customers_1
WHERE customers_1.customer_id = orders_1.customer_id), 'null') || '}'))) AS item
FROM orders AS orders_1 ORDER BY orders_1.placed_at DESC, orders_1.order_id DESC
 LIMIT 3) AS anon_1), '') || ']}')) AS c0;
