-- A page of customers with their sums and latest orders in one statement, as the best a person could write it by hand.
SELECT row_to_json(answer)::text FROM (
  SELECT coalesce(json_agg(item), '[]') AS nodes FROM (
    SELECT
      'cus_' || replace(customers.customer_id::text, '-', '') AS id,
      trim(concat_ws(' ', first_name, last_name)) AS "displayName",
      email,
      to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "createdAt",
      row_to_json(summary) AS "purchaseSummary",
      (
        SELECT row_to_json(page) FROM (
          SELECT coalesce(json_agg(listed), '[]') AS nodes FROM (
            SELECT
              'ord_' || replace(orders.order_id::text, '-', '') AS id,
              number,
              to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "placedAt",
              (SELECT row_to_json(money) FROM (
                SELECT round(gross - discount, 2)::text AS amount, currency AS "currencyCode"
              ) AS money) AS total,
              (
                SELECT row_to_json(page) FROM (
                  SELECT coalesce(json_agg(line), '[]') AS nodes FROM (
                    SELECT sku, name, quantity, (SELECT row_to_json(money) FROM (
                      SELECT round(unit_price, 2)::text AS amount, order_lines.currency AS "currencyCode"
                    ) AS money) AS "unitPrice"
                    FROM order_lines
                    WHERE order_lines.customer_id = orders.customer_id AND order_lines.order_id = orders.order_id
                    ORDER BY position LIMIT 20
                  ) AS line
                ) AS page
              ) AS lines
            FROM orders
            WHERE orders.customer_id = customers.customer_id
            ORDER BY placed_at DESC, orders.order_id DESC LIMIT 5
          ) AS listed
        ) AS page
      ) AS orders
    FROM customers
    CROSS JOIN LATERAL (
      SELECT
        count AS "orderCount",
        (SELECT row_to_json(money) FROM (
          SELECT round(came - went, 2)::text AS amount, business.currency AS "currencyCode"
        ) AS money) AS net,
        CASE WHEN count > 0 THEN (SELECT row_to_json(money) FROM (
          SELECT round((came - went) / count, 2)::text AS amount, business.currency AS "currencyCode"
        ) AS money) END AS "averageOrderValue",
        to_char(last AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "lastPurchaseAt"
      FROM business, (
        SELECT count(*), coalesce(sum(business_gross - business_discount), 0) AS came, max(placed_at) AS last
        FROM orders WHERE orders.customer_id = customers.customer_id
      ) AS bought, (
        SELECT coalesce(sum(business_amount), 0) AS went
        FROM refunds WHERE refunds.customer_id = customers.customer_id
      ) AS back
    ) AS summary
    WHERE (created_at, customers.customer_id) > ($1, $2)
    ORDER BY created_at, customers.customer_id LIMIT 50
  ) AS item
) AS answer
