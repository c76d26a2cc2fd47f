"""Undoing that points were spent: in error, or for what was cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, literal_column, select

from api.database import prepare
from api.domain.loyalty.account import given_back
from api.domain.loyalty.posting import Cause, Lot
from api.domain.text import MEDIUM, cleaned
from api.errors import Rejection, UserErrorCode
from api.tables.loyalty import loyalty_entries, loyalty_lot_uses, loyalty_lots, loyalty_transactions
from api.writes.change import Change, Outcome, refusing
from api.writes.costs import take_back_cost_of_points
from api.writes.loyalty import open_account, posted, refuse_customers
from api.writes.loyalty_ledger import LOT, locked
from api.writes.standing import take_turns

_ID, _REASON = ("input", "entryId"), ("input", "reason")
_WHICH: Any = bindparam("which")
_ENTRY = prepare(
    select(*[loyalty_entries.c[name] for name in ("customer_id", "transaction_id", "entry_id", "kind")]).where(
        loyalty_entries.c.entry_id == _WHICH, loyalty_entries.c.number.is_not(None)
    )
)
_UNDONE = prepare(select(loyalty_transactions.c.occurred_at).where(loyalty_transactions.c.reverses == _WHICH))
_SAME_LOT = and_(
    loyalty_lots.c.customer_id == loyalty_lot_uses.c.customer_id, loyalty_lots.c.lot_id == loyalty_lot_uses.c.lot_id
)
_TAKEN = prepare(
    select(loyalty_lot_uses.c.points.label("taken"), *[loyalty_lots.c[name] for name in LOT])
    .join(loyalty_lots, _SAME_LOT)
    .where(
        loyalty_lot_uses.c.customer_id == bindparam("whose"),
        loyalty_lot_uses.c.transaction_id == _WHICH,
        loyalty_lot_uses.c.points > literal_column("0"),
    )
)


async def undo_redemption(change: Change, entry_id: UUID | None, reason: str) -> list[Outcome]:
    """Give points back that an entry spent and return the identifiers; raise Refused where that cannot be."""
    with refusing():
        refuse_customers(change)
        said = cleaned(reason, most=MEDIUM, field=_REASON)
        spending = await _spending(change, entry_id)
        customer_id, undone = spending["customer_id"], spending["transaction_id"]
        await take_turns(change, [customer_id])
        found = open_account(await locked(change.connection, [customer_id]), customer_id, _ID)
        if await change.rows(_UNDONE, which=undone):
            raise Rejection(UserErrorCode.INVALID_STATE, "These points were given back already.", _ID)
        cause = Cause("REVERSE", "TRANSACTION", undone, change.now, said, reverses=undone)
        taken = _lots(await change.rows(_TAKEN, whose=customer_id, which=undone))
        ids = await posted(change, found, cause, given_back(found.account, cause, taken))
        await take_back_cost_of_points(change, spending["entry_id"], found.account.moment(change.now))
        return [Outcome(ids)]


async def _spending(change: Change, entry_id: UUID | None) -> Any:
    rows = await change.rows(_ENTRY, which=entry_id) if entry_id else []
    if not rows:
        raise Rejection(UserErrorCode.NOT_FOUND, "There is no such entry; its id begins with len_.", _ID)
    if rows[0]["kind"] != "REDEEM":
        raise Rejection(UserErrorCode.INVALID, "By this entry no points were spent; name one of the kind REDEEM.", _ID)
    return rows[0]


def _lots(rows: Sequence[Any]) -> list[tuple[Lot, int]]:
    return [(Lot(**{name: row[name] for name in LOT}), row["taken"]) for row in rows]
