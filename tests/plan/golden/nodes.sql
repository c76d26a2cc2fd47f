SELECT 0 AS part, ord, c0 FROM (SELECT p.k0, p.ord, r.c0
FROM unnest((SELECT CAST($1::UUID[] AS UUID[]) AS anon_1)) WITH ORDINALITY AS p(k0, ord) JOIN LATERAL (SELECT ((('{"__typename":"' || 'Customer') || ('","id":"' || 'cus_' || encode(uuid_send(customers_1.customer_id), 'hex'))) || (('","displayName":' || coalesce(CAST(to_json(coalesce(nullif(trim(concat_ws(' ', customers_1.first_name, customers_1.last_name)), ''), (SELECT companies_1.name
FROM companies AS companies_1
WHERE companies_1.company_id = customers_1.company_id), customers_1.email, 'Customer ' || (SELECT customer_external_ids_1.value
FROM customer_external_ids AS customer_external_ids_1
WHERE customer_external_ids_1.customer_id = customers_1.customer_id AND customer_external_ids_1.superseded_at IS NULL ORDER BY customer_external_ids_1.source, customer_external_ids_1.value
 LIMIT 1), 'Customer ' || right('cus_' || encode(uuid_send(customers_1.customer_id), 'hex'), 8))) AS TEXT), 'null')) || (',"externalIds":[' || (coalesce((SELECT string_agg(anon_2.item, ',') AS string_agg_1
FROM (SELECT (('{"source":' || CAST(to_json(customer_external_ids_2.source) AS TEXT)) || (',"value":' || (CAST(to_json(customer_external_ids_2.value) AS TEXT) || '}'))) AS item
FROM customer_external_ids AS customer_external_ids_2
WHERE customer_external_ids_2.customer_id = customers_1.customer_id AND customer_external_ids_2.superseded_at IS NULL ORDER BY customer_external_ids_2.source ASC, customer_external_ids_2.value ASC) AS anon_2), '') || ']}')))) AS c0
FROM customers AS customers_1
WHERE customers_1.customer_id = p.k0) AS r ON true ORDER BY p.ord) AS part_0 UNION ALL SELECT 1 AS part, ord, c0 FROM (SELECT p.k0, p.ord, r.c0
FROM unnest((SELECT CAST($2::UUID[] AS UUID[]) AS anon_1)) WITH ORDINALITY AS p(k0, ord) JOIN LATERAL (SELECT ((('{"__typename":"' || 'Order') || ('","id":"' || ('ord_' || encode(uuid_send(orders_1.order_id), 'hex') || '","number":'))) || ((CAST(to_json(orders_1.number) AS TEXT) || (',"status":' || coalesce(CAST(to_json(CASE WHEN ((SELECT coalesce(sum(refunds_1.amount), 0) AS coalesce_1
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = orders_1.customer_id AND refunds_1.order_id = orders_1.order_id) = 0) THEN 'COMPLETED' WHEN ((SELECT coalesce(sum(refunds_2.amount), 0) AS coalesce_2
FROM refunds AS refunds_2
WHERE refunds_2.customer_id = orders_1.customer_id AND refunds_2.order_id = orders_1.order_id) < orders_1.gross - orders_1.discount) THEN 'PARTIALLY_REFUNDED' ELSE 'REFUNDED' END) AS TEXT), 'null'))) || (',"refunds":{"nodes":[' || (coalesce((SELECT string_agg(anon_2.item, ',') AS string_agg_1
FROM (SELECT (('{"reason":' || coalesce(CAST(to_json(refunds_3.reason) AS TEXT), 'null')) || (',"amount":{"amount":"' || (CAST(round(refunds_3.amount, CASE WHEN (refunds_3.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW')) THEN CASE WHEN (refunds_3.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN (refunds_3.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN (refunds_3.currency IN ('CLF', 'UYW')) THEN 4 END ELSE 2 END) AS TEXT) || '"}}'))) AS item
FROM refunds AS refunds_3
WHERE refunds_3.customer_id = orders_1.customer_id AND refunds_3.order_id = orders_1.order_id ORDER BY refunds_3.refunded_at ASC, refunds_3.refund_id ASC
 LIMIT 20) AS anon_2), '') || ']}}')))) AS c0
FROM orders AS orders_1
WHERE orders_1.order_id = p.k0) AS r ON true ORDER BY p.ord) AS part_1 UNION ALL SELECT 2 AS part, ord, c0 FROM (SELECT p.k0, p.ord, r.c0
FROM unnest((SELECT CAST($3::UUID[] AS UUID[]) AS anon_1)) WITH ORDINALITY AS p(k0, ord) JOIN LATERAL (SELECT ((('{"__typename":"' || 'Company') || ('","id":"' || 'com_' || encode(uuid_send(companies_1.company_id), 'hex'))) || (('","name":' || CAST(to_json(companies_1.name) AS TEXT)) || (',"parent":' || (coalesce((SELECT ('{"name":' || (CAST(to_json(companies_2.name) AS TEXT) || '}')) AS item
FROM companies AS companies_2
WHERE companies_2.company_id = companies_1.parent_id), 'null') || '}')))) AS c0
FROM companies AS companies_1
WHERE companies_1.company_id = p.k0) AS r ON true ORDER BY p.ord) AS part_2 ORDER BY part, ord;
