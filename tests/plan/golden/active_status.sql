SELECT ('{"nodes":[' || (coalesce((SELECT string_agg(anon_1.item, ',') AS string_agg_1
FROM (SELECT ((((('{"id":"' || 'cus_' || encode(uuid_send(customers_1.customer_id), 'hex')) || ('","activeStatus":{"isActive":' || coalesce(CAST(anon_2.span IS NOT NULL AS TEXT), 'null'))) || ((',"activeUntil":' || coalesce(('"' || (to_char(timezone('UTC', upper(anon_2.span)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"policy":' || (coalesce((SELECT ('{"version":' || (CAST(active_policies_1.version AS TEXT) || '}')) AS item
FROM active_policies AS active_policies_1
WHERE active_policies_1.policy_id = anon_2.policy_id AND active_policies_1.effective_from <= $1::TIMESTAMP WITH TIME ZONE), 'null') || ',"reasons":[')))) || (((concat_ws(',', CASE WHEN (anon_2.recent_purchase @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('RECENT_PURCHASE' || '","window":')) || ((CASE WHEN (anon_3.deciding IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', anon_3.deciding), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', anon_3.last), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_4.item, ',') AS string_agg_2
FROM (SELECT (('{"__typename":"' || 'Order') || ('","number":' || (CAST(to_json(orders_1.number) AS TEXT) || '}'))) AS item
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id AND orders_1.placed_at <= $1::TIMESTAMP WITH TIME ZONE AND orders_1.placed_at <= $2::TIMESTAMP WITH TIME ZONE AND greatest(orders_1.placed_at, least(coalesce(CASE WHEN anon_2.by_category THEN (SELECT max(timezone(anon_2.zone, timezone(anon_2.zone, orders_1.placed_at) + (SELECT CASE WHEN active_rules_1.enabled THEN active_rules_1."window" END AS anon_5
FROM active_rules AS active_rules_1
WHERE active_rules_1.policy_id = anon_2.policy_id AND active_rules_1.code = 'RECENT_PURCHASE' AND (active_rules_1.category IS NULL OR active_rules_1.category = products_1.category) AND (active_rules_1.customer_kind IS NULL OR active_rules_1.customer_kind = customers_1.kind) ORDER BY active_rules_1.category ASC NULLS LAST, active_rules_1.customer_kind ASC NULLS LAST
 LIMIT 1))) AS max_1
FROM order_lines AS order_lines_1 JOIN products AS products_1 ON products_1.product_id = order_lines_1.product_id
WHERE order_lines_1.customer_id = orders_1.customer_id AND order_lines_1.order_id = orders_1.order_id AND (EXISTS (SELECT 1
FROM orders AS orders_2
WHERE orders_2.customer_id = order_lines_1.customer_id AND orders_2.order_id = order_lines_1.order_id AND orders_2.placed_at <= $1::TIMESTAMP WITH TIME ZONE))) ELSE timezone(anon_2.zone, timezone(anon_2.zone, orders_1.placed_at) + anon_2.recent_window) END, orders_1.placed_at), CASE WHEN anon_2.refunded THEN (SELECT CASE WHEN (sum(refunds_1.amount) >= orders_1.gross - orders_1.discount) THEN max(refunds_1.refunded_at) END AS anon_6
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = orders_1.customer_id AND refunds_1.order_id = orders_1.order_id AND refunds_1.refunded_at <= $1::TIMESTAMP WITH TIME ZONE) END)) > $2::TIMESTAMP WITH TIME ZONE ORDER BY orders_1.placed_at DESC, orders_1.order_id DESC
 LIMIT 3) AS anon_4), '') || ']}}'))) END, CASE WHEN (anon_2.loyal @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('LOYAL' || '","window":')) || ((CASE WHEN (anon_7.first IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', anon_7.first), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', anon_7."over"), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_8.item, ',') AS string_agg_3
FROM (SELECT (('{"__typename":"' || 'Order') || ('","number":' || (CAST(to_json(orders_3.number) AS TEXT) || '}'))) AS item
FROM orders AS orders_3
WHERE orders_3.customer_id = customers_1.customer_id AND orders_3.placed_at <= $1::TIMESTAMP WITH TIME ZONE AND orders_3.placed_at <= $2::TIMESTAMP WITH TIME ZONE AND greatest(orders_3.placed_at, least(coalesce(timezone(anon_2.zone, timezone(anon_2.zone, orders_3.placed_at) + anon_2.loyal_window), orders_3.placed_at), CASE WHEN anon_2.refunded THEN (SELECT CASE WHEN (sum(refunds_2.amount) >= orders_3.gross - orders_3.discount) THEN max(refunds_2.refunded_at) END AS anon_9
FROM refunds AS refunds_2
WHERE refunds_2.customer_id = orders_3.customer_id AND refunds_2.order_id = orders_3.order_id AND refunds_2.refunded_at <= $1::TIMESTAMP WITH TIME ZONE) END)) > $2::TIMESTAMP WITH TIME ZONE ORDER BY orders_3.placed_at DESC, orders_3.order_id DESC
 LIMIT 3) AS anon_8), '') || ']}}'))) END, CASE WHEN (anon_2.paid_support_plan @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('PAID_SUPPORT_PLAN' || '","window":')) || ((CASE WHEN (CAST(NULL AS TIMESTAMP WITH TIME ZONE) IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_10.item, ',') AS string_agg_4
FROM (SELECT ('{"__typename":"' || ('SupportPlanEnrollment' || '"}')) AS item
FROM support_plans AS support_plans_1
WHERE support_plans_1.customer_id = customers_1.customer_id AND support_plans_1.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (support_plans_1.superseded_at IS NULL OR support_plans_1.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND anon_2.paid_support_plan_on AND support_plans_1.paid AND (support_plans_1.held @> $2::TIMESTAMP WITH TIME ZONE) ORDER BY support_plans_1.starts_at DESC, support_plans_1.support_plan_id DESC
 LIMIT 3) AS anon_10), '') || ']}}'))) END, CASE WHEN (anon_2.product_subscription @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('PRODUCT_SUBSCRIPTION' || '","window":')) || ((CASE WHEN (CAST(NULL AS TIMESTAMP WITH TIME ZONE) IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_11.item, ',') AS string_agg_5
FROM (SELECT (('{"__typename":"' || 'CustomerSubscription') || ('","planName":' || (CAST(to_json(subscriptions_1.plan_name) AS TEXT) || '}'))) AS item
FROM subscriptions AS subscriptions_1
WHERE subscriptions_1.customer_id = customers_1.customer_id AND subscriptions_1.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (subscriptions_1.superseded_at IS NULL OR subscriptions_1.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND anon_2.product_subscription_on AND subscriptions_1.kind = 'PRODUCT' AND (subscriptions_1.held @> $2::TIMESTAMP WITH TIME ZONE) ORDER BY subscriptions_1.started_at DESC, subscriptions_1.subscription_id DESC
 LIMIT 3) AS anon_11), '') || ']}}'))) END, CASE WHEN (anon_2.service_subscription @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('SERVICE_SUBSCRIPTION' || '","window":')) || ((CASE WHEN (CAST(NULL AS TIMESTAMP WITH TIME ZONE) IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_12.item, ',') AS string_agg_6
FROM (SELECT (('{"__typename":"' || 'CustomerSubscription') || ('","planName":' || (CAST(to_json(subscriptions_2.plan_name) AS TEXT) || '}'))) AS item
FROM subscriptions AS subscriptions_2
WHERE subscriptions_2.customer_id = customers_1.customer_id AND subscriptions_2.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (subscriptions_2.superseded_at IS NULL OR subscriptions_2.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND anon_2.service_subscription_on AND subscriptions_2.kind = 'SERVICE' AND (subscriptions_2.held @> $2::TIMESTAMP WITH TIME ZONE) ORDER BY subscriptions_2.started_at DESC, subscriptions_2.subscription_id DESC
 LIMIT 3) AS anon_12), '') || ']}}'))) END, CASE WHEN (anon_2.contract @> $2::TIMESTAMP WITH TIME ZONE) THEN (('{"code":"' || ('CONTRACT' || '","window":')) || ((CASE WHEN (CAST(NULL AS TIMESTAMP WITH TIME ZONE) IS NULL) THEN 'null' ELSE (('{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', CAST(NULL AS TIMESTAMP WITH TIME ZONE)), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"evidence":{"nodes":[') || (coalesce((SELECT string_agg(anon_13.item, ',') AS string_agg_7
FROM (SELECT ('{"__typename":"' || ('Contract' || '"}')) AS item
FROM contracts AS contracts_1
WHERE contracts_1.customer_id = customers_1.customer_id AND contracts_1.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (contracts_1.superseded_at IS NULL OR contracts_1.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND anon_2.contract_on AND (contracts_1.held @> $2::TIMESTAMP WITH TIME ZONE) ORDER BY contracts_1.starts_at DESC, contracts_1.contract_id DESC
 LIMIT 3) AS anon_13), '') || ']}}'))) END) || '],"evaluations":[{"code":"') || ('RECENT_PURCHASE' || '","holdsUntil":')) || ((coalesce(('"' || (to_char(timezone('UTC', upper((SELECT each
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
WHERE each @> $2::TIMESTAMP WITH TIME ZONE))), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || ('}],"history":[' || (coalesce((SELECT string_agg(anon_15.anon_14, ',') AS string_agg_8
FROM (SELECT ((('{"isActive":' || coalesce(CAST(anon_16.is_active AS TEXT), 'null')) || (',"reasons":' || coalesce(CAST(to_json(anon_16.reasons) AS TEXT), 'null'))) || ((',"interval":{"startAt":' || coalesce(('"' || (to_char(timezone('UTC', anon_16.starts_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')) || (',"endAt":' || (coalesce(('"' || (to_char(timezone('UTC', anon_16.ends_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}}')))) AS anon_14
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
 LIMIT $3::INTEGER) AS found) AS anon_16 ORDER BY anon_16.place) AS anon_15), '') || ']}}')))))) AS item
FROM customers AS customers_1 JOIN LATERAL (SELECT anon_17.recent_purchase AS recent_purchase, anon_17.loyal AS loyal, anon_17.paid_support_plan AS paid_support_plan, anon_17.product_subscription AS product_subscription, anon_17.service_subscription AS service_subscription, anon_17.contract AS contract, anon_17.loyal_on AS loyal_on, anon_17.paid_support_plan_on AS paid_support_plan_on, anon_17.product_subscription_on AS product_subscription_on, anon_17.service_subscription_on AS service_subscription_on, anon_17.contract_on AS contract_on, anon_17.recent_purchase_on AS recent_purchase_on, anon_17.recent_window AS recent_window, anon_17.by_category AS by_category, anon_17.loyal_window AS loyal_window, anon_17.loyal_count AS loyal_count, anon_17.longest AS longest, anon_17.refunded AS refunded, anon_17.policy_id AS policy_id, anon_17.zone AS zone, anon_17.at_list AS at_list, anon_17.recent_list AS recent_list, anon_17.loyal_list AS loyal_list, anon_17.spans AS spans, (SELECT each
FROM unnest(anon_17.spans) AS each
WHERE each @> $2::TIMESTAMP WITH TIME ZONE) AS span
FROM LATERAL (SELECT anon_18.recent_purchase AS recent_purchase, anon_18.loyal AS loyal, anon_18.paid_support_plan AS paid_support_plan, anon_18.product_subscription AS product_subscription, anon_18.service_subscription AS service_subscription, anon_18.contract AS contract, anon_18.loyal_on AS loyal_on, anon_18.paid_support_plan_on AS paid_support_plan_on, anon_18.product_subscription_on AS product_subscription_on, anon_18.service_subscription_on AS service_subscription_on, anon_18.contract_on AS contract_on, anon_18.recent_purchase_on AS recent_purchase_on, anon_18.recent_window AS recent_window, anon_18.by_category AS by_category, anon_18.loyal_window AS loyal_window, anon_18.loyal_count AS loyal_count, anon_18.longest AS longest, anon_18.refunded AS refunded, anon_18.policy_id AS policy_id, anon_18.zone AS zone, anon_18.at_list AS at_list, anon_18.recent_list AS recent_list, anon_18.loyal_list AS loyal_list, ((((anon_18.recent_purchase + anon_18.loyal) + anon_18.paid_support_plan) + anon_18.product_subscription) + anon_18.service_subscription) + anon_18.contract AS spans
FROM LATERAL (SELECT coalesce((SELECT range_agg(tstzrange(each.at, each.until)) AS range_agg_1
FROM unnest(anon_19.at, anon_19.recent) AS each(at, until)), '{}'::tstzmultirange) AS recent_purchase, coalesce(CASE WHEN (cardinality(anon_19.at) >= anon_20.loyal_count) THEN (SELECT range_agg(tstzrange(counts.at, counts.next)) AS range_agg_2
FROM (SELECT turns.at AS at, lead(turns.at) OVER (ORDER BY turns.at) AS next, sum(turns.step) OVER (ORDER BY turns.at) AS counting
FROM (SELECT steps.at AS at, sum(steps.step) AS step
FROM (SELECT begun AS at, 1 AS step
FROM unnest(anon_19.at) AS begun UNION ALL SELECT "over", -1
FROM unnest(anon_19.loyal) AS "over") AS steps GROUP BY steps.at) AS turns) AS counts
WHERE counts.counting >= anon_20.loyal_count) END, '{}'::tstzmultirange) AS loyal, coalesce(CASE WHEN anon_20.paid_support_plan_on THEN (SELECT range_agg(support_plans_2.held) AS range_agg_3
FROM support_plans AS support_plans_2
WHERE support_plans_2.customer_id = customers_1.customer_id AND support_plans_2.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (support_plans_2.superseded_at IS NULL OR support_plans_2.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND support_plans_2.paid) END, '{}'::tstzmultirange) AS paid_support_plan, coalesce(CASE WHEN anon_20.product_subscription_on THEN (SELECT range_agg(subscriptions_3.held) AS range_agg_4
FROM subscriptions AS subscriptions_3
WHERE subscriptions_3.customer_id = customers_1.customer_id AND subscriptions_3.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (subscriptions_3.superseded_at IS NULL OR subscriptions_3.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND subscriptions_3.kind = 'PRODUCT') END, '{}'::tstzmultirange) AS product_subscription, coalesce(CASE WHEN anon_20.service_subscription_on THEN (SELECT range_agg(subscriptions_4.held) AS range_agg_5
FROM subscriptions AS subscriptions_4
WHERE subscriptions_4.customer_id = customers_1.customer_id AND subscriptions_4.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (subscriptions_4.superseded_at IS NULL OR subscriptions_4.replaced_at > $1::TIMESTAMP WITH TIME ZONE) AND subscriptions_4.kind = 'SERVICE') END, '{}'::tstzmultirange) AS service_subscription, coalesce(CASE WHEN anon_20.contract_on THEN (SELECT range_agg(contracts_2.held) AS range_agg_6
FROM contracts AS contracts_2
WHERE contracts_2.customer_id = customers_1.customer_id AND contracts_2.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (contracts_2.superseded_at IS NULL OR contracts_2.replaced_at > $1::TIMESTAMP WITH TIME ZONE)) END, '{}'::tstzmultirange) AS contract, anon_20.loyal_on AS loyal_on, anon_20.paid_support_plan_on AS paid_support_plan_on, anon_20.product_subscription_on AS product_subscription_on, anon_20.service_subscription_on AS service_subscription_on, anon_20.contract_on AS contract_on, anon_20.recent_purchase_on AS recent_purchase_on, anon_20.recent_window AS recent_window, anon_20.by_category AS by_category, anon_20.loyal_window AS loyal_window, anon_20.loyal_count AS loyal_count, anon_20.longest AS longest, anon_20.refunded AS refunded, anon_20.policy_id AS policy_id, anon_20.zone AS zone, anon_19.at AS at_list, anon_19.recent AS recent_list, anon_19.loyal AS loyal_list
FROM LATERAL (SELECT coalesce((array_agg(CASE WHEN active_rules_2.enabled THEN true END ORDER BY active_rules_2.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_2.code = 'LOYAL' AND active_rules_2.category IS NULL))[1], false) AS loyal_on, coalesce((array_agg(CASE WHEN active_rules_2.enabled THEN true END ORDER BY active_rules_2.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_2.code = 'PAID_SUPPORT_PLAN' AND active_rules_2.category IS NULL))[1], false) AS paid_support_plan_on, coalesce((array_agg(CASE WHEN active_rules_2.enabled THEN true END ORDER BY active_rules_2.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_2.code = 'PRODUCT_SUBSCRIPTION' AND active_rules_2.category IS NULL))[1], false) AS product_subscription_on, coalesce((array_agg(CASE WHEN active_rules_2.enabled THEN true END ORDER BY active_rules_2.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_2.code = 'SERVICE_SUBSCRIPTION' AND active_rules_2.category IS NULL))[1], false) AS service_subscription_on, coalesce((array_agg(CASE WHEN active_rules_2.enabled THEN true END ORDER BY active_rules_2.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_2.code = 'CONTRACT' AND active_rules_2.category IS NULL))[1], false) AS contract_on, coalesce((array_agg(CASE WHEN active_rules_2.enabled THEN true END ORDER BY active_rules_2.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_2.code = 'RECENT_PURCHASE' AND active_rules_2.category IS NULL))[1] OR bool_or(active_rules_2.category IS NOT NULL AND active_rules_2.enabled AND NOT (active_rules_2.customer_kind IS NULL AND (EXISTS (SELECT 1
FROM active_rules AS active_rules_3
WHERE active_rules_3.policy_id = (SELECT active_policies_2.policy_id
FROM active_policies AS active_policies_2
WHERE active_policies_2.effective_from <= $2::TIMESTAMP WITH TIME ZONE AND active_policies_2.effective_from <= $1::TIMESTAMP WITH TIME ZONE ORDER BY active_policies_2.effective_from DESC
 LIMIT 1) AND active_rules_3.code = active_rules_2.code AND active_rules_3.category = active_rules_2.category AND active_rules_3.customer_kind = customers_1.kind)))), false) AS recent_purchase_on, (array_agg(CASE WHEN active_rules_2.enabled THEN active_rules_2."window" END ORDER BY active_rules_2.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_2.code = 'RECENT_PURCHASE' AND active_rules_2.category IS NULL))[1] AS recent_window, coalesce(bool_or(active_rules_2.category IS NOT NULL), false) AS by_category, (array_agg(CASE WHEN active_rules_2.enabled THEN active_rules_2."window" END ORDER BY active_rules_2.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_2.code = 'LOYAL' AND active_rules_2.category IS NULL))[1] AS loyal_window, (array_agg(CASE WHEN active_rules_2.enabled THEN active_rules_2.minimum_count END ORDER BY active_rules_2.customer_kind ASC NULLS LAST) FILTER (WHERE active_rules_2.code = 'LOYAL' AND active_rules_2.category IS NULL))[1] AS loyal_count, coalesce(max(active_rules_2."window"), interval '0') AS longest, EXISTS (SELECT 1
FROM refunds AS refunds_3
WHERE refunds_3.customer_id = customers_1.customer_id AND refunds_3.refunded_at <= $1::TIMESTAMP WITH TIME ZONE) AS refunded, (SELECT active_policies_2.policy_id
FROM active_policies AS active_policies_2
WHERE active_policies_2.effective_from <= $2::TIMESTAMP WITH TIME ZONE AND active_policies_2.effective_from <= $1::TIMESTAMP WITH TIME ZONE ORDER BY active_policies_2.effective_from DESC
 LIMIT 1) AS policy_id, (SELECT coalesce(active_policies_3.time_zone, (SELECT business.time_zone
FROM business), 'UTC') AS coalesce_1
FROM active_policies AS active_policies_3
WHERE active_policies_3.policy_id = (SELECT active_policies_2.policy_id
FROM active_policies AS active_policies_2
WHERE active_policies_2.effective_from <= $2::TIMESTAMP WITH TIME ZONE AND active_policies_2.effective_from <= $1::TIMESTAMP WITH TIME ZONE ORDER BY active_policies_2.effective_from DESC
 LIMIT 1)) AS zone
FROM active_rules AS active_rules_2
WHERE active_rules_2.policy_id = (SELECT active_policies_2.policy_id
FROM active_policies AS active_policies_2
WHERE active_policies_2.effective_from <= $2::TIMESTAMP WITH TIME ZONE AND active_policies_2.effective_from <= $1::TIMESTAMP WITH TIME ZONE ORDER BY active_policies_2.effective_from DESC
 LIMIT 1) AND (active_rules_2.customer_kind IS NULL OR active_rules_2.customer_kind = customers_1.kind)
 LIMIT ALL OFFSET 0) AS anon_20 JOIN LATERAL (SELECT array_agg(anon_21.at) AS at, array_agg(greatest(anon_21.at, least(coalesce(anon_21.recent, anon_21.at), anon_21.undone))) AS recent, array_agg(greatest(anon_21.at, least(coalesce(anon_21.loyal, anon_21.at), anon_21.undone))) AS loyal
FROM (SELECT orders_4.placed_at AS at, CASE WHEN anon_20.refunded THEN (SELECT CASE WHEN (sum(refunds_4.amount) >= orders_4.gross - orders_4.discount) THEN max(refunds_4.refunded_at) END AS anon_22
FROM refunds AS refunds_4
WHERE refunds_4.customer_id = orders_4.customer_id AND refunds_4.order_id = orders_4.order_id AND refunds_4.refunded_at <= $1::TIMESTAMP WITH TIME ZONE) END AS undone, CASE WHEN anon_20.by_category THEN (SELECT max(timezone(anon_20.zone, timezone(anon_20.zone, orders_4.placed_at) + (SELECT CASE WHEN active_rules_4.enabled THEN active_rules_4."window" END AS anon_23
FROM active_rules AS active_rules_4
WHERE active_rules_4.policy_id = (SELECT active_policies_2.policy_id
FROM active_policies AS active_policies_2
WHERE active_policies_2.effective_from <= $2::TIMESTAMP WITH TIME ZONE AND active_policies_2.effective_from <= $1::TIMESTAMP WITH TIME ZONE ORDER BY active_policies_2.effective_from DESC
 LIMIT 1) AND active_rules_4.code = 'RECENT_PURCHASE' AND (active_rules_4.category IS NULL OR active_rules_4.category = products_2.category) AND (active_rules_4.customer_kind IS NULL OR active_rules_4.customer_kind = customers_1.kind) ORDER BY active_rules_4.category ASC NULLS LAST, active_rules_4.customer_kind ASC NULLS LAST
 LIMIT 1))) AS max_2
FROM order_lines AS order_lines_2 JOIN products AS products_2 ON products_2.product_id = order_lines_2.product_id
WHERE order_lines_2.customer_id = orders_4.customer_id AND order_lines_2.order_id = orders_4.order_id AND (EXISTS (SELECT 1
FROM orders AS orders_5
WHERE orders_5.customer_id = order_lines_2.customer_id AND orders_5.order_id = order_lines_2.order_id AND orders_5.placed_at <= $1::TIMESTAMP WITH TIME ZONE))) ELSE timezone(anon_20.zone, timezone(anon_20.zone, orders_4.placed_at) + anon_20.recent_window) END AS recent, timezone(anon_20.zone, timezone(anon_20.zone, orders_4.placed_at) + anon_20.loyal_window) AS loyal
FROM orders AS orders_4
WHERE orders_4.customer_id = customers_1.customer_id AND orders_4.placed_at <= $1::TIMESTAMP WITH TIME ZONE
 LIMIT ALL OFFSET 0) AS anon_21
 LIMIT ALL OFFSET 0) AS anon_19 ON true
 LIMIT ALL OFFSET 0) AS anon_18
 LIMIT ALL OFFSET 0) AS anon_17
 LIMIT ALL OFFSET 0) AS anon_2 ON true JOIN LATERAL (SELECT count(*) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE) AS observed, min(each.at) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE) AS first, min(each.until) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE) AS "end", max(each.until) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE) AS last, (array_agg(each.at ORDER BY each.until DESC, each.at DESC) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE))[1] AS deciding, max(each.at) AS latest, (array_agg(each.until ORDER BY each.at ASC, each.until ASC) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE))[1] AS "over"
FROM unnest(anon_2.at_list, anon_2.recent_list) AS each(at, until)
WHERE each.at <= $2::TIMESTAMP WITH TIME ZONE
 LIMIT ALL OFFSET 0) AS anon_3 ON true JOIN LATERAL (SELECT count(*) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE) AS observed, min(each.at) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE) AS first, min(each.until) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE) AS "end", max(each.until) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE) AS last, (array_agg(each.at ORDER BY each.until DESC, each.at DESC) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE))[1] AS deciding, max(each.at) AS latest, (array_agg(each.until ORDER BY each.at ASC, each.until ASC) FILTER (WHERE each.until > $2::TIMESTAMP WITH TIME ZONE))[1] AS "over"
