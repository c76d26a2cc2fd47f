-- A page of members with their points, tier, what expires and their latest movements, as a person would write it by hand:
-- it knows that a tier is reached by points, and goes through what counts towards it once for all tiers.
WITH program AS MATERIALIZED (
  SELECT program_id, tier_window, tier_grace, time_zone FROM loyalty_programs, business
  WHERE effective_from <= now() ORDER BY effective_from DESC LIMIT 1
)
SELECT '{"nodes":[' || coalesce(string_agg(item, ','), '') || ']}' FROM (
  SELECT
    '{"id":"cus_' || encode(uuid_send(customers.customer_id), 'hex')
    || '","displayName":' || to_json(trim(concat_ws(' ', first_name, last_name)))::text
    || ',"loyaltyAccount":{"openedAt":"' || to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '","balance":{"available":' || available || ',"pending":' || pending
    || '},"tier":{"code":' || to_json(held.code)::text || ',"name":' || to_json(held.name)::text
    || '},"tierUntil":' || coalesce('"' || to_char(held.until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"', 'null')
    || ',"nextTier":' || coalesce(
      '{"tier":{"code":' || to_json(following.code)::text || ',"name":' || to_json(following.name)::text
      || '},"pointsNeeded":' || ceil(following.required - total)
      || ',"before":' || coalesce('"' || to_char(drops_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"', 'null')
      || '}', 'null'
    )
    || ',"expiring":[' || coalesce(expiring.items, '')
    || '],"entries":{"nodes":[' || coalesce(latest.items, '') || ']}}}' AS item
  FROM customers
  JOIN loyalty_accounts ON loyalty_accounts.customer_id = customers.customer_id AND closed_at IS NULL
  CROSS JOIN program
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(remaining) FILTER (WHERE available_at <= now()), 0) AS available,
      coalesce(sum(remaining) FILTER (WHERE available_at > now()), 0) AS pending
    FROM loyalty_lots
    WHERE loyalty_lots.customer_id = customers.customer_id AND remaining > 0 AND (expires_at IS NULL OR expires_at > now())
  ) AS points
  CROSS JOIN LATERAL (
    SELECT array_agg(begins ORDER BY begins) AS starts, array_agg(ends ORDER BY begins) AS stops,
      array_agg(sum ORDER BY begins) AS sums,
      coalesce(max(sum) FILTER (WHERE begins <= now() AND (ends > now()) IS NOT false), 0) AS total
    FROM (
      SELECT begins, sum(sum(delta)) OVER course AS sum, lead(begins) OVER course AS ends
      FROM loyalty_entries
      CROSS JOIN LATERAL (
        VALUES (counts_from, counted),
          ((counts_from AT TIME ZONE time_zone + tier_window) AT TIME ZONE time_zone, -counted)
      ) AS step (begins, delta)
      WHERE loyalty_entries.customer_id = customers.customer_id AND counted <> 0 AND counts_from <= now()
      GROUP BY begins
      WINDOW course AS (ORDER BY begins)
    ) AS each
  ) AS course
  CROSS JOIN LATERAL (
    SELECT code, name, rank, CASE WHEN required > 0 THEN until END AS until
    FROM loyalty_tiers
    LEFT JOIN LATERAL (
      SELECT upper(span) AS until
      FROM unnest((
        SELECT range_agg(tstzrange(begins, (ends AT TIME ZONE time_zone + tier_grace) AT TIME ZONE time_zone))
        FROM unnest(starts, stops, sums) AS stretch (begins, ends, sum) WHERE sum >= required
      )) AS span
      WHERE span @> now()
    ) AS kept ON required > 0
    WHERE loyalty_tiers.program_id = program.program_id AND (required = 0 OR until IS NOT NULL)
    ORDER BY rank DESC LIMIT 1
  ) AS held
  LEFT JOIN loyalty_tiers AS following
    ON following.program_id = program.program_id AND following.rank = held.rank + 1
  CROSS JOIN LATERAL (
    SELECT min(begins) AS drops_at FROM unnest(starts, sums) AS stretch (begins, sum) WHERE begins > now() AND sum < total
  ) AS dropping
  CROSS JOIN LATERAL (
    SELECT string_agg(
      '{"points":' || points || ',"expiresAt":"' || to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"}',
      ',' ORDER BY expires_at
    ) AS items
    FROM (
      SELECT sum(remaining) AS points, expires_at FROM loyalty_lots
      WHERE loyalty_lots.customer_id = customers.customer_id AND remaining > 0 AND expires_at > now()
        AND expires_at <= (now() AT TIME ZONE time_zone + interval 'P6M') AT TIME ZONE time_zone
      GROUP BY expires_at ORDER BY expires_at LIMIT 20
    ) AS soon
  ) AS expiring
  CROSS JOIN LATERAL (
    SELECT string_agg(item, ',') AS items FROM (
      SELECT
        '{"id":"len_' || encode(uuid_send(entry_id), 'hex') || '","kind":"' || loyalty_entries.kind
        || '","points":' || points || ',"reason":' || to_json(reason)::text || ',"balanceAfter":' || balance_after
        || ',"occurredAt":"' || to_char(loyalty_entries.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || '"}' AS item
      FROM loyalty_entries JOIN loyalty_transactions USING (transaction_id)
      WHERE loyalty_entries.customer_id = customers.customer_id AND number IS NOT NULL
      ORDER BY number DESC LIMIT 5
    ) AS listed
  ) AS latest
  WHERE (created_at, customers.customer_id) > ($1, $2)
  ORDER BY created_at, customers.customer_id LIMIT 50
) AS listed
