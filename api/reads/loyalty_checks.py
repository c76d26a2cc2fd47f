"""What must hold of the ledger of points, worked out again from its rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, case, func, literal_column, or_, select

from api.reads.relation import Expression
from api.tables.loyalty import (
    loyalty_accounts,
    loyalty_entries,
    loyalty_lot_uses,
    loyalty_lots,
    loyalty_transactions,
)

_ZERO: Expression = literal_column("0")
_ONE: Expression = literal_column("1")


def _summed(table: Any, *keys: Any) -> Any:
    total = func.sum(table.c.points).label("points")
    return select(*keys, total).group_by(*keys).subquery()


def _transactions() -> Select[Any]:
    e = loyalty_entries.c
    sums = (
        select(
            e.transaction_id,
            func.count().label("entries"),
            func.sum(e.points).label("points"),
            func.sum(e.owed).label("owed"),
        )
        .group_by(e.transaction_id)
        .subquery()
    )
    joined = loyalty_transactions.outerjoin(sums, sums.c.transaction_id == loyalty_transactions.c.transaction_id)
    balanced = and_(sums.c.entries > _ONE, sums.c.points == _ZERO, sums.c.owed == _ZERO)
    return select(func.count()).select_from(joined).where(balanced.is_not(True))


def _course() -> Any:
    """Return the entries of all accounts, each with what the one before it left behind."""
    e = loyalty_entries.c
    before = [
        func.coalesce(func.lag(column).over(partition_by=e.customer_id, order_by=e.number), _ZERO).label(name)
        for column, name in (
            (e.number, "number_before"),
            (e.balance_after, "balance_before"),
            (e.owed_after, "owed_before"),
        )
    ]
    earlier = func.lag(e.occurred_at).over(partition_by=e.customer_id, order_by=e.number).label("earlier")
    return select(loyalty_entries, *before, earlier).where(e.number.is_not(None)).subquery()


def _entries() -> Select[Any]:
    e = _course().c
    follows = and_(
        e.number == e.number_before + _ONE,
        e.balance_after == e.balance_before + e.points,
        e.owed_after == e.owed_before + e.owed,
        e.owed_after >= _ZERO,
        or_(e.earlier.is_(None), e.earlier <= e.occurred_at),
    )
    return select(func.count()).where(follows.is_not(True))


def _moved() -> Select[Any]:
    course = _course()
    e = course.c
    made = _summed(loyalty_lots, loyalty_lots.c.customer_id, loyalty_lots.c.transaction_id)
    used = _summed(loyalty_lot_uses, loyalty_lot_uses.c.customer_id, loyalty_lot_uses.c.transaction_id)
    source = course
    for part in (made, used):
        same = and_(part.c.customer_id == e.customer_id, part.c.transaction_id == e.transaction_id)
        source = source.outerjoin(part, same)
    by_lots = func.coalesce(made.c.points, _ZERO) - func.coalesce(used.c.points, _ZERO)
    by_entry = func.greatest(e.balance_after, _ZERO) - func.greatest(e.balance_before, _ZERO)
    return select(func.count()).select_from(source).where(by_lots != by_entry)


def _lots() -> Select[Any]:
    used = _summed(loyalty_lot_uses, loyalty_lot_uses.c.customer_id, loyalty_lot_uses.c.lot_id)
    lots = loyalty_lots
    same = and_(used.c.customer_id == lots.c.customer_id, used.c.lot_id == lots.c.lot_id)
    left = lots.c.points - func.coalesce(used.c.points, _ZERO)
    broken = or_(lots.c.remaining != left, lots.c.remaining < _ZERO)
    return select(func.count()).select_from(lots.outerjoin(used, same)).where(broken)


def _accounts() -> Select[Any]:
    a, e = loyalty_accounts.c, loyalty_entries.c
    entries = (
        select(
            e.customer_id,
            func.count().label("entries"),
            *(func.sum(e.points).label("points"), func.sum(e.owed).label("owed")),
            func.max(e.occurred_at).label("latest_at"),
        )
        .where(e.number.is_not(None))
        .group_by(e.customer_id)
        .subquery()
    )
    left = select(loyalty_lots.c.customer_id, func.sum(loyalty_lots.c.remaining).label("points")).group_by(
        loyalty_lots.c.customer_id
    )
    lots = left.subquery()
    held = func.coalesce(lots.c.points, _ZERO)
    agrees = and_(
        a.entries == func.coalesce(entries.c.entries, _ZERO),
        a.balance == func.coalesce(entries.c.points, _ZERO),
        a.owed == func.coalesce(entries.c.owed, _ZERO),
        a.latest_at.is_not_distinct_from(entries.c.latest_at),
        held == func.greatest(a.balance, _ZERO),
        case((a.closed_at.is_not(None), held == _ZERO), else_=a.balance >= a.floor),
    )
    source = loyalty_accounts.outerjoin(entries, entries.c.customer_id == a.customer_id)
    source = source.outerjoin(lots, lots.c.customer_id == a.customer_id)
    return select(func.count()).select_from(source).where(agrees.is_not(True))


def _earnings() -> Select[Any]:
    t = loyalty_transactions.c
    twice = select(t.kind).group_by(t.kind, t.source, t.source_id).having(func.count() > _ONE).subquery()
    return select(func.count()).select_from(twice)


def _undone() -> Select[Any]:
    undoing, spending, cause = loyalty_entries.alias("undoing"), loyalty_entries.alias("spending"), loyalty_transactions
    joined = undoing.join(cause, cause.c.transaction_id == undoing.c.transaction_id).outerjoin(
        spending,
        and_(
            spending.c.customer_id == undoing.c.customer_id,
            spending.c.transaction_id == cause.c.reverses,
            spending.c.kind == literal_column("'REDEEM'"),
            spending.c.points == -undoing.c.points,
        ),
    )
    came_back = and_(
        undoing.c.number.is_not(None), undoing.c.kind == literal_column("'REVERSE'"), undoing.c.points > _ZERO
    )
    return select(func.count()).select_from(joined).where(came_back, spending.c.entry_id.is_(None))


LAWS: dict[str, Select[Any]] = {
    "the entries of every transaction of points add up to nothing": _transactions(),
    "every entry of points continues the one before": _entries(),
    "every entry of points is what its lots gained and lost": _moved(),
    "what is left of every lot of points is what was not used": _lots(),
    "every account of points is the sum of its entries, and of its lots": _accounts(),
    "nothing moves points of one kind twice": _earnings(),
    "points come back only as one spending took them": _undone(),
}
"""Each law with the number of rows that break it."""
