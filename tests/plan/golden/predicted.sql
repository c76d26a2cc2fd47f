SELECT p.ord, r.c0, r.c1, r.c2, r.c3, r.c4, r.c5, r.c6, r.c7, r.c8, r.c9, r.c10, r.c11, r.c12, r.rn
FROM (SELECT 1 AS ord) AS p JOIN LATERAL (SELECT 'cus_' || encode(uuid_send(customers_1.customer_id), 'hex') AS c0, anon_1.days AS c1, anon_1.first_day AS c2, anon_1.last_day AS c3, anon_1.value_days AS c4, anon_1.value AS c5, anon_1.today AS c6, anon_1.currency AS c7, anon_1.model AS c8, anon_1.horizon AS c9, anon_1.rate AS c10, customers_1.customer_id AS c11, 6 AS c12, row_number() OVER (ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC) AS rn
FROM customers AS customers_1 LEFT OUTER JOIN LATERAL (SELECT count(*) AS days, min(anon_3.day) AS first_day, max(anon_3.day) AS last_day, count(*) FILTER (WHERE anon_3.value > 0) AS value_days, coalesce(sum(anon_3.value) FILTER (WHERE anon_3.value > 0), 0) AS value
FROM (SELECT anon_4.customer_id AS customer_id, anon_4.day AS day, greatest(sum(anon_4.value), 0) AS value
FROM (SELECT orders_1.customer_id AS customer_id, CAST(timezone(coalesce((SELECT business.time_zone
FROM business), 'UTC'), orders_1.placed_at) AS DATE) AS day, (orders_1.business_gross - orders_1.business_discount) - coalesce(anon_5.amount, 0) AS value
FROM orders AS orders_1 LEFT OUTER JOIN (SELECT refunds_1.customer_id AS customer_id, refunds_1.order_id AS order_id, sum(refunds_1.business_amount) AS amount, sum(refunds_1.amount) AS charged, max(refunds_1.refunded_at) AS last_at
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = customers_1.customer_id AND refunds_1.refunded_at <= $1::TIMESTAMP WITH TIME ZONE GROUP BY refunds_1.customer_id, refunds_1.order_id) AS anon_5 ON anon_5.customer_id = orders_1.customer_id AND anon_5.order_id = orders_1.order_id
WHERE orders_1.customer_id = customers_1.customer_id AND orders_1.placed_at <= $1::TIMESTAMP WITH TIME ZONE AND (anon_5.charged >= orders_1.gross - orders_1.discount AND anon_5.last_at <= orders_1.placed_at + interval 'P30D') IS NOT true) AS anon_4 GROUP BY anon_4.customer_id, anon_4.day) AS anon_3
 LIMIT ALL OFFSET 0) AS anon_2 ON true JOIN LATERAL (SELECT anon_2.days AS days, anon_2.first_day AS first_day, anon_2.last_day AS last_day, anon_2.value_days AS value_days, anon_2.value AS value, CAST(timezone(coalesce((SELECT business.time_zone
FROM business), 'UTC'), $2::TIMESTAMP WITH TIME ZONE) AS DATE) AS today, (SELECT business.currency
FROM business) AS currency, (SELECT CAST(row_to_json(model) AS TEXT) AS row_to_json_1
FROM (SELECT lifetime_value_models_1.model_id AS model_id, lifetime_value_models_1.version AS version, lifetime_value_models_1.method AS method, lifetime_value_models_1.parameters AS parameters, lifetime_value_models_1.spend_parameters AS spend_parameters, lifetime_value_models_1.currency AS currency, lifetime_value_models_1.trained_from AS trained_from, lifetime_value_models_1.trained_until AS trained_until, lifetime_value_models_1.flags AS flags, lifetime_value_models_1.recorded_at AS recorded_at
FROM lifetime_value_models AS lifetime_value_models_1
WHERE lifetime_value_models_1.trained_until <= $1::TIMESTAMP WITH TIME ZONE ORDER BY lifetime_value_models_1.trained_until DESC, lifetime_value_models_1.version DESC
 LIMIT 1) AS model) AS model, $3::VARCHAR AS horizon, $4::NUMERIC AS rate
 LIMIT ALL OFFSET 0) AS anon_1 ON true
WHERE customers_1.created_at <= $1::TIMESTAMP WITH TIME ZONE OR (EXISTS (SELECT 1
FROM orders AS orders_2
WHERE orders_2.customer_id = customers_1.customer_id AND orders_2.placed_at <= $1::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM refunds AS refunds_2
WHERE refunds_2.customer_id = customers_1.customer_id AND refunds_2.refunded_at <= $1::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM contracts AS contracts_1
WHERE contracts_1.customer_id = customers_1.customer_id AND contracts_1.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (contracts_1.superseded_at IS NULL OR contracts_1.replaced_at > $1::TIMESTAMP WITH TIME ZONE))) OR (EXISTS (SELECT 1
FROM subscriptions AS subscriptions_1
WHERE subscriptions_1.customer_id = customers_1.customer_id AND subscriptions_1.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (subscriptions_1.superseded_at IS NULL OR subscriptions_1.replaced_at > $1::TIMESTAMP WITH TIME ZONE))) OR (EXISTS (SELECT 1
FROM support_plans AS support_plans_1
WHERE support_plans_1.customer_id = customers_1.customer_id AND support_plans_1.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (support_plans_1.superseded_at IS NULL OR support_plans_1.replaced_at > $1::TIMESTAMP WITH TIME ZONE))) ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC
 LIMIT 6 + 1) AS r ON true ORDER BY p.ord, r.rn;

