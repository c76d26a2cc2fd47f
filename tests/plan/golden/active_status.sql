SELECT ('{"nodes":[' || (coalesce((SELECT string_agg(anon_1.item, ',') AS string_agg_1
FROM (SELECT ((((('{"id":"' || 'cus_' || encode(uuid_send(customers_1.customer_id), 'hex')) || ('","activeStatus":{"isActive":' || coalesce(CAST(anon_2.span IS NOT NULL AS TEXT), 'null'))) || ((',"activeUntil":' || coalesce(('"' || (to_char(timezone('UTC', upper(anon_2.span)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"policy":' || (coalesce((SELECT ('{"version":' || (CAST(active_policies_1.version AS TEXT) || '}')) AS item
FROM active_policies AS active_policies_1
WHERE active_policies_1.policy_id = anon_2.policy_id AND active_policies_1.effective_from <= $1::TIMESTAMP WITH TIME ZONE), 'null') || ',"reasons":[')))) || (((concat_ws(',', CASE WHEN (anon_2.recent_purchase @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('RECENT_PURCHASE' || '","window":')) || ((CASE WHEN ((SELECT min(orders_1.placed_at) AS min_1
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id AND orders_1.placed_at <= $1::TIMESTAMP WITH TIME ZONE AND orders_1.placed_at <= $2::TIMESTAMP WITH TIME ZONE AND greatest(orders_1.placed_at, least(coalesce(CASE WHEN anon_2.by_category THEN (SELECT max(timezone(anon_2.zone, timezone(anon_2.zone, orders_1.placed_at) + (SELECT CASE WHEN active_rules_1.enabled THEN active_rules_1."window" END AS anon_3
FROM active_rules AS active_rules_1
WHERE active_rules_1.policy_id = anon_2.policy_id AND active_rules_1.code = 'RECENT_PURCHASE' AND (active_rules_1.category IS NULL OR active_rules_1.category = products_1.category) AND (active_rules_1.customer_kind IS NULL OR active_rules_1.customer_kind = customers_1.kind) ORDER BY active_rules_1.category ASC NULLS LAST, active_rules_1.customer_kind ASC NULLS LAST
 LIMIT 1))) AS max_1
FROM order_lines AS order_lines_1 JOIN products AS products_1 ON products_1.product_id = order_lines_1.product_id
WHERE order_lines_1.customer_id = orders_1.customer_id AND order_lines_1.order_id = orders_1.order_id AND (EXISTS (SELECT 1
FROM orders AS orders_2
WHERE orders_2.customer_id = order_lines_1.customer_id AND orders_2.order_id = order_lines_1.order_id AND orders_2.placed_at <= $1::TIMESTAMP WITH TIME ZONE))) ELSE timezone(anon_2.zone, timezone(anon_2.zone, orders_1.placed_at) + anon_2.recent_window) END, orders_1.placed_at), (SELECT CASE WHEN (sum(refunds_1.amount) >= orders_1.gross - orders_1.discount) THEN max(refunds_1.refunded_at) END AS anon_4
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = orders_1.customer_id AND refunds_1.order_id = orders_1.order_id AND refunds_1.refunded_at <= $1::TIMESTAMP WITH TIME ZONE))) > $2::TIMESTAMP WITH TIME ZONE) IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', (SELECT min(orders_1.placed_at) AS min_1
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id AND orders_1.placed_at <= $1::TIMESTAMP WITH TIME ZONE AND orders_1.placed_at <= $2::TIMESTAMP WITH TIME ZONE AND greatest(orders_1.placed_at, least(coalesce(CASE WHEN anon_2.by_category THEN (SELECT max(timezone(anon_2.zone, timezone(anon_2.zone, orders_1.placed_at) + (SELECT CASE WHEN active_rules_1.enabled THEN active_rules_1."window" END AS anon_3
FROM active_rules AS active_rules_1
WHERE active_rules_1.policy_id = anon_2.policy_id AND active_rules_1.code = 'RECENT_PURCHASE' AND (active_rules_1.category IS NULL OR active_rules_1.category = products_1.category) AND (active_rules_1.customer_kind IS NULL OR active_rules_1.customer_kind = customers_1.kind) ORDER BY active_rules_1.category ASC NULLS LAST, active_rules_1.customer_kind ASC NULLS LAST
 LIMIT 1))) AS max_1
FROM order_lines AS order_lines_1 JOIN products AS products_1 ON products_1.product_id = order_lines_1.product_id
WHERE order_lines_1.customer_id = orders_1.customer_id AND order_lines_1.order_id = orders_1.order_id AND (EXISTS (SELECT 1
FROM orders AS orders_2
WHERE orders_2.customer_id = order_lines_1.customer_id AND orders_2.order_id = order_lines_1.order_id AND orders_2.placed_at <= $1::TIMESTAMP WITH TIME ZONE))) ELSE timezone(anon_2.zone, timezone(anon_2.zone, orders_1.placed_at) + anon_2.recent_window) END, orders_1.placed_at), (SELECT CASE WHEN (sum(refunds_1.amount) >= orders_1.gross - orders_1.discount) THEN max(refunds_1.refunded_at) END AS anon_4
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = orders_1.customer_id AND refunds_1.order_id = orders_1.order_id AND refunds_1.refunded_at <= $1::TIMESTAMP WITH TIME ZONE))) > $2::TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', (SELECT min(greatest(orders_3.placed_at, least(coalesce(CASE WHEN anon_2.by_category THEN (SELECT max(timezone(anon_2.zone, timezone(anon_2.zone, orders_3.placed_at) + (SELECT CASE WHEN active_rules_2.enabled THEN active_rules_2."window" END AS anon_5
FROM active_rules AS active_rules_2
WHERE active_rules_2.policy_id = anon_2.policy_id AND active_rules_2.code = 'RECENT_PURCHASE' AND (active_rules_2.category IS NULL OR active_rules_2.category = products_2.category) AND (active_rules_2.customer_kind IS NULL OR active_rules_2.customer_kind = customers_1.kind) ORDER BY active_rules_2.category ASC NULLS LAST, active_rules_2.customer_kind ASC NULLS LAST
 LIMIT 1))) AS max_2
FROM order_lines AS order_lines_2 JOIN products AS products_2 ON products_2.product_id = order_lines_2.product_id
WHERE order_lines_2.customer_id = orders_3.customer_id AND order_lines_2.order_id = orders_3.order_id AND (EXISTS (SELECT 1
FROM orders AS orders_4
WHERE orders_4.customer_id = order_lines_2.customer_id AND orders_4.order_id = order_lines_2.order_id AND orders_4.placed_at <= $1::TIMESTAMP WITH TIME ZONE))) ELSE timezone(anon_2.zone, timezone(anon_2.zone, orders_3.placed_at) + anon_2.recent_window) END, orders_3.placed_at), (SELECT CASE WHEN (sum(refunds_2.amount) >= orders_3.gross - orders_3.discount) THEN max(refunds_2.refunded_at) END AS anon_6
FROM refunds AS refunds_2
WHERE refunds_2.customer_id = orders_3.customer_id AND refunds_2.order_id = orders_3.order_id AND refunds_2.refunded_at <= $1::TIMESTAMP WITH TIME ZONE)))) AS min_2
FROM orders AS orders_3
WHERE orders_3.customer_id = customers_1.customer_id AND orders_3.placed_at <= $1::TIMESTAMP WITH TIME ZONE AND orders_3.placed_at <= $2::TIMESTAMP WITH TIME ZONE AND greatest(orders_3.placed_at, least(coalesce(CASE WHEN anon_2.by_category THEN (SELECT max(timezone(anon_2.zone, timezone(anon_2.zone, orders_3.placed_at) + (SELECT CASE WHEN active_rules_3.enabled THEN active_rules_3."window" END AS anon_7
FROM active_rules AS active_rules_3
WHERE active_rules_3.policy_id = anon_2.policy_id AND active_rules_3.code = 'RECENT_PURCHASE' AND (active_rules_3.category IS NULL OR active_rules_3.category = products_3.category) AND (active_rules_3.customer_kind IS NULL OR active_rules_3.customer_kind = customers_1.kind) ORDER BY active_rules_3.category ASC NULLS LAST, active_rules_3.customer_kind ASC NULLS LAST
 LIMIT 1))) AS max_3
FROM order_lines AS order_lines_3 JOIN products AS products_3 ON products_3.product_id = order_lines_3.product_id
WHERE order_lines_3.customer_id = orders_3.customer_id AND order_lines_3.order_id = orders_3.order_id AND (EXISTS (SELECT 1
FROM orders AS orders_5
WHERE orders_5.customer_id = order_lines_3.customer_id AND orders_5.order_id = order_lines_3.order_id AND orders_5.placed_at <= $1::TIMESTAMP WITH TIME ZONE))) ELSE timezone(anon_2.zone, timezone(anon_2.zone, orders_3.placed_at) + anon_2.recent_window) END, orders_3.placed_at), (SELECT CASE WHEN (sum(refunds_3.amount) >= orders_3.gross - orders_3.discount) THEN max(refunds_3.refunded_at) END AS anon_8
FROM refunds AS refunds_3
WHERE refunds_3.customer_id = orders_3.customer_id AND refunds_3.order_id = orders_3.order_id AND refunds_3.refunded_at <= $1::TIMESTAMP WITH TIME ZONE))) > $2::TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_9.item, ',') AS string_agg_2
FROM (SELECT (('{"__typename":"' || 'Order') || ('","number":' || (CAST(to_json(orders_6.number) AS TEXT) || '}'))) AS item
FROM orders AS orders_6
WHERE orders_6.customer_id = customers_1.customer_id AND orders_6.placed_at <= $1::TIMESTAMP WITH TIME ZONE AND orders_6.placed_at <= $2::TIMESTAMP WITH TIME ZONE AND greatest(orders_6.placed_at, least(coalesce(CASE WHEN anon_2.by_category THEN (SELECT max(timezone(anon_2.zone, timezone(anon_2.zone, orders_6.placed_at) + (SELECT CASE WHEN active_rules_4.enabled THEN active_rules_4."window" END AS anon_10
FROM active_rules AS active_rules_4
WHERE active_rules_4.policy_id = anon_2.policy_id AND active_rules_4.code = 'RECENT_PURCHASE' AND (active_rules_4.category IS NULL OR active_rules_4.category = products_4.category) AND (active_rules_4.customer_kind IS NULL OR active_rules_4.customer_kind = customers_1.kind) ORDER BY active_rules_4.category ASC NULLS LAST, active_rules_4.customer_kind ASC NULLS LAST
 LIMIT 1))) AS max_4
FROM order_lines AS order_lines_4 JOIN products AS products_4 ON products_4.product_id = order_lines_4.product_id
WHERE order_lines_4.customer_id = orders_6.customer_id AND order_lines_4.order_id = orders_6.order_id AND (EXISTS (SELECT 1
FROM orders AS orders_7
WHERE orders_7.customer_id = order_lines_4.customer_id AND orders_7.order_id = order_lines_4.order_id AND orders_7.placed_at <= $1::TIMESTAMP WITH TIME ZONE))) ELSE timezone(anon_2.zone, timezone(anon_2.zone, orders_6.placed_at) + anon_2.recent_window) END, orders_6.placed_at), (SELECT CASE WHEN (sum(refunds_4.amount) >= orders_6.gross - orders_6.discount) THEN max(refunds_4.refunded_at) END AS anon_11
FROM refunds AS refunds_4
WHERE refunds_4.customer_id = orders_6.customer_id AND refunds_4.order_id = orders_6.order_id AND refunds_4.refunded_at <= $1::TIMESTAMP WITH TIME ZONE))) > $2::TIMESTAMP WITH TIME ZONE ORDER BY orders_6.placed_at DESC, orders_6.order_id DESC
 LIMIT 3) AS anon_9), '') || ']}}'))) END, CASE WHEN (anon_2.loyal @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('LOYAL' || '","window":')) || ((CASE WHEN ((SELECT min(orders_8.placed_at) AS min_3
FROM orders AS orders_8
WHERE orders_8.customer_id = customers_1.customer_id AND orders_8.placed_at <= $1::TIMESTAMP WITH TIME ZONE AND orders_8.placed_at <= $2::TIMESTAMP WITH TIME ZONE AND greatest(orders_8.placed_at, least(coalesce(timezone(anon_2.zone, timezone(anon_2.zone, orders_8.placed_at) + anon_2.loyal_window), orders_8.placed_at), (SELECT CASE WHEN (sum(refunds_5.amount) >= orders_8.gross - orders_8.discount) THEN max(refunds_5.refunded_at) END AS anon_12
FROM refunds AS refunds_5
WHERE refunds_5.customer_id = orders_8.customer_id AND refunds_5.order_id = orders_8.order_id AND refunds_5.refunded_at <= $1::TIMESTAMP WITH TIME ZONE))) > $2::TIMESTAMP WITH TIME ZONE) IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', (SELECT min(orders_8.placed_at) AS min_3
FROM orders AS orders_8
WHERE orders_8.customer_id = customers_1.customer_id AND orders_8.placed_at <= $1::TIMESTAMP WITH TIME ZONE AND orders_8.placed_at <= $2::TIMESTAMP WITH TIME ZONE AND greatest(orders_8.placed_at, least(coalesce(timezone(anon_2.zone, timezone(anon_2.zone, orders_8.placed_at) + anon_2.loyal_window), orders_8.placed_at), (SELECT CASE WHEN (sum(refunds_5.amount) >= orders_8.gross - orders_8.discount) THEN max(refunds_5.refunded_at) END AS anon_12
FROM refunds AS refunds_5
WHERE refunds_5.customer_id = orders_8.customer_id AND refunds_5.order_id = orders_8.order_id AND refunds_5.refunded_at <= $1::TIMESTAMP WITH TIME ZONE))) > $2::TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', (SELECT min(greatest(orders_9.placed_at, least(coalesce(timezone(anon_2.zone, timezone(anon_2.zone, orders_9.placed_at) + anon_2.loyal_window), orders_9.placed_at), (SELECT CASE WHEN (sum(refunds_6.amount) >= orders_9.gross - orders_9.discount) THEN max(refunds_6.refunded_at) END AS anon_13
FROM refunds AS refunds_6
WHERE refunds_6.customer_id = orders_9.customer_id AND refunds_6.order_id = orders_9.order_id AND refunds_6.refunded_at <= $1::TIMESTAMP WITH TIME ZONE)))) AS min_4
FROM orders AS orders_9
WHERE orders_9.customer_id = customers_1.customer_id AND orders_9.placed_at <= $1::TIMESTAMP WITH TIME ZONE AND orders_9.placed_at <= $2::TIMESTAMP WITH TIME ZONE AND greatest(orders_9.placed_at, least(coalesce(timezone(anon_2.zone, timezone(anon_2.zone, orders_9.placed_at) + anon_2.loyal_window), orders_9.placed_at), (SELECT CASE WHEN (sum(refunds_7.amount) >= orders_9.gross - orders_9.discount) THEN max(refunds_7.refunded_at) END AS anon_14
FROM refunds AS refunds_7
WHERE refunds_7.customer_id = orders_9.customer_id AND refunds_7.order_id = orders_9.order_id AND refunds_7.refunded_at <= $1::TIMESTAMP WITH TIME ZONE))) > $2::TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_15.item, ',') AS string_agg_3
FROM (SELECT (('{"__typename":"' || 'Order') || ('","number":' || (CAST(to_json(orders_10.number) AS TEXT) || '}'))) AS item
FROM orders AS orders_10
WHERE orders_10.customer_id = customers_1.customer_id AND orders_10.placed_at <= $1::TIMESTAMP WITH TIME ZONE AND orders_10.placed_at <= $2::TIMESTAMP WITH TIME ZONE AND greatest(orders_10.placed_at, least(coalesce(timezone(anon_2.zone, timezone(anon_2.zone, orders_10.placed_at) + anon_2.loyal_window), orders_10.placed_at), (SELECT CASE WHEN (sum(refunds_8.amount) >= orders_10.gross - orders_10.discount) THEN max(refunds_8.refunded_at) END AS anon_16
FROM refunds AS refunds_8
WHERE refunds_8.customer_id = orders_10.customer_id AND refunds_8.order_id = orders_10.order_id AND refunds_8.refunded_at <= $1::TIMESTAMP WITH TIME ZONE))) > $2::TIMESTAMP WITH TIME ZONE ORDER BY orders_10.placed_at DESC, orders_10.order_id DESC
 LIMIT 3) AS anon_15), '') || ']}}'))) END, CASE WHEN (anon_2.paid_support_plan @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('PAID_SUPPORT_PLAN' || '","window":')) || ((CASE WHEN (CAST(NULL AS TIMESTAMP WITH TIME ZONE) IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_17.item, ',') AS string_agg_4
FROM (SELECT ('{"__typename":"' || ('SupportPlanEnrollment' || '"}')) AS item
FROM support_plans AS support_plans_1
WHERE support_plans_1.customer_id = customers_1.customer_id AND support_plans_1.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (support_plans_1.superseded_at IS NULL OR support_plans_1.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND anon_2.paid_support_plan_on AND support_plans_1.paid AND (support_plans_1.held @> $2::TIMESTAMP WITH TIME ZONE) ORDER BY support_plans_1.starts_at DESC, support_plans_1.support_plan_id DESC
 LIMIT 3) AS anon_17), '') || ']}}'))) END, CASE WHEN (anon_2.product_subscription @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('PRODUCT_SUBSCRIPTION' || '","window":')) || ((CASE WHEN (CAST(NULL AS TIMESTAMP WITH TIME ZONE) IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_18.item, ',') AS string_agg_5
FROM (SELECT (('{"__typename":"' || 'CustomerSubscription') || ('","planName":' || (CAST(to_json(subscriptions_1.plan_name) AS TEXT) || '}'))) AS item
FROM subscriptions AS subscriptions_1
WHERE subscriptions_1.customer_id = customers_1.customer_id AND subscriptions_1.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (subscriptions_1.superseded_at IS NULL OR subscriptions_1.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND anon_2.product_subscription_on AND subscriptions_1.kind = 'PRODUCT' AND (subscriptions_1.held @> $2::TIMESTAMP WITH TIME ZONE) ORDER BY subscriptions_1.started_at DESC, subscriptions_1.subscription_id DESC
 LIMIT 3) AS anon_18), '') || ']}}'))) END, CASE WHEN (anon_2.service_subscription @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('SERVICE_SUBSCRIPTION' || '","window":')) || ((CASE WHEN (CAST(NULL AS TIMESTAMP WITH TIME ZONE) IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_19.item, ',') AS string_agg_6
FROM (SELECT (('{"__typename":"' || 'CustomerSubscription') || ('","planName":' || (CAST(to_json(subscriptions_2.plan_name) AS TEXT) || '}'))) AS item
FROM subscriptions AS subscriptions_2
WHERE subscriptions_2.customer_id = customers_1.customer_id AND subscriptions_2.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (subscriptions_2.superseded_at IS NULL OR subscriptions_2.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND anon_2.service_subscription_on AND subscriptions_2.kind = 'SERVICE' AND (subscriptions_2.held @> $2::TIMESTAMP WITH TIME ZONE) ORDER BY subscriptions_2.started_at DESC, subscriptions_2.subscription_id DESC
 LIMIT 3) AS anon_19), '') || ']}}'))) END, CASE WHEN (anon_2.contract @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('CONTRACT' || '","window":')) || ((CASE WHEN (CAST(NULL AS TIMESTAMP WITH TIME ZONE) IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_20.item, ',') AS string_agg_7
FROM (SELECT ('{"__typename":"' || ('Contract' || '"}')) AS item
FROM contracts AS contracts_1
WHERE contracts_1.customer_id = customers_1.customer_id AND contracts_1.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (contracts_1.superseded_at IS NULL OR contracts_1.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND anon_2.contract_on AND (contracts_1.held @> $2::TIMESTAMP WITH TIME ZONE) ORDER BY contracts_1.starts_at DESC, contracts_1.contract_id DESC
 LIMIT 3) AS anon_20), '') || ']}}'))) END) || '],"evaluations":[{"code":"') || ('RECENT_PURCHASE' || '","holdsUntil":')) || ((coalesce(('"' || (to_char(timezone('UTC', upper((SELECT each
FROM unnest(anon_2.recent_purchase) AS each
WHERE each @> $2::TIMESTAMP WITH TIME ZONE))), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '},{"code":"') || ('LOYAL' || ('","holdsUntil":' || coalesce(('"' || (to_char(timezone('UTC', upper((SELECT each
FROM unnest(anon_2.loyal) AS each
WHERE each @> $2::TIMESTAMP WITH TIME ZONE))), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')))))) || (((('},{"code":"' || 'PAID_SUPPORT_PLAN') || ('","holdsUntil":' || coalesce(('"' || (to_char(timezone('UTC', upper((SELECT each
FROM unnest(anon_2.paid_support_plan) AS each
WHERE each @> $2::TIMESTAMP WITH TIME ZONE))), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null'))) || (('},{"code":"' || 'PRODUCT_SUBSCRIPTION') || ('","holdsUntil":' || (coalesce(('"' || (to_char(timezone('UTC', upper((SELECT each
FROM unnest(anon_2.product_subscription) AS each
WHERE each @> $2::TIMESTAMP WITH TIME ZONE))), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '},{"code":"')))) || ((('SERVICE_SUBSCRIPTION' || '","holdsUntil":') || (coalesce(('"' || (to_char(timezone('UTC', upper((SELECT each
FROM unnest(anon_2.service_subscription) AS each
WHERE each @> $2::TIMESTAMP WITH TIME ZONE))), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || ('},{"code":"' || 'CONTRACT'))) || (('","holdsUntil":' || coalesce(('"' || (to_char(timezone('UTC', upper((SELECT each
FROM unnest(anon_2.contract) AS each
WHERE each @> $2::TIMESTAMP WITH TIME ZONE))), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || ('}],"history":[' || (coalesce((SELECT string_agg(anon_22.anon_21, ',') AS string_agg_8
FROM (SELECT ((('{"isActive":' || coalesce(CAST(anon_23.is_active AS TEXT), 'null')) || (',"reasons":' || coalesce(CAST(to_json(anon_23.reasons) AS TEXT), 'null'))) || ((',"interval":{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', anon_23.starts_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', anon_23.ends_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}}')))) AS anon_21
FROM LATERAL (SELECT found.starts_at AS starts_at, found.ends_at AS ends_at, found.reasons AS reasons, found.place AS place, cardinality(found.reasons) > 0 AS is_active
FROM (SELECT stretches.starts_at AS starts_at, stretches.ends_at AS ends_at, array_remove(ARRAY[CASE WHEN (anon_2.recent_purchase @> stretches.starts_at) THEN 'RECENT_PURCHASE' END, CASE WHEN (anon_2.loyal @> stretches.starts_at) THEN 'LOYAL' END, CASE WHEN (anon_2.paid_support_plan @> stretches.starts_at) THEN 'PAID_SUPPORT_PLAN' END, CASE WHEN (anon_2.product_subscription @> stretches.starts_at) THEN 'PRODUCT_SUBSCRIPTION' END, CASE WHEN (anon_2.service_subscription @> stretches.starts_at) THEN 'SERVICE_SUBSCRIPTION' END, CASE WHEN (anon_2.contract @> stretches.starts_at) THEN 'CONTRACT' END], NULL) AS reasons, -EXTRACT(epoch FROM stretches.starts_at) AS place
FROM (SELECT turns.at AS starts_at, lead(turns.at) OVER (ORDER BY turns.at) AS ends_at
FROM (SELECT lower(each) AS at
FROM unnest(anon_2.recent_purchase) AS each UNION SELECT upper(each) AS upper_1
FROM unnest(anon_2.recent_purchase) AS each UNION SELECT lower(each) AS at
FROM unnest(anon_2.loyal) AS each UNION SELECT upper(each) AS upper_2
FROM unnest(anon_2.loyal) AS each UNION SELECT lower(each) AS at
FROM unnest(anon_2.paid_support_plan) AS each UNION SELECT upper(each) AS upper_3
FROM unnest(anon_2.paid_support_plan) AS each UNION SELECT lower(each) AS at
FROM unnest(anon_2.product_subscription) AS each UNION SELECT upper(each) AS upper_4
FROM unnest(anon_2.product_subscription) AS each UNION SELECT lower(each) AS at
FROM unnest(anon_2.service_subscription) AS each UNION SELECT upper(each) AS upper_5
FROM unnest(anon_2.service_subscription) AS each UNION SELECT lower(each) AS at
FROM unnest(anon_2.contract) AS each UNION SELECT upper(each) AS upper_6
FROM unnest(anon_2.contract) AS each) AS turns
WHERE turns.at IS NOT NULL) AS stretches
WHERE stretches.starts_at <= $2::TIMESTAMP WITH TIME ZONE ORDER BY stretches.starts_at DESC
 LIMIT $3::INTEGER) AS found) AS anon_23 ORDER BY anon_23.place) AS anon_22), '') || ']}}')))))) AS item
FROM customers AS customers_1 JOIN LATERAL (SELECT anon_24.recent_purchase AS recent_purchase, anon_24.loyal AS loyal, anon_24.paid_support_plan AS paid_support_plan, anon_24.product_subscription AS product_subscription, anon_24.service_subscription AS service_subscription, anon_24.contract AS contract, anon_24.loyal_on AS loyal_on, anon_24.paid_support_plan_on AS paid_support_plan_on, anon_24.product_subscription_on AS product_subscription_on, anon_24.service_subscription_on AS service_subscription_on, anon_24.contract_on AS contract_on, anon_24.recent_purchase_on AS recent_purchase_on, anon_24.recent_window AS recent_window, anon_24.by_category AS by_category, anon_24.loyal_window AS loyal_window, anon_24.loyal_count AS loyal_count, anon_24.longest AS longest, anon_24.refunded AS refunded, anon_24.policy_id AS policy_id, anon_24.zone AS zone, anon_24.spans AS spans, (SELECT each
FROM unnest(anon_24.spans) AS each
WHERE each @> $2::TIMESTAMP WITH TIME ZONE) AS span
FROM LATERAL (SELECT anon_25.recent_purchase AS recent_purchase, anon_25.loyal AS loyal, anon_25.paid_support_plan AS paid_support_plan, anon_25.product_subscription AS product_subscription, anon_25.service_subscription AS service_subscription, anon_25.contract AS contract, anon_25.loyal_on AS loyal_on, anon_25.paid_support_plan_on AS paid_support_plan_on, anon_25.product_subscription_on AS product_subscription_on, anon_25.service_subscription_on AS service_subscription_on, anon_25.contract_on AS contract_on, anon_25.recent_purchase_on AS recent_purchase_on, anon_25.recent_window AS recent_window, anon_25.by_category AS by_category, anon_25.loyal_window AS loyal_window, anon_25.loyal_count AS loyal_count, anon_25.longest AS longest, anon_25.refunded AS refunded, anon_25.policy_id AS policy_id, anon_25.zone AS zone, ((((anon_25.recent_purchase + anon_25.loyal) + anon_25.paid_support_plan) + anon_25.product_subscription) + anon_25.service_subscription) + anon_25.contract AS spans
FROM LATERAL (SELECT coalesce((SELECT range_agg(tstzrange(each.at, each.until)) AS range_agg_1
FROM unnest(anon_26.at, anon_26.recent) AS each(at, until)), '{}'::tstzmultirange) AS recent_purchase, coalesce(CASE WHEN (cardinality(anon_26.at) >= anon_27.loyal_count) THEN (SELECT range_agg(tstzrange(counts.at, counts.next)) AS range_agg_2
FROM (SELECT turns.at AS at, lead(turns.at) OVER (ORDER BY turns.at) AS next, sum(turns.step) OVER (ORDER BY turns.at) AS counting
FROM (SELECT steps.at AS at, sum(steps.step) AS step
FROM (SELECT begun AS at, 1 AS step
FROM unnest(anon_26.at) AS begun UNION ALL SELECT "over", -1
FROM unnest(anon_26.loyal) AS "over") AS steps GROUP BY steps.at) AS turns) AS counts
WHERE counts.counting >= anon_27.loyal_count) END, '{}'::tstzmultirange) AS loyal, coalesce(CASE WHEN anon_27.paid_support_plan_on THEN (SELECT range_agg(support_plans_2.held) AS range_agg_3
FROM support_plans AS support_plans_2
WHERE support_plans_2.customer_id = customers_1.customer_id AND support_plans_2.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (support_plans_2.superseded_at IS NULL OR support_plans_2.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND support_plans_2.paid) END, '{}'::tstzmultirange) AS paid_support_plan, coalesce(CASE WHEN anon_27.product_subscription_on THEN (SELECT range_agg(subscriptions_3.held) AS range_agg_4
FROM subscriptions AS subscriptions_3
WHERE subscriptions_3.customer_id = customers_1.customer_id AND subscriptions_3.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (subscriptions_3.superseded_at IS NULL OR subscriptions_3.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND subscriptions_3.kind = 'PRODUCT') END, '{}'::tstzmultirange) AS product_subscription, coalesce(CASE WHEN anon_27.service_subscription_on THEN (SELECT range_agg(subscriptions_4.held) AS range_agg_5
FROM subscriptions AS subscriptions_4
WHERE subscriptions_4.customer_id = customers_1.customer_id AND subscriptions_4.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (subscriptions_4.superseded_at IS NULL OR subscriptions_4.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND subscriptions_4.kind = 'SERVICE') END, '{}'::tstzmultirange) AS service_subscription, coalesce(CASE WHEN anon_27.contract_on THEN (SELECT range_agg(contracts_2.held) AS range_agg_6
FROM contracts AS contracts_2
WHERE contracts_2.customer_id = customers_1.customer_id AND contracts_2.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (contracts_2.superseded_at IS NULL OR contracts_2.replaced_at > $1::TIMESTAMP WITH TIME ZONE)) END, '{}'::tstzmultirange) AS contract, anon_27.loyal_on AS loyal_on, anon_27.paid_support_plan_on AS paid_support_plan_on, anon_27.product_subscription_on AS product_subscription_on, anon_27.service_subscription_on AS service_subscription_on, anon_27.contract_on AS contract_on, anon_27.recent_purchase_on AS recent_purchase_on, anon_27.recent_window AS recent_window, anon_27.by_category AS by_category, anon_27.loyal_window AS loyal_window, anon_27.loyal_count AS loyal_count, anon_27.longest AS longest, anon_27.refunded AS refunded, anon_27.policy_id AS policy_id, anon_27.zone AS zone
FROM LATERAL (SELECT coalesce((array_agg(CASE WHEN active_rules_5.enabled THEN true END ORDER BY active_rules_5.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_5.code = 'LOYAL' AND active_rules_5.category IS NULL))[1], false) AS loyal_on, coalesce((array_agg(CASE WHEN active_rules_5.enabled THEN true END ORDER BY active_rules_5.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_5.code = 'PAID_SUPPORT_PLAN' AND active_rules_5.category IS NULL))[1], false) AS paid_support_plan_on, coalesce((array_agg(CASE WHEN active_rules_5.enabled THEN true END ORDER BY active_rules_5.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_5.code = 'PRODUCT_SUBSCRIPTION' AND active_rules_5.category IS NULL))[1], false) AS product_subscription_on, coalesce((array_agg(CASE WHEN active_rules_5.enabled THEN true END ORDER BY active_rules_5.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_5.code = 'SERVICE_SUBSCRIPTION' AND active_rules_5.category IS NULL))[1], false) AS service_subscription_on, coalesce((array_agg(CASE WHEN active_rules_5.enabled THEN true END ORDER BY active_rules_5.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_5.code = 'CONTRACT' AND active_rules_5.category IS NULL))[1], false) AS contract_on, coalesce((array_agg(CASE WHEN active_rules_5.enabled THEN true END ORDER BY active_rules_5.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_5.code = 'RECENT_PURCHASE' AND active_rules_5.category IS NULL))[1] OR bool_or(active_rules_5.category IS NOT NULL AND active_rules_5.enabled AND NOT (active_rules_5.customer_kind IS NULL AND (EXISTS (SELECT 1
FROM active_rules AS active_rules_6
WHERE active_rules_6.policy_id = (SELECT active_policies_2.policy_id
FROM active_policies AS active_policies_2
WHERE active_policies_2.effective_from <= $2::TIMESTAMP WITH TIME ZONE AND active_policies_2.effective_from <= $1::TIMESTAMP WITH TIME ZONE ORDER BY active_policies_2.effective_from DESC
 LIMIT 1) AND active_rules_6.code = active_rules_5.code AND active_rules_6.category = active_rules_5.category AND active_rules_6.customer_kind = customers_1.kind)))), false) AS recent_purchase_on, (array_agg(CASE WHEN active_rules_5.enabled THEN active_rules_5."window" END ORDER BY active_rules_5.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_5.code = 'RECENT_PURCHASE' AND active_rules_5.category IS NULL))[1] AS recent_window, coalesce(bool_or(active_rules_5.category IS NOT NULL), false) AS by_category, (array_agg(CASE WHEN active_rules_5.enabled THEN active_rules_5."window" END ORDER BY active_rules_5.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_5.code = 'LOYAL' AND active_rules_5.category IS NULL))[1] AS loyal_window, (array_agg(CASE WHEN active_rules_5.enabled THEN active_rules_5.minimum_count END ORDER BY active_rules_5.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_5.code = 'LOYAL' AND active_rules_5.category IS NULL))[1] AS loyal_count, coalesce(max(active_rules_5."window"), interval '0') AS longest, EXISTS (SELECT 1
FROM refunds AS refunds_9
WHERE refunds_9.customer_id = customers_1.customer_id AND refunds_9.refunded_at <= $1::TIMESTAMP WITH TIME ZONE) AS refunded, (SELECT active_policies_2.policy_id
FROM active_policies AS active_policies_2
WHERE active_policies_2.effective_from <= $2::TIMESTAMP WITH TIME ZONE AND active_policies_2.effective_from <= $1::TIMESTAMP WITH TIME ZONE ORDER BY active_policies_2.effective_from DESC
 LIMIT 1) AS policy_id, (SELECT coalesce(active_policies_3.time_zone, (SELECT business.time_zone
FROM business), 'UTC') AS coalesce_1
FROM active_policies AS active_policies_3
WHERE active_policies_3.policy_id = (SELECT active_policies_2.policy_id
FROM active_policies AS active_policies_2
WHERE active_policies_2.effective_from <= $2::TIMESTAMP WITH TIME ZONE AND active_policies_2.effective_from <= $1::TIMESTAMP WITH TIME ZONE ORDER BY active_policies_2.effective_from DESC
 LIMIT 1)) AS zone
FROM active_rules AS active_rules_5
WHERE active_rules_5.policy_id = (SELECT active_policies_2.policy_id
FROM active_policies AS active_policies_2
WHERE active_policies_2.effective_from <= $2::TIMESTAMP WITH TIME ZONE AND active_policies_2.effective_from <= $1::TIMESTAMP WITH TIME ZONE ORDER BY active_policies_2.effective_from DESC
 LIMIT 1) AND (active_rules_5.customer_kind IS NULL OR active_rules_5.customer_kind = customers_1.kind)
 LIMIT ALL OFFSET 0) AS anon_27 JOIN LATERAL (SELECT array_agg(anon_28.at) AS at, array_agg(greatest(anon_28.at, least(coalesce(anon_28.recent, anon_28.at), anon_28.undone))) AS recent, array_agg(greatest(anon_28.at, least(coalesce(anon_28.loyal, anon_28.at), anon_28.undone))) AS loyal
FROM (SELECT orders_11.placed_at AS at, CASE WHEN anon_27.refunded THEN (SELECT CASE WHEN (sum(refunds_10.amount) >= orders_11.gross - orders_11.discount) THEN max(refunds_10.refunded_at) END AS anon_29
FROM refunds AS refunds_10
WHERE refunds_10.customer_id = orders_11.customer_id AND refunds_10.order_id = orders_11.order_id AND refunds_10.refunded_at <= $1::TIMESTAMP WITH TIME ZONE) END AS undone, CASE WHEN anon_27.by_category THEN (SELECT max(timezone(anon_27.zone, timezone(anon_27.zone, orders_11.placed_at) + (SELECT CASE WHEN active_rules_7.enabled THEN active_rules_7."window" END AS anon_30
FROM active_rules AS active_rules_7
WHERE active_rules_7.policy_id = (SELECT active_policies_2.policy_id
FROM active_policies AS active_policies_2
WHERE active_policies_2.effective_from <= $2::TIMESTAMP WITH TIME ZONE AND active_policies_2.effective_from <= $1::TIMESTAMP WITH TIME ZONE ORDER BY active_policies_2.effective_from DESC
 LIMIT 1) AND active_rules_7.code = 'RECENT_PURCHASE' AND (active_rules_7.category IS NULL OR active_rules_7.category = products_5.category) AND (active_rules_7.customer_kind IS NULL OR active_rules_7.customer_kind = customers_1.kind) ORDER BY active_rules_7.category ASC NULLS LAST, active_rules_7.customer_kind ASC NULLS LAST
 LIMIT 1))) AS max_5
FROM order_lines AS order_lines_5 JOIN products AS products_5 ON products_5.product_id = order_lines_5.product_id
WHERE order_lines_5.customer_id = orders_11.customer_id AND order_lines_5.order_id = orders_11.order_id AND (EXISTS (SELECT 1
FROM orders AS orders_12
WHERE orders_12.customer_id = order_lines_5.customer_id AND orders_12.order_id = order_lines_5.order_id AND orders_12.placed_at <= $1::TIMESTAMP WITH TIME ZONE))) ELSE timezone(anon_27.zone, timezone(anon_27.zone, orders_11.placed_at) + anon_27.recent_window) END AS recent, timezone(anon_27.zone, timezone(anon_27.zone, orders_11.placed_at) + anon_27.loyal_window) AS loyal
FROM orders AS orders_11
WHERE orders_11.customer_id = customers_1.customer_id AND orders_11.placed_at <= $1::TIMESTAMP WITH TIME ZONE
 LIMIT ALL OFFSET 0) AS anon_28
 LIMIT ALL OFFSET 0) AS anon_26 ON true
 LIMIT ALL OFFSET 0) AS anon_25
 LIMIT ALL OFFSET 0) AS anon_24
 LIMIT ALL OFFSET 0) AS anon_2 ON true
WHERE customers_1.created_at <= $1::TIMESTAMP WITH TIME ZONE OR (EXISTS (SELECT 1
FROM orders AS orders_13
WHERE orders_13.customer_id = customers_1.customer_id AND orders_13.placed_at <= $1::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM refunds AS refunds_11
WHERE refunds_11.customer_id = customers_1.customer_id AND refunds_11.refunded_at <= $1::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM contracts AS contracts_3
WHERE contracts_3.customer_id = customers_1.customer_id AND contracts_3.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (contracts_3.superseded_at IS NULL OR contracts_3.replaced_at > $1::TIMESTAMP WITH TIME ZONE))) OR (EXISTS (SELECT 1
FROM subscriptions AS subscriptions_5
WHERE subscriptions_5.customer_id = customers_1.customer_id AND subscriptions_5.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (subscriptions_5.superseded_at IS NULL OR subscriptions_5.replaced_at > $1::TIMESTAMP WITH TIME ZONE))) OR (EXISTS (SELECT 1
FROM support_plans AS support_plans_3
WHERE support_plans_3.customer_id = customers_1.customer_id AND support_plans_3.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (support_plans_3.superseded_at IS NULL OR support_plans_3.replaced_at > $1::TIMESTAMP WITH TIME ZONE))) ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC
 LIMIT 2) AS anon_1), '') || ']}')) AS c0;
