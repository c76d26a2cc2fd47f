"""What has become of the points of a lot, by all that is recorded."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Numeric, and_, func, literal_column, select

from api.reads.relation import Expression
from api.tables.loyalty import loyalty_entries, loyalty_lot_uses, loyalty_transactions

_NONE: Any = literal_column("0", Numeric)


def total_of(amount: Expression, *conditions: Any) -> Any:
    """Return the sum of amounts as an expression; 0 where there are none."""
    return select(func.coalesce(func.sum(amount), _NONE)).where(*conditions).scalar_subquery()


def reversed_of(lots: Any) -> Any:
    """Return how many points of a purchase have been taken back because of refunds, as an expression."""
    undoing, entry = loyalty_transactions.alias("undoing"), loyalty_entries.alias("undone")
    same = and_(entry.c.transaction_id == undoing.c.transaction_id, entry.c.customer_id == lots.c.customer_id)
    return total_of(-entry.c.counted, undoing.c.reverses == lots.c.transaction_id, same)


def expired_of(lots: Any) -> Any:
    """Return how many points of a lot have expired, as an expression."""
    expiry, use = loyalty_transactions.alias("expiry"), loyalty_lot_uses.alias("expired")
    mine = [use.c.customer_id == lots.c.customer_id, use.c.lot_id == lots.c.lot_id]
    is_expiry = [expiry.c.transaction_id == use.c.transaction_id, expiry.c.kind == literal_column("'EXPIRE'")]
    return total_of(use.c.points, *mine, *is_expiry)