SELECT p.k0, p.ord, r.c0, r.c1, r.c2, r.rn
FROM unnest((SELECT CAST($1::UUID[] AS UUID[]) AS anon_1)) WITH ORDINALITY AS p(k0, ord) JOIN LATERAL (SELECT orders_1.number AS c0, orders_1.customer_id AS c1, 1 AS c2, row_number() OVER (ORDER BY orders_1.placed_at DESC, orders_1.order_id DESC) AS rn
FROM orders AS orders_1
WHERE orders_1.customer_id = p.k0 AND orders_1.placed_at <= $2::TIMESTAMP WITH TIME ZONE ORDER BY orders_1.placed_at DESC, orders_1.order_id DESC
 LIMIT 1 + 1) AS r ON true ORDER BY p.ord, r.rn;

SELECT p.k0, p.ord, r.c0, r.c1, r.c2, r.c3, r.c4, r.c5, r.c6, r.c7, r.c8, r.c9
FROM unnest((SELECT CAST($1::UUID[] AS UUID[]) AS anon_1)) WITH ORDINALITY AS p(k0, ord) JOIN LATERAL (SELECT anon_2.days AS c0, anon_2.first_day AS c1, anon_2.last_day AS c2, anon_2.value_days AS c3, anon_2.value AS c4, anon_2.today AS c5, anon_2.currency AS c6, anon_2.model AS c7, anon_2.horizon AS c8, anon_2.rate AS c9
FROM customers AS customers_1 LEFT OUTER JOIN LATERAL (SELECT count(*) AS days, min(anon_4.day) AS first_day, max(anon_4.day) AS last_day, count(*) FILTER (WHERE anon_4.value > 0) AS value_days, coalesce(sum(anon_4.value) FILTER (WHERE anon_4.value > 0), 0) AS value
FROM (SELECT anon_5.customer_id AS customer_id, anon_5.day AS day, greatest(sum(anon_5.value), 0) AS value
FROM (SELECT orders_1.customer_id AS customer_id, CAST(timezone(coalesce((SELECT business.time_zone
FROM business), 'UTC'), orders_1.placed_at) AS DATE) AS day, (orders_1.business_gross - orders_1.business_discount) - coalesce(anon_6.amount, 0) AS value
FROM orders AS orders_1 LEFT OUTER JOIN (SELECT refunds_1.customer_id AS customer_id, refunds_1.order_id AS order_id, sum(refunds_1.business_amount) AS amount, sum(refunds_1.amount) AS charged, max(refunds_1.refunded_at) AS last_at
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = customers_1.customer_id AND refunds_1.refunded_at <= $2::TIMESTAMP WITH TIME ZONE GROUP BY refunds_1.customer_id, refunds_1.order_id) AS anon_6 ON anon_6.customer_id = orders_1.customer_id AND anon_6.order_id = orders_1.order_id
WHERE orders_1.customer_id = customers_1.customer_id AND orders_1.placed_at <= $2::TIMESTAMP WITH TIME ZONE AND (anon_6.charged >= orders_1.gross - orders_1.discount AND anon_6.last_at <= orders_1.placed_at + interval 'P30D') IS NOT true) AS anon_5 GROUP BY anon_5.customer_id, anon_5.day) AS anon_4
 LIMIT ALL OFFSET 0) AS anon_3 ON true JOIN LATERAL (SELECT anon_3.days AS days, anon_3.first_day AS first_day, anon_3.last_day AS last_day, anon_3.value_days AS value_days, anon_3.value AS value, CAST(timezone(coalesce((SELECT business.time_zone
FROM business), 'UTC'), $3::TIMESTAMP WITH TIME ZONE) AS DATE) AS today, (SELECT business.currency
FROM business) AS currency, (SELECT CAST(row_to_json(model) AS TEXT) AS row_to_json_1
FROM (SELECT lifetime_value_models_1.model_id AS model_id, lifetime_value_models_1.version AS version, lifetime_value_models_1.method AS method, lifetime_value_models_1.parameters AS parameters, lifetime_value_models_1.spend_parameters AS spend_parameters, lifetime_value_models_1.currency AS currency, lifetime_value_models_1.trained_from AS trained_from, lifetime_value_models_1.trained_until AS trained_until, lifetime_value_models_1.flags AS flags, lifetime_value_models_1.recorded_at AS recorded_at
FROM lifetime_value_models AS lifetime_value_models_1
WHERE lifetime_value_models_1.trained_until <= $2::TIMESTAMP WITH TIME ZONE ORDER BY lifetime_value_models_1.trained_until DESC, lifetime_value_models_1.version DESC
 LIMIT 1) AS model) AS model, $4::VARCHAR AS horizon, $5::NUMERIC AS rate
 LIMIT ALL OFFSET 0) AS anon_2 ON true
WHERE customers_1.customer_id = p.k0 AND (customers_1.created_at <= $2::TIMESTAMP WITH TIME ZONE OR (EXISTS (SELECT 1
FROM orders AS orders_2
WHERE orders_2.customer_id = customers_1.customer_id AND orders_2.placed_at <= $2::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM refunds AS refunds_2
WHERE refunds_2.customer_id = customers_1.customer_id AND refunds_2.refunded_at <= $2::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM contracts AS contracts_1
WHERE contracts_1.customer_id = customers_1.customer_id AND contracts_1.changed_at <= $2::TIMESTAMP WITH TIME ZONE AND (contracts_1.superseded_at IS NULL OR contracts_1.replaced_at > $2::TIMESTAMP WITH TIME ZONE))) OR (EXISTS (SELECT 1
FROM subscriptions AS subscriptions_1
WHERE subscriptions_1.customer_id = customers_1.customer_id AND subscriptions_1.changed_at <= $2::TIMESTAMP WITH TIME ZONE AND (subscriptions_1.superseded_at IS NULL OR subscriptions_1.replaced_at > $2::TIMESTAMP WITH TIME ZONE))) OR (EXISTS (SELECT 1
FROM support_plans AS support_plans_1
WHERE support_plans_1.customer_id = customers_1.customer_id AND support_plans_1.changed_at <= $2::TIMESTAMP WITH TIME ZONE AND (support_plans_1.superseded_at IS NULL OR support_plans_1.replaced_at > $2::TIMESTAMP WITH TIME ZONE))))) AS r ON true ORDER BY p.ord;

