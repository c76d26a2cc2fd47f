SELECT coalesce((SELECT (('{"nodes":[' || coalesce(f.i0, '')) || ('],"totalCount":{"count":' || (coalesce(CAST(to_json(least(f.total, 10000)) AS TEXT), 'null') || '}}'))) AS anon_1
FROM (SELECT a.i0 AS i0, a.more AS more, (SELECT count(*) AS count_1
FROM (SELECT 1
FROM customers AS customers_1 JOIN customer_standing AS customer_standing_1 ON customer_standing_1.customer_id = customers_1.customer_id
WHERE (customer_standing_1.order_count >= $1::INTEGER OR NOT coalesce(customers_1.country = ANY ($2::TEXT[]), false)) AND customers_1.kind = ANY ($3::TEXT[]) AND customers_1.search_text LIKE lower($4::VARCHAR) AND customers_1.search_text LIKE ALL (string_to_array(lower($5::VARCHAR), ' '))
 LIMIT $6::INTEGER) AS anon_2) AS total
FROM (SELECT string_agg(r.i0, ',' ORDER BY r.rn ASC) FILTER (WHERE r.rn <= 3) AS i0, count(*) > 3 AS more
FROM (SELECT CASE WHEN (row_number() OVER (ORDER BY customer_standing_2.last_purchase_at DESC NULLS LAST, customers_2.customer_id DESC) <= 3) THEN ((('{"displayName":' || coalesce(CAST(to_json(coalesce(nullif(trim(concat_ws(' ', customers_2.first_name, customers_2.last_name)), ''), (SELECT companies_1.name
FROM companies AS companies_1
WHERE companies_1.company_id = customers_2.company_id), customers_2.email, 'Customer ' || (SELECT customer_external_ids_1.value
FROM customer_external_ids AS customer_external_ids_1
WHERE customer_external_ids_1.customer_id = customers_2.customer_id AND customer_external_ids_1.superseded_at IS NULL ORDER BY customer_external_ids_1.source, customer_external_ids_1.value
 LIMIT 1), 'Customer ' || right('cus_' || encode(uuid_send(customers_2.customer_id), 'hex'), 8))) AS TEXT), 'null')) || (',"email":' || (coalesce(CAST(to_json(customers_2.email) AS TEXT), 'null') || ',"kind":'))) || ((CAST(to_json(customers_2.kind) AS TEXT) || (',"country":' || coalesce(CAST(to_json(customers_2.country) AS TEXT), 'null'))) || (',"tags":' || (CAST(to_json(customers_2.tags) AS TEXT) || '}')))) END AS i0, row_number() OVER (ORDER BY customer_standing_2.last_purchase_at DESC NULLS LAST, customers_2.customer_id DESC) AS rn
FROM customers AS customers_2 JOIN customer_standing AS customer_standing_2 ON customer_standing_2.customer_id = customers_2.customer_id
WHERE (customer_standing_2.order_count >= $7::INTEGER OR NOT coalesce(customers_2.country = ANY ($8::TEXT[]), false)) AND customers_2.kind = ANY ($9::TEXT[]) AND customers_2.search_text LIKE lower($10::VARCHAR) AND customers_2.search_text LIKE ALL (string_to_array(lower($11::VARCHAR), ' ')) ORDER BY customer_standing_2.last_purchase_at DESC NULLS LAST, customers_2.customer_id DESC
 LIMIT 3 + 1) AS r) AS a) AS f), 'null') AS c0;
