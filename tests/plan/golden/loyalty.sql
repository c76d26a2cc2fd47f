SELECT ('{"nodes":[' || (coalesce((SELECT string_agg(anon_1.item, ',') AS string_agg_1
FROM (SELECT (('{"id":"' || 'cus_' || encode(uuid_send(customers_1.customer_id), 'hex')) || ('","loyaltyAccount":' || (coalesce((SELECT (((('{"balance":{"available":' || (coalesce(CAST(anon_2.available AS TEXT), 'null') || ',"pending":')) || (coalesce(CAST(anon_2.pending AS TEXT), 'null') || (',"total":' || coalesce(CAST(loyalty_accounts_1.balance - anon_2."over" AS TEXT), 'null')))) || ((',"owed":' || (CAST(loyalty_accounts_1.owed AS TEXT) || ',"lifetimeEarned":')) || ((coalesce(CAST(anon_3.earned AS TEXT), 'null') || ',"redeemed":') || (coalesce(CAST(anon_3.redeemed AS TEXT), 'null') || ',"expired":')))) || (((coalesce(CAST(anon_3.expired + anon_2."over" AS TEXT), 'null') || (',"adjusted":' || coalesce(CAST(anon_3.adjusted AS TEXT), 'null'))) || (('},"tier":' || coalesce((SELECT (('{"code":' || CAST(to_json(loyalty_tiers_1.code) AS TEXT)) || (',"name":' || (CAST(to_json(loyalty_tiers_1.name) AS TEXT) || '}'))) AS item
FROM loyalty_tiers AS loyalty_tiers_1
WHERE loyalty_tiers_1.program_id = anon_4.program_id AND loyalty_tiers_1.rank = anon_4.rank), 'null')) || (',"tierUntil":' || coalesce(('"' || (to_char(timezone('UTC', anon_4.until), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null')))) || ((',"tierKeeping":' || (CASE WHEN (anon_4.until IS NULL) THEN 'null' ELSE (('{"pointsNeeded":' || (coalesce(CAST(CAST(ceil(CASE WHEN (anon_4.basis = 'POINTS' AND anon_4.until IS NOT NULL) THEN anon_4.lacking END) AS BIGINT) AS TEXT), 'null') || ',"amountNeeded":')) || ((CASE WHEN (CASE WHEN (anon_4.basis = 'SPEND' AND anon_4.until IS NOT NULL) THEN anon_4.lacking END IS NULL) THEN 'null' ELSE (('{"amount":' || coalesce(('"' || (CAST(round(CASE WHEN (anon_4.basis = 'SPEND' AND anon_4.until IS NOT NULL) THEN anon_4.lacking END, CASE WHEN ((SELECT business.currency
FROM business) IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW')) THEN CASE WHEN ((SELECT business.currency
FROM business) IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN ((SELECT business.currency
FROM business) IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN ((SELECT business.currency
FROM business) IN ('CLF', 'UYW')) THEN 4 END ELSE 2 END) AS TEXT) || '"')), 'null')) || (',"currencyCode":' || (coalesce(CAST(to_json((SELECT business.currency
FROM business)) AS TEXT), 'null') || '}'))) END || ',"before":') || (coalesce(('"' || (to_char(timezone('UTC', anon_4.until), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}'))) END || ',"nextTier":')) || ((CASE WHEN (anon_4.next_rank IS NULL) THEN 'null' ELSE ((('{"tier":' || coalesce((SELECT ('{"code":' || (CAST(to_json(loyalty_tiers_2.code) AS TEXT) || '}')) AS item
FROM loyalty_tiers AS loyalty_tiers_2
WHERE loyalty_tiers_2.program_id = anon_4.program_id AND loyalty_tiers_2.rank = anon_4.next_rank), 'null')) || (',"pointsNeeded":' || coalesce(CAST(CAST(ceil(CASE WHEN (anon_4.basis = 'POINTS') THEN anon_4.next_required - anon_4.total END) AS BIGINT) AS TEXT), 'null'))) || ((',"amountNeeded":' || CASE WHEN (CASE WHEN (anon_4.basis = 'SPEND') THEN anon_4.next_required - anon_4.total END IS NULL) THEN 'null' ELSE (('{"amount":' || coalesce(('"' || (CAST(round(CASE WHEN (anon_4.basis = 'SPEND') THEN anon_4.next_required - anon_4.total END, CASE WHEN ((SELECT business.currency
FROM business) IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF', 'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND', 'CLF', 'UYW')) THEN CASE WHEN ((SELECT business.currency
FROM business) IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')) THEN 0 WHEN ((SELECT business.currency
FROM business) IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')) THEN 3 WHEN ((SELECT business.currency
FROM business) IN ('CLF', 'UYW')) THEN 4 END ELSE 2 END) AS TEXT) || '"')), 'null')) || (',"currencyCode":' || (coalesce(CAST(to_json((SELECT business.currency
FROM business)) AS TEXT), 'null') || '}'))) END) || (',"before":' || (coalesce(('"' || (to_char(timezone('UTC', anon_4.next_before), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"')), 'null') || '}')))) END || ',"entries":{"nodes":[') || (coalesce((SELECT string_agg(anon_5.item, ',') AS string_agg_2
FROM (SELECT ((('{"kind":' || CAST(to_json(loyalty_entries_1.kind) AS TEXT)) || (',"points":' || (CAST(loyalty_entries_1.points AS TEXT) || ',"balanceAfter":'))) || ((coalesce(CAST(loyalty_entries_1.balance_after AS TEXT), 'null') || (',"source":' || CASE WHEN (CASE loyalty_transactions_1.source WHEN $1::VARCHAR THEN 'orders' WHEN $2::VARCHAR THEN 'refunds' WHEN $3::VARCHAR THEN 'loyalty_entries' WHEN $4::VARCHAR THEN 'loyalty_entries' ELSE NULL END = 'orders') THEN coalesce((SELECT ('{"id":"' || ('ord_' || encode(uuid_send(orders_1.order_id), 'hex') || '"}')) AS item
FROM orders AS orders_1
WHERE orders_1.customer_id = loyalty_entries_1.customer_id AND orders_1.order_id = loyalty_transactions_1.source_id), 'null') WHEN (CASE loyalty_transactions_1.source WHEN $1::VARCHAR THEN 'orders' WHEN $2::VARCHAR THEN 'refunds' WHEN $3::VARCHAR THEN 'loyalty_entries' WHEN $4::VARCHAR THEN 'loyalty_entries' ELSE NULL END = 'refunds') THEN coalesce((SELECT ('{"id":"' || ('ref_' || encode(uuid_send(refunds_1.refund_id), 'hex') || '"}')) AS item
FROM refunds AS refunds_1
WHERE refunds_1.customer_id = loyalty_entries_1.customer_id AND refunds_1.refund_id = loyalty_transactions_1.source_id), 'null') WHEN (CASE loyalty_transactions_1.source WHEN $1::VARCHAR THEN 'orders' WHEN $2::VARCHAR THEN 'refunds' WHEN $3::VARCHAR THEN 'loyalty_entries' WHEN $4::VARCHAR THEN 'loyalty_entries' ELSE NULL END = 'loyalty_entries') THEN coalesce((SELECT ('{"id":"' || ('len_' || encode(uuid_send(loyalty_entries_2.entry_id), 'hex') || '"}')) AS item
FROM loyalty_entries AS loyalty_entries_2
WHERE loyalty_entries_2.customer_id = loyalty_entries_1.customer_id AND loyalty_entries_2.transaction_id = CASE WHEN (loyalty_transactions_1.source = 'LOT') THEN (SELECT loyalty_lots_1.transaction_id
FROM loyalty_lots AS loyalty_lots_1
WHERE loyalty_lots_1.customer_id = loyalty_entries_1.customer_id AND loyalty_lots_1.lot_id = loyalty_transactions_1.source_id) ELSE loyalty_transactions_1.source_id END AND loyalty_entries_2.number IS NOT NULL), 'null') ELSE 'null' END)) || (',"consumed":[' || (coalesce((SELECT string_agg(anon_6.item, ',') AS string_agg_3
FROM (SELECT (('{"points":' || coalesce(CAST(abs(loyalty_lot_uses_1.points) AS TEXT), 'null')) || (',"entry":' || (coalesce((SELECT ('{"id":"' || ('len_' || encode(uuid_send(loyalty_entries_3.entry_id), 'hex') || '"}')) AS item
FROM loyalty_entries AS loyalty_entries_3
WHERE loyalty_entries_3.customer_id = loyalty_lot_uses_1.customer_id AND loyalty_entries_3.transaction_id = loyalty_lots_2.transaction_id AND loyalty_entries_3.number IS NOT NULL), 'null') || '}'))) AS item
FROM loyalty_lot_uses AS loyalty_lot_uses_1 JOIN loyalty_lots AS loyalty_lots_2 ON loyalty_lots_2.customer_id = loyalty_lot_uses_1.customer_id AND loyalty_lots_2.lot_id = loyalty_lot_uses_1.lot_id
WHERE loyalty_lot_uses_1.customer_id = loyalty_entries_1.customer_id AND loyalty_lot_uses_1.transaction_id = loyalty_entries_1.transaction_id AND loyalty_lot_uses_1.points > 0 ORDER BY loyalty_lots_2.expires_at ASC NULLS LAST, loyalty_lots_2.available_at ASC, loyalty_lot_uses_1.lot_id ASC) AS anon_6), '') || ']}')))) AS item
FROM loyalty_entries AS loyalty_entries_1 JOIN loyalty_transactions AS loyalty_transactions_1 ON loyalty_transactions_1.transaction_id = loyalty_entries_1.transaction_id
WHERE loyalty_entries_1.customer_id = loyalty_accounts_1.customer_id AND loyalty_entries_1.number IS NOT NULL ORDER BY loyalty_entries_1.number DESC NULLS LAST
 LIMIT 5) AS anon_5), '') || ']}}'))))) AS item
FROM loyalty_accounts AS loyalty_accounts_1 JOIN LATERAL (SELECT CAST(coalesce(sum(loyalty_lots_3.remaining) FILTER (WHERE NOT coalesce(loyalty_lots_3.expires_at <= $5::TIMESTAMP WITH TIME ZONE, false) AND loyalty_lots_3.available_at <= $5::TIMESTAMP WITH TIME ZONE), 0) AS BIGINT) AS available, CAST(coalesce(sum(loyalty_lots_3.remaining) FILTER (WHERE NOT coalesce(loyalty_lots_3.expires_at <= $5::TIMESTAMP WITH TIME ZONE, false) AND loyalty_lots_3.available_at > $5::TIMESTAMP WITH TIME ZONE), 0) AS BIGINT) AS pending, CAST(coalesce(sum(loyalty_lots_3.remaining) FILTER (WHERE coalesce(loyalty_lots_3.expires_at <= $5::TIMESTAMP WITH TIME ZONE, false)), 0) AS BIGINT) AS "over"
FROM loyalty_lots AS loyalty_lots_3
WHERE loyalty_lots_3.customer_id = loyalty_accounts_1.customer_id AND loyalty_lots_3.remaining > 0
 LIMIT ALL OFFSET 0) AS anon_2 ON true JOIN LATERAL (SELECT CAST(coalesce(sum(loyalty_entries_4.points), 0) AS BIGINT) AS points, CAST(coalesce(sum(loyalty_entries_4.owed), 0) AS BIGINT) AS owed, CAST(coalesce(sum(loyalty_entries_4.points - loyalty_entries_4.owed) FILTER (WHERE (loyalty_entries_4.kind = 'EARN' OR loyalty_entries_4.kind = 'REVERSE') AND NOT (loyalty_entries_4.kind = 'REVERSE' AND loyalty_entries_4.points > 0)), 0) AS BIGINT) AS earned, CAST(coalesce(sum(-loyalty_entries_4.points) FILTER (WHERE loyalty_entries_4.kind = 'REDEEM' OR loyalty_entries_4.kind = 'REVERSE' AND loyalty_entries_4.points > 0), 0) AS BIGINT) AS redeemed, CAST(coalesce(sum(-loyalty_entries_4.points) FILTER (WHERE loyalty_entries_4.kind = 'EXPIRE'), 0) AS BIGINT) AS expired, CAST(coalesce(sum(loyalty_entries_4.points) FILTER (WHERE loyalty_entries_4.kind = 'ADJUST' OR loyalty_entries_4.kind = 'TRANSFER'), 0) AS BIGINT) AS adjusted
FROM loyalty_entries AS loyalty_entries_4
WHERE loyalty_entries_4.customer_id = loyalty_accounts_1.customer_id AND loyalty_entries_4.number IS NOT NULL
 LIMIT ALL OFFSET 0) AS anon_3 ON true LEFT OUTER JOIN LATERAL (SELECT anon_7.program_id AS program_id, anon_7.basis AS basis, anon_7.total AS total, anon_8.rank AS rank, anon_8.until AS until, anon_8.lacking AS lacking, anon_9.next_rank AS next_rank, anon_9.next_required AS next_required, (SELECT min(stretch.starts) AS min_1
FROM unnest(anon_7.starts, anon_7.ends, anon_7.totals) AS stretch(starts, ends, total)
WHERE stretch.starts > $5::TIMESTAMP WITH TIME ZONE AND stretch.total < anon_7.total) AS next_before
FROM LATERAL (SELECT anon_10.program_id AS program_id, anon_10.basis AS basis, anon_10.tier_window AS tier_window, anon_10.tier_grace AS tier_grace, anon_10.zone AS zone, anon_11.starts AS starts, anon_11.ends AS ends, anon_11.totals AS totals, anon_11.total AS total
FROM LATERAL (SELECT loyalty_programs_1.program_id AS program_id, loyalty_programs_1.tier_basis AS basis, loyalty_programs_1.tier_window AS tier_window, loyalty_programs_1.tier_grace AS tier_grace, coalesce((SELECT business.time_zone
FROM business), 'UTC') AS zone
FROM loyalty_programs AS loyalty_programs_1
WHERE loyalty_programs_1.program_id = (SELECT loyalty_programs_2.program_id
FROM loyalty_programs AS loyalty_programs_2
WHERE loyalty_programs_2.effective_from <= $5::TIMESTAMP WITH TIME ZONE ORDER BY loyalty_programs_2.effective_from DESC
 LIMIT 1)
 LIMIT ALL OFFSET 0) AS anon_10 JOIN LATERAL (SELECT array_agg(each.starts ORDER BY each.starts) AS starts, array_agg(each.ends ORDER BY each.starts) AS ends, array_agg(each.total ORDER BY each.starts) AS totals, coalesce(max(each.total) FILTER (WHERE each.starts <= $5::TIMESTAMP WITH TIME ZONE AND (each.ends IS NULL OR each.ends > $5::TIMESTAMP WITH TIME ZONE)), 0) AS total
FROM (SELECT steps.at AS starts, lead(steps.at) OVER (ORDER BY steps.at) AS ends, sum(sum(steps.delta)) OVER (ORDER BY steps.at) AS total
FROM (SELECT step.at AS at, step.delta AS delta
FROM (SELECT loyalty_entries_5.counts_from AS at, loyalty_entries_5.counted AS amount
FROM loyalty_entries AS loyalty_entries_5
WHERE anon_10.basis = 'POINTS' AND loyalty_entries_5.customer_id = loyalty_accounts_1.customer_id AND loyalty_entries_5.counts_from <= $5::TIMESTAMP WITH TIME ZONE AND loyalty_entries_5.counted != 0 AND loyalty_entries_5.number IS NOT NULL UNION ALL SELECT orders_2.placed_at AS at, orders_2.business_gross - orders_2.business_discount AS amount
FROM orders AS orders_2
WHERE anon_10.basis = 'SPEND' AND orders_2.customer_id = loyalty_accounts_1.customer_id AND orders_2.placed_at <= $5::TIMESTAMP WITH TIME ZONE AND orders_2.business_gross - orders_2.business_discount != 0 UNION ALL SELECT coalesce((SELECT orders_3.placed_at
FROM orders AS orders_3
WHERE orders_3.customer_id = refunds_2.customer_id AND orders_3.order_id = refunds_2.order_id), refunds_2.refunded_at) AS at, -refunds_2.business_amount AS amount
FROM refunds AS refunds_2
WHERE anon_10.basis = 'SPEND' AND refunds_2.customer_id = loyalty_accounts_1.customer_id AND coalesce((SELECT orders_3.placed_at
FROM orders AS orders_3
WHERE orders_3.customer_id = refunds_2.customer_id AND orders_3.order_id = refunds_2.order_id), refunds_2.refunded_at) <= $5::TIMESTAMP WITH TIME ZONE AND -refunds_2.business_amount != 0) AS counted JOIN unnest(ARRAY[counted.at, timezone(anon_10.zone, timezone(anon_10.zone, counted.at) + anon_10.tier_window)], ARRAY[counted.amount, -counted.amount]) AS step(at, delta) ON true) AS steps GROUP BY steps.at) AS each
 LIMIT ALL OFFSET 0) AS anon_11 ON true
 LIMIT ALL OFFSET 0) AS anon_7 LEFT OUTER JOIN LATERAL (SELECT anon_12.rank AS rank, CASE WHEN (anon_12.required != 0) THEN upper(CASE WHEN (anon_12.spans @> $5::TIMESTAMP WITH TIME ZONE) THEN (SELECT each
FROM unnest(anon_12.spans) AS each
WHERE each @> $5::TIMESTAMP WITH TIME ZONE) END) END AS until, anon_12.required - coalesce((SELECT stretch.total
FROM unnest(anon_7.starts, anon_7.ends, anon_7.totals) AS stretch(starts, ends, total)
WHERE stretch.starts <= CASE WHEN (anon_12.required != 0) THEN upper(CASE WHEN (anon_12.spans @> $5::TIMESTAMP WITH TIME ZONE) THEN (SELECT each
FROM unnest(anon_12.spans) AS each
WHERE each @> $5::TIMESTAMP WITH TIME ZONE) END) END AND (stretch.ends IS NULL OR stretch.ends > CASE WHEN (anon_12.required != 0) THEN upper(CASE WHEN (anon_12.spans @> $5::TIMESTAMP WITH TIME ZONE) THEN (SELECT each
FROM unnest(anon_12.spans) AS each
WHERE each @> $5::TIMESTAMP WITH TIME ZONE) END) END)), 0) AS lacking
FROM LATERAL (SELECT loyalty_tiers_3.rank AS rank, loyalty_tiers_3.required AS required, (SELECT range_agg(tstzrange(stretch.starts, CASE WHEN (anon_7.tier_grace = interval '0') THEN stretch.ends ELSE timezone(anon_7.zone, timezone(anon_7.zone, stretch.ends) + anon_7.tier_grace) END)) AS range_agg_1
FROM unnest(anon_7.starts, anon_7.ends, anon_7.totals) AS stretch(starts, ends, total)
WHERE loyalty_tiers_3.required <= stretch.total) AS spans
FROM loyalty_tiers AS loyalty_tiers_3
WHERE loyalty_tiers_3.program_id = anon_7.program_id
 LIMIT ALL OFFSET 0) AS anon_12
WHERE anon_12.required = 0 OR (anon_12.spans @> $5::TIMESTAMP WITH TIME ZONE) ORDER BY anon_12.rank DESC
 LIMIT 1 OFFSET 0) AS anon_8 ON true LEFT OUTER JOIN LATERAL (SELECT loyalty_tiers_4.rank AS next_rank, loyalty_tiers_4.required AS next_required
FROM loyalty_tiers AS loyalty_tiers_4
WHERE loyalty_tiers_4.program_id = anon_7.program_id AND loyalty_tiers_4.rank > anon_8.rank ORDER BY loyalty_tiers_4.rank
 LIMIT 1 OFFSET 0) AS anon_9 ON true
 LIMIT ALL OFFSET 0) AS anon_4 ON true
WHERE loyalty_accounts_1.customer_id = customers_1.customer_id), 'null') || '}'))) AS item
FROM customers AS customers_1 ORDER BY customers_1.created_at ASC, customers_1.customer_id ASC
 LIMIT 50) AS anon_1), '') || ']}')) AS c0;
