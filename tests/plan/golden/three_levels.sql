SELECT ('{"nodes":[' || (coalesce((SELECT string_agg(anon_1.item, ',') AS string_agg_1
FROM (SELECT (('{"displayName":' || (coalesce(CAST(to_json(coalesce(nullif(trim(concat_ws(' ', customers_1.first_name, customers_1.last_name)), ''), (SELECT companies_1.name
FROM companies AS companies_1
WHERE companies_1.company_id = customers_1.company_id), customers_1.email, 'Customer ' || (SELECT customer_external_ids_1.value
FROM customer_external_ids AS customer_external_ids_1
WHERE customer_external_ids_1.customer_id = customers_1.customer_id AND customer_external_ids_1.superseded_at IS NULL ORDER BY customer_external_ids_1.source, customer_external_ids_1.value
 LIMIT 1), 'Customer ' || right('cus_' || encode(uuid_send(customers_1.customer_id), 'hex'), 8))) AS TEXT), 'null') || ',"company":')) || ((coalesce((SELECT (('{"name":' || CAST(to_json(companies_2.name) AS TEXT)) || (',"parent":' || (coalesce((SELECT ('{"name":' || (CAST(to_json(companies_3.name) AS TEXT) || '}')) AS item
FROM companies AS companies_3
WHERE companies_3.company_id = companies_2.parent_id), 'null') || '}'))) AS item
FROM companies AS companies_2
WHERE companies_2.company_id = customers_1.company_id), 'null') || ',"orders":{"nodes":[') || (coalesce((SELECT string_agg(anon_2.item, ',') AS string_agg_2
FROM (SELECT ((('{"number":' || CAST(to_json(orders_1.number) AS TEXT)) || (',"placedAt":"' || (to_char(timezone('UTC', orders_1.placed_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","total":{"amount":"'))) || ((CAST(round(orders_1.gross - orders_1.discount, CASE WHEN (orders_1.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW')) THEN CASE WHEN (orders_1.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN (orders_1.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN (orders_1.currency IN ('CLF', 'UYW')) THEN 4 END ELSE 2 END) AS TEXT) || ('","currencyCode":' || CAST(to_json(orders_1.currency) AS TEXT))) || ('},"lines":{"nodes":[' || (coalesce((SELECT string_agg(anon_3.item, ',') AS string_agg_3
FROM (SELECT (('{"sku":' || (CAST(to_json(order_lines_1.sku) AS TEXT) || ',"quantity":')) || ((CAST(order_lines_1.quantity AS TEXT) || ',"unitPrice":{"amount":"') || (CAST(round(order_lines_1.unit_price, CASE WHEN (order_lines_1.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW')) THEN CASE WHEN (order_lines_1.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN (order_lines_1.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN (order_lines_1.currency IN ('CLF', 'UYW')) THEN 4 END ELSE 2 END) AS TEXT) || '"}}'))) AS item
FROM order_lines AS order_lines_1
WHERE order_lines_1.customer_id = orders_1.customer_id AND order_lines_1.order_id = orders_1.order_id ORDER BY order_lines_1.position ASC
 LIMIT 2) AS anon_3), '') || ']}}')))) AS item
FROM orders AS orders_1
WHERE orders_1.customer_id = customers_1.customer_id ORDER BY orders_1.placed_at DESC, orders_1.order_id DESC
 LIMIT 2) AS anon_2), '') || ']}}'))) AS item
FROM customers AS customers_1 ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC
 LIMIT 2) AS anon_1), '') || ']}')) AS c0;