FROM unnest(anon_2.at_list, anon_2.loyal_list) AS each(at, until)
WHERE each.at <= $2::TIMESTAMP WITH TIME ZONE
 LIMIT ALL OFFSET 0) AS anon_7 ON true
WHERE customers_1.created_at <= $1::TIMESTAMP WITH TIME ZONE OR (EXISTS (SELECT 1
FROM orders AS orders_6
WHERE orders_6.customer_id = customers_1.customer_id AND orders_6.placed_at <= $1::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM refunds AS refunds_5
WHERE refunds_5.customer_id = customers_1.customer_id AND refunds_5.refunded_at <= $1::TIMESTAMP WITH TIME ZONE)) OR (EXISTS (SELECT 1
FROM contracts AS contracts_3
WHERE contracts_3.customer_id = customers_1.customer_id AND contracts_3.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (contracts_3.superseded_at IS NULL OR contracts_3.replaced_at > $1::TIMESTAMP WITH TIME ZONE))) OR (EXISTS (SELECT 1
FROM subscriptions AS subscriptions_5
WHERE subscriptions_5.customer_id = customers_1.customer_id AND subscriptions_5.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (subscriptions_5.superseded_at IS NULL OR subscriptions_5.replaced_at > $1::TIMESTAMP WITH TIME ZONE))) OR (EXISTS (SELECT 1
FROM support_plans AS support_plans_3
WHERE support_plans_3.customer_id = customers_1.customer_id AND support_plans_3.changed_at <= $1::TIMESTAMP WITH TIME ZONE AND (support_plans_3.superseded_at IS NULL OR support_plans_3.replaced_at > $1::TIMESTAMP WITH TIME ZONE))) ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC
 LIMIT 2) AS anon_1), '') || ']}')) AS c0;
