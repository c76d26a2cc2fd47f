"""The bare transaction of spending points: what locks, rows and sums cannot be left out, and nothing else checked.

Before it commits, the database compares account and lots with the entries by the same triggers as for Regulars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from benchmarks.limit.keys import answer, once

_ACCOUNT = """
SELECT balance, entries, owed, greatest(latest_at, now()) AS moment
FROM loyalty_accounts WHERE customer_id = $1 AND closed_at IS NULL FOR UPDATE
"""
# In a statement of its own: one that waits for a lock sees other rows as they were before it waited.
_LOTS = """
SELECT lot_id, remaining FROM loyalty_lots
WHERE customer_id = $1 AND remaining > 0 AND available_at <= now() AND (expires_at IS NULL OR expires_at > now())
ORDER BY expires_at, available_at, lot_id
"""
_SPEND = """
WITH moved AS (
  INSERT INTO loyalty_transactions (transaction_id, kind, source, source_id, reason, occurred_at)
  VALUES ($2, 'REDEEM', 'REQUEST', $2, $6, $11)
), posted AS (
  INSERT INTO loyalty_entries (
    customer_id, transaction_id, account, entry_id, kind, points, number, balance_after, owed_after, occurred_at
  ) VALUES
    ($1, $2, 'CUSTOMER', $3, 'REDEEM', -$5::bigint, $7, $8, $12, $11),
    ($1, $2, 'REDEEMED', $4, 'REDEEM', $5::bigint, NULL, NULL, NULL, $11)
), used AS (
  INSERT INTO loyalty_lot_uses (customer_id, lot_id, transaction_id, points, occurred_at)
  SELECT $1, lot_id, $2, points, $11 FROM unnest($9::uuid[], $10::bigint[]) AS taken (lot_id, points)
), left_over AS (
  UPDATE loyalty_lots SET remaining = remaining - taken.points
  FROM unnest($9::uuid[], $10::bigint[]) AS taken (lot_id, points)
  WHERE customer_id = $1 AND loyalty_lots.lot_id = taken.lot_id
)
UPDATE loyalty_accounts SET balance = $8, entries = $7, latest_at = $11 WHERE customer_id = $1
"""
# What the points cost is taken off what the customer has brought, in the row that lists are read from, too.
_COST = """
WITH cost AS (
  INSERT INTO customer_costs (customer_id, cost_id, stream, cause_id, taken_back, amount, currency, incurred_at)
  SELECT $1, gen_random_uuid(), 'LOYALTY', $2, false, amount, currency, $4
  FROM (
    SELECT round($3 * point_value, 2) AS amount, currency FROM loyalty_programs, business
    WHERE effective_from <= $4 ORDER BY effective_from DESC LIMIT 1
  ) AS worth WHERE amount > 0
  RETURNING amount
)
UPDATE customer_standing SET historic_net = historic_net - amount FROM cost WHERE customer_id = $1
"""


async def redeem(connection: Any, given: Mapping[str, Any]) -> bytes:
    """Spend the points of an input of redeemPoints in one transaction and return the answer."""
    customer, points = UUID(given["customer"]["id"][4:]), given["points"]
    transaction, entry = uuid7(), uuid7()
    async with once(connection, given["idempotencyKey"], "redeemPoints", {"entry": entry.hex}):
        account = await connection.fetchrow(_ACCOUNT, customer)
        taken = list(_taken(await connection.fetch(_LOTS, customer), points))
        after, moment = account["balance"] - points, account["moment"]
        ids = (customer, transaction, entry, uuid7())
        lots, parts = [lot for lot, _ in taken], [part for _, part in taken]
        told = (points, given["reason"], account["entries"] + 1, after)
        await connection.execute(_SPEND, *ids, *told, lots, parts, moment, account["owed"])
        await connection.execute(_COST, customer, entry, points, moment)
    shown = {"id": f"len_{entry.hex}", "kind": "REDEEM", "points": -points, "reason": given["reason"]}
    return answer("redeemPoints", "entry", {**shown, "balanceAfter": after, "occurredAt": moment})


def _taken(lots: Sequence[Any], points: int) -> Iterator[tuple[UUID, int]]:
    for lot in lots:
        if not points:
            return
        part = min(lot["remaining"], points)
        points -= part
        yield lot["lot_id"], part
