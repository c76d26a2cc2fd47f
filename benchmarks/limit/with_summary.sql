-- A page of customers with their sums and latest orders in one statement, as fast as a person would write it by hand:
-- the JSON is joined from pieces of text, sums and roundings are done where the rows are.
SELECT '{"nodes":[' || coalesce(string_agg(item, ','), '') || ']}' FROM (
  SELECT
    '{"id":"cus_' || encode(uuid_send(customers.customer_id), 'hex')
    || '","displayName":' || to_json(trim(concat_ws(' ', first_name, last_name)))::text
    || ',"email":' || coalesce(to_json(email)::text, 'null')
    || ',"createdAt":"' || to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '","purchaseSummary":' || summary.item
    || ',"orders":{"nodes":[' || coalesce(latest.items, '') || ']}}' AS item
  FROM customers
  CROSS JOIN LATERAL (
    SELECT
      '{"orderCount":' || count || ',"net":{"amount":"' || round(came - went, 2) || '","currencyCode":"' || currency || '"}'
      || ',"averageOrderValue":' || coalesce(
        '{"amount":"' || round((came - went) / nullif(count, 0), 2) || '","currencyCode":"' || currency || '"}', 'null'
      )
      || ',"lastPurchaseAt":' || coalesce(
        '"' || to_char(last AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"', 'null'
      )
      || '}' AS item
    FROM (SELECT currency FROM business) AS ours, (
      SELECT count(*), coalesce(sum(business_gross - business_discount), 0) AS came, max(placed_at) AS last
      FROM orders WHERE orders.customer_id = customers.customer_id
    ) AS bought, (
      SELECT coalesce(sum(business_amount), 0) AS went
      FROM refunds WHERE refunds.customer_id = customers.customer_id
    ) AS back
  ) AS summary
  CROSS JOIN LATERAL (
    SELECT string_agg(item, ',') AS items FROM (
      SELECT
        '{"id":"ord_' || encode(uuid_send(orders.order_id), 'hex')
        || '","number":' || to_json(number)::text
        || ',"placedAt":"' || to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || '","total":{"amount":"' || round(gross - discount, 2) || '","currencyCode":"' || currency
        || '"},"lines":{"nodes":[' || coalesce(lines.items, '') || ']}}' AS item
      FROM orders
      CROSS JOIN LATERAL (
        SELECT string_agg(item, ',') AS items FROM (
          SELECT
            '{"sku":' || to_json(sku)::text || ',"name":' || to_json(name)::text || ',"quantity":' || quantity
            || ',"unitPrice":{"amount":"' || round(unit_price, 2) || '","currencyCode":"' || currency || '"}}' AS item
          FROM order_lines
          WHERE order_lines.customer_id = orders.customer_id AND order_lines.order_id = orders.order_id
          ORDER BY position LIMIT 20
        ) AS listed
      ) AS lines
      WHERE orders.customer_id = customers.customer_id
      ORDER BY placed_at DESC, orders.order_id DESC LIMIT 5
    ) AS listed
  ) AS latest
  WHERE (created_at, customers.customer_id) > ($1, $2)
  ORDER BY created_at, customers.customer_id LIMIT 50
) AS listed
