SELECT CAST((SELECT row_to_json("the row") AS row_to_json_1
FROM (SELECT f.i0 AS edges, f.i1 AS nodes, (SELECT row_to_json("the row") AS row_to_json_2
FROM (SELECT false OR f.more AS "hasNextPage", false OR false AS "hasPreviousPage", f.start AS "startCursor", f."end" AS "endCursor") AS "the row") AS "pageInfo", (SELECT row_to_json("the row") AS row_to_json_3
FROM (SELECT least(f.total, 10000) AS count, CASE WHEN (f.total > 10000) THEN 'AT_LEAST' ELSE 'EXACT' END AS precision) AS "the row") AS "totalCount"
FROM (SELECT a.i0 AS i0, a.i1 AS i1, a.more AS more, a.start AS start, a."end" AS "end", (SELECT count(*) AS count_1
FROM (SELECT 1
FROM products AS products_1
 LIMIT $1::INTEGER) AS anon_1) AS total
FROM (SELECT coalesce(json_agg(r.i0 ORDER BY r.rn ASC) FILTER (WHERE r.rn <= $2::INTEGER), '[]'::json) AS i0, coalesce(json_agg(r.i1 ORDER BY r.rn ASC) FILTER (WHERE r.rn <= $2::INTEGER), '[]'::json) AS i1, count(*) > $2::INTEGER AS more, max(r.cursor) FILTER (WHERE r.rn = 1) AS start, (array_agg(r.cursor ORDER BY r.rn DESC) FILTER (WHERE r.rn <= $2::INTEGER))[1] AS "end"
FROM (SELECT (SELECT row_to_json("the row") AS row_to_json_4
FROM (SELECT translate(encode(convert_to(CAST(json_build_array('products +name', CAST(products_2.name AS TEXT), CAST(products_2.product_id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_') AS cursor, (SELECT row_to_json("the row") AS row_to_json_5
FROM (SELECT products_2.sku AS sku) AS "the row") AS node) AS "the row") AS i0, (SELECT row_to_json("the row") AS row_to_json_6
FROM (SELECT products_2.name AS name, products_2.category AS category, products_2.durable AS durable) AS "the row") AS i1, translate(encode(convert_to(CAST(json_build_array('products +name', CAST(products_2.name AS TEXT), CAST(products_2.product_id AS TEXT)) AS TEXT), 'UTF8'), 'base64'), E'+/\n', '-_') AS cursor, row_number() OVER (ORDER BY products_2.name ASC, products_2.product_id ASC) AS rn
FROM products AS products_2 ORDER BY products_2.name ASC, products_2.product_id ASC
 LIMIT $2::INTEGER + 1) AS r) AS a) AS f) AS "the row") AS TEXT) AS c0;
