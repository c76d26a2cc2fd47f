SELECT ((('{"asOf":' || coalesce(('"' || (to_char(timezone('UTC', $1::TIMESTAMP WITH TIME ZONE), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"displayName":' || coalesce(CAST(to_json(coalesce(nullif(trim(concat_ws(' ', customers_1.first_name, customers_1.last_name)), ''), (SELECT companies_1.name
FROM companies AS companies_1
WHERE companies_1.company_id = customers_1.company_id AND companies_1.recorded_at <= $2::TIMESTAMP WITH TIME ZONE), customers_1.email, 'Customer ' || (SELECT customer_external_ids_1.value
FROM customer_external_ids AS customer_external_ids_1
WHERE customer_external_ids_1.customer_id = customers_1.customer_id AND customer_external_ids_1.recorded_at <= $2::TIMESTAMP WITH TIME ZONE AND (customer_external_ids_1.superseded_at IS NULL OR customer_external_ids_1.superseded_at > $2::TIMESTAMP WITH TIME ZONE) ORDER BY customer_external_ids_1.source, customer_external_ids_1.value
 LIMIT 1), 'Customer ' || right('cus_' || encode(uuid_send(customers_1.customer_id), 'hex'), 8))) AS TEXT), 'null'))) || ((',"orders":' || coalesce((SELECT (('{"nodes":[' || coalesce(f.i0, '')) || ('],"totalCount":{"count":' || (coalesce(CAST(to_json(least(f.total, 10000)) AS TEXT), 'null') || '}}'))) AS anon_1
FROM (SELECT a.i0 AS i0, a.more AS more, (SELECT count(*) AS count_1
FROM (SELECT 1
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id AND orders_1.placed_at <= $3::TIMESTAMP WITH TIME ZONE AND orders_1.recorded_at <= $2::TIMESTAMP WITH TIME ZONE
 LIMIT $4::INTEGER) AS anon_2) AS total
FROM (SELECT string_agg(r.i0, ',' ORDER BY r.rn ASC) FILTER (WHERE r.rn <= 20) AS i0, count(*) > 20 AS more
FROM (SELECT CASE WHEN (row_number() OVER (ORDER BY orders_2.placed_at DESC, orders_2.order_id DESC) <= 20) THEN ((('{"number":' || (CAST(to_json(orders_2.number) AS TEXT) || ',"placedAt":"')) || (to_char(timezone('UTC', orders_2.placed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || ('","recordedAt":"' || to_char(timezone('UTC', orders_2.recorded_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))) || (('","status":' || (coalesce(CAST(to_json(CASE WHEN ((SELECT coalesce(sum(refunds_1.amount), 0) AS coalesce_1
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = orders_2.customer_id AND refunds_1.order_id = orders_2.order_id AND refunds_1.refunded_at <= $3::TIMESTAMP WITH TIME ZONE AND refunds_1.recorded_at <= $2::TIMESTAMP WITH TIME ZONE) = 0) THEN 'COMPLETED' WHEN ((SELECT coalesce(sum(refunds_2.amount), 0) AS coalesce_2
FROM refunds AS refunds_2
WHERE refunds_2.customer_id = orders_2.customer_id AND refunds_2.order_id = orders_2.order_id AND refunds_2.refunded_at <= $3::TIMESTAMP WITH TIME ZONE AND refunds_2.recorded_at <= $2::TIMESTAMP WITH TIME ZONE) < orders_2.gross - orders_2.discount) THEN 'PARTIALLY_REFUNDED' ELSE 'REFUNDED' END) AS TEXT), 'null') || ',"net":{"amount":')) || ((coalesce(('"' || (CAST(round((orders_2.gross - orders_2.discount) - (SELECT coalesce(sum(refunds_3.amount), 0) AS coalesce_3
FROM refunds AS refunds_3
WHERE refunds_3.customer_id = orders_2.customer_id AND refunds_3.order_id = orders_2.order_id AND refunds_3.refunded_at <= $3::TIMESTAMP WITH TIME ZONE AND refunds_3.recorded_at <= $2::TIMESTAMP WITH TIME ZONE), CASE WHEN (orders_2.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW')) THEN CASE WHEN (orders_2.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN (orders_2.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN (orders_2.currency IN ('CLF', 'UYW')) THEN 4 END ELSE 2 END) AS TEXT) || '"')), 'null') || '},"refunds":{"nodes":[') || (coalesce((SELECT string_agg(anon_3.item, ',') AS string_agg_1
FROM (SELECT ('{"refundedAt":"' || (to_char(timezone('UTC', refunds_4.refunded_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"}')) AS item
FROM refunds AS refunds_4
WHERE refunds_4.customer_id = orders_2.customer_id AND refunds_4.order_id = orders_2.order_id AND refunds_4.refunded_at <= $3::TIMESTAMP WITH TIME ZONE AND refunds_4.recorded_at <= $2::TIMESTAMP WITH TIME ZONE ORDER BY refunds_4.refunded_at ASC, refunds_4.refund_id ASC
 LIMIT 20) AS anon_3), '') || ']}}')))) END AS i0, row_number() OVER (ORDER BY orders_2.placed_at DESC, orders_2.order_id DESC) AS rn
FROM orders AS orders_2
WHERE orders_2.customer_id = customers_1.customer_id AND orders_2.placed_at <= $3::TIMESTAMP WITH TIME ZONE AND orders_2.recorded_at <= $2::TIMESTAMP WITH TIME ZONE ORDER BY orders_2.placed_at DESC, orders_2.order_id DESC
 LIMIT 20 + 1) AS r) AS a) AS f), 'null')) || (',"purchaseSummary":' || (coalesce((SELECT (('{"orderCount":' || (coalesce(CAST(anon_4.order_count AS TEXT), 'null') || ',"lastPurchaseAt":')) || ((coalesce(('"' || (to_char(timezone('UTC', anon_4.last_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || ',"refunds":{"amount":') || (coalesce(('"' || (CAST(round(anon_4.refunds, CASE WHEN (anon_4.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW')) THEN CASE WHEN (anon_4.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN (anon_4.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN (anon_4.currency IN ('CLF', 'UYW')) THEN 4 END ELSE 2 END) AS TEXT) || '"')), 'null') || '}}'))) AS item
FROM LATERAL (SELECT anon_5.order_count AS order_count, anon_5.gross AS gross, anon_5.discounts AS discounts, anon_5.first_at AS first_at, anon_5.last_at AS last_at, anon_5.refunds AS refunds, anon_5.currency AS currency, (anon_5.gross - anon_5.discounts) - anon_5.refunds AS net, round((anon_5.gross - anon_5.discounts) - anon_5.refunds, 40) / CAST(nullif(anon_5.order_count, 0) AS NUMERIC) AS average
FROM (SELECT count(*) AS order_count, coalesce(sum(orders_3.business_gross), 0) AS gross, coalesce(sum(orders_3.business_discount), 0) AS discounts, min(orders_3.placed_at) AS first_at, max(orders_3.placed_at) AS last_at, (SELECT coalesce(sum(refunds_5.business_amount), 0) AS coalesce_4
FROM refunds AS refunds_5
WHERE refunds_5.customer_id = customers_1.customer_id AND refunds_5.refunded_at <= $3::TIMESTAMP WITH TIME ZONE AND refunds_5.recorded_at <= $2::TIMESTAMP WITH TIME ZONE) AS refunds, (SELECT business.currency
FROM business) AS currency
FROM orders AS orders_3
WHERE orders_3.customer_id = customers_1.customer_id AND orders_3.placed_at <= $3::TIMESTAMP WITH TIME ZONE AND orders_3.recorded_at <= $2::TIMESTAMP WITH TIME ZONE) AS anon_5) AS anon_4), 'null') || '}')))) AS c0
FROM customers AS customers_1
WHERE lower(customers_1.email) = lower($5::VARCHAR) AND customers_1.merged_into IS NULL AND (customers_1.created_at <= $3::TIMESTAMP WITH TIME ZONE OR (EXISTS (SELECT 1
FROM orders AS orders_4
WHERE orders_4.customer_id = customers_1.customer_id AND orders_4.placed_at <= $3::TIMESTAMP WITH TIME ZONE AND orders_4.recorded_at <= $2::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM refunds AS refunds_6
WHERE refunds_6.customer_id = customers_1.customer_id AND refunds_6.refunded_at <= $3::TIMESTAMP WITH TIME ZONE AND refunds_6.recorded_at <= $2::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM contracts AS contracts_1
WHERE contracts_1.customer_id = customers_1.customer_id AND contracts_1.changed_at <= $3::TIMESTAMP WITH TIME ZONE AND contracts_1.recorded_at <= $2::TIMESTAMP WITH TIME ZONE AND (contracts_1.superseded_at IS NULL OR contracts_1.superseded_at > $2::TIMESTAMP WITH TIME ZONE OR contracts_1.replaced_at > $3::TIMESTAMP WITH TIME ZONE))) OR (EXISTS (SELECT 1
FROM subscriptions AS subscriptions_1
WHERE subscriptions_1.customer_id = customers_1.customer_id AND subscriptions_1.changed_at <= $3::TIMESTAMP WITH TIME ZONE AND subscriptions_1.recorded_at <= $2::TIMESTAMP WITH TIME ZONE AND (subscriptions_1.superseded_at IS NULL OR subscriptions_1.superseded_at > $2::TIMESTAMP WITH TIME ZONE OR subscriptions_1.replaced_at > $3::TIMESTAMP WITH TIME ZONE))) OR (EXISTS (SELECT 1
FROM support_plans AS support_plans_1
WHERE support_plans_1.customer_id = customers_1.customer_id AND support_plans_1.changed_at <= $3::TIMESTAMP WITH TIME ZONE AND support_plans_1.recorded_at <= $2::TIMESTAMP WITH TIME ZONE AND (support_plans_1.superseded_at IS NULL OR support_plans_1.superseded_at > $2::TIMESTAMP WITH TIME ZONE OR support_plans_1.replaced_at > $3::TIMESTAMP WITH TIME ZONE))) OR (EXISTS (SELECT 1
FROM marketing_consents AS marketing_consents_1
WHERE marketing_consents_1.customer_id = customers_1.customer_id AND marketing_consents_1.decided_at <= $3::TIMESTAMP WITH TIME ZONE AND marketing_consents_1.recorded_at <= $2::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM feedback AS feedback_1
WHERE feedback_1.customer_id = customers_1.customer_id AND feedback_1.submitted_at <= $3::TIMESTAMP WITH TIME ZONE AND feedback_1.recorded_at <= $2::TIMESTAMP WITH TIME ZONE))) AND customers_1.recorded_at <= $2::TIMESTAMP WITH TIME ZONE ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC
 LIMIT 1;