SELECT p.k0, p.ord, r.c0
FROM unnest((SELECT CAST($1::UUID[] AS UUID[]) AS anon_1)) WITH ORDINALITY AS p(k0, ord) JOIN LATERAL (SELECT (('{"version":' || CAST(lifetime_value_models_1.version AS TEXT)) || (',"calibrations":[' || (coalesce((SELECT string_agg(anon_2.item, ',') AS string_agg_1
FROM (SELECT (('{"days":' || CAST(lifetime_value_tests_1.days AS TEXT)) || (',"deciles":[' || (coalesce((SELECT string_agg(anon_3.item, ',') AS string_agg_2
FROM (SELECT (('{"decile":' || (coalesce(CAST(anon_4.decile AS TEXT), 'null') || ',"predicted":{"amount":')) || ((coalesce(('"' || (anon_4.predicted || '"')), 'null') || ',"currencyCode":') || (coalesce(CAST(to_json(anon_4.currency) AS TEXT), 'null') || '}}'))) AS item
FROM LATERAL (SELECT pair.place AS place, CAST(pair.place AS INTEGER) AS decile, CAST(round(CAST(json_extract_path_text(pair.value, '0') AS NUMERIC), CASE WHEN ((SELECT lifetime_value_models_2.currency
FROM lifetime_value_models AS lifetime_value_models_2
WHERE lifetime_value_models_2.model_id = lifetime_value_tests_1.model_id AND lifetime_value_models_2.trained_until <= $2::TIMESTAMP WITH TIME ZONE) IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW')) THEN CASE WHEN ((SELECT lifetime_value_models_2.currency
FROM lifetime_value_models AS lifetime_value_models_2
WHERE lifetime_value_models_2.model_id = lifetime_value_tests_1.model_id AND lifetime_value_models_2.trained_until <= $2::TIMESTAMP WITH TIME ZONE) IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN ((SELECT lifetime_value_models_2.currency
FROM lifetime_value_models AS lifetime_value_models_2
WHERE lifetime_value_models_2.model_id = lifetime_value_tests_1.model_id AND lifetime_value_models_2.trained_until <= $2::TIMESTAMP WITH TIME ZONE) IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN ((SELECT lifetime_value_models_2.currency
FROM lifetime_value_models AS lifetime_value_models_2
WHERE lifetime_value_models_2.model_id = lifetime_value_tests_1.model_id AND lifetime_value_models_2.trained_until <= $2::TIMESTAMP WITH TIME ZONE) IN ('CLF', 'UYW')) THEN 4 END ELSE 2 END) AS TEXT) AS predicted, CAST(round(CAST(json_extract_path_text(pair.value, '1') AS NUMERIC), CASE WHEN ((SELECT lifetime_value_models_3.currency
FROM lifetime_value_models AS lifetime_value_models_3
WHERE lifetime_value_models_3.model_id = lifetime_value_tests_1.model_id AND lifetime_value_models_3.trained_until <= $2::TIMESTAMP WITH TIME ZONE) IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW')) THEN CASE WHEN ((SELECT lifetime_value_models_3.currency
FROM lifetime_value_models AS lifetime_value_models_3
WHERE lifetime_value_models_3.model_id = lifetime_value_tests_1.model_id AND lifetime_value_models_3.trained_until <= $2::TIMESTAMP WITH TIME ZONE) IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN ((SELECT lifetime_value_models_3.currency
FROM lifetime_value_models AS lifetime_value_models_3
WHERE lifetime_value_models_3.model_id = lifetime_value_tests_1.model_id AND lifetime_value_models_3.trained_until <= $2::TIMESTAMP WITH TIME ZONE) IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN ((SELECT lifetime_value_models_3.currency
FROM lifetime_value_models AS lifetime_value_models_3
WHERE lifetime_value_models_3.model_id = lifetime_value_tests_1.model_id AND lifetime_value_models_3.trained_until <= $2::TIMESTAMP WITH TIME ZONE) IN ('CLF', 'UYW')) THEN 4 END ELSE 2 END) AS TEXT) AS observed, (SELECT lifetime_value_models_4.currency
FROM lifetime_value_models AS lifetime_value_models_4
WHERE lifetime_value_models_4.model_id = lifetime_value_tests_1.model_id AND lifetime_value_models_4.trained_until <= $2::TIMESTAMP WITH TIME ZONE) AS currency
FROM json_array_elements(lifetime_value_tests_1.deciles) WITH ORDINALITY AS pair(value, place)
 LIMIT ALL OFFSET 0) AS anon_4 ORDER BY anon_4.place) AS anon_3), '') || ']}'))) AS item
FROM lifetime_value_tests AS lifetime_value_tests_1
WHERE lifetime_value_tests_1.model_id = lifetime_value_models_1.model_id AND (EXISTS (SELECT 1
FROM lifetime_value_models AS lifetime_value_models_5
WHERE lifetime_value_models_5.model_id = lifetime_value_tests_1.model_id AND lifetime_value_models_5.trained_until <= $2::TIMESTAMP WITH TIME ZONE)) ORDER BY lifetime_value_tests_1.position ASC) AS anon_2), '') || ']}'))) AS c0
FROM lifetime_value_models AS lifetime_value_models_1
WHERE lifetime_value_models_1.model_id = p.k0 AND lifetime_value_models_1.trained_until <= $2::TIMESTAMP WITH TIME ZONE) AS r ON true ORDER BY p.ord;
