"""What must hold of points of purchases: they are what these earned, less what was paid back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Numeric, Select, and_, case, exists, func, literal_column, or_, select

from api.domain.loyalty.posting import MOST_POINTS
from api.reads.loyalty_lots import expired_of, reversed_of, total_of
from api.reads.relation import Condition, Expression
from api.tables.loyalty import (
    loyalty_accounts,
    loyalty_entries,
    loyalty_lots,
    loyalty_programs,
    loyalty_transactions,
)
from api.tables.orders import orders, refunds

_ZERO: Expression = literal_column("0", Numeric)
_MOST: Expression = literal_column(str(MOST_POINTS), Numeric)
_FINEST: Expression = literal_column("20")
_EXACT: Expression = literal_column("40")
_TOTAL = orders.c.gross - orders.c.discount
_CAUSE, _ENTRY, _LOT = loyalty_transactions.c, loyalty_entries.c, loyalty_lots.c
_IS_EARNING = and_(_CAUSE.kind == literal_column("'EARN'"), _CAUSE.source == literal_column("'ORDER'"))
_SAME_LOT = and_(_LOT.customer_id == _ENTRY.customer_id, _LOT.transaction_id == _ENTRY.transaction_id)
_SAME_ENTRY = and_(_ENTRY.transaction_id == _CAUSE.transaction_id, _ENTRY.number.is_not(None))
_SAME_PROGRAM = loyalty_programs.c.program_id == _LOT.program_id


def _whole(exact: Expression) -> Expression:
    """Return whole points, rounded as the program of a lot says and as purchases earn them."""
    fine, rounding = func.round(exact, _FINEST, type_=Numeric()), loyalty_programs.c.rounding
    ways = {"DOWN": func.floor(fine), "NEAREST": func.round(fine), "UP": func.ceil(fine)}
    whole = case(*[(rounding == literal_column(f"'{name}'"), points) for name, points in ways.items()])
    return func.least(whole, _MOST, type_=Numeric())


def _earned() -> Select[Any]:
    """Return how many earnings are not those of an order of the same customer, as far as the account had room."""
    entry, lot = _ENTRY, _LOT
    room = _MOST - (entry.balance_after - entry.points)
    agrees = and_(
        orders.c.order_id.is_not(None),
        entry.points == func.least(_whole(lot.exact), room),
        entry.points == lot.points,
        entry.points == entry.counted,
        entry.counts_from == orders.c.placed_at,
    )
    same_order = and_(orders.c.customer_id == entry.customer_id, orders.c.order_id == _CAUSE.source_id)
    source = loyalty_transactions.outerjoin(loyalty_entries, _SAME_ENTRY).outerjoin(loyalty_lots, _SAME_LOT)
    source = source.outerjoin(loyalty_programs, _SAME_PROGRAM).outerjoin(orders, same_order)
    return select(func.count()).select_from(source).where(_IS_EARNING, agrees.is_not(True))


def _kept() -> Select[Any]:
    """Return how many purchases have more or fewer points taken back than was paid back of them."""
    of_order = (refunds.c.customer_id == orders.c.customer_id, refunds.c.order_id == orders.c.order_id)
    paid = total_of(refunds.c.amount, *of_order)
    # Of numbers with few digits PostgreSQL divides with few.
    share = func.round(_LOT.exact * (_TOTAL - paid), _EXACT, type_=Numeric()) / func.nullif(_TOTAL, _ZERO)
    surplus = func.greatest(_LOT.points - _whole(func.coalesce(share, _ZERO)), _ZERO)
    back, fewest = reversed_of(loyalty_lots), func.greatest(surplus - expired_of(loyalty_lots), _ZERO)
    is_right = and_(back <= surplus, or_(back >= fewest, _is_let_go()))
    same_cause = _CAUSE.transaction_id == _LOT.transaction_id
    same_order = and_(orders.c.customer_id == _LOT.customer_id, orders.c.order_id == _CAUSE.source_id)
    source = loyalty_lots.join(loyalty_transactions, same_cause).join(orders, same_order)
    source = source.join(loyalty_programs, _SAME_PROGRAM)
    return select(func.count()).select_from(source).where(_IS_EARNING, is_right.is_not(True))


def _is_let_go() -> Condition:
    """Return whether less may be taken back of a lot: its account is closed, or has owed as much as can be."""
    account, full = loyalty_accounts.c, loyalty_entries.alias("full")
    is_closed = exists().where(account.customer_id == _LOT.customer_id, account.closed_at.is_not(None))
    return or_(is_closed, exists().where(full.c.customer_id == _LOT.customer_id, full.c.owed_after == _MOST))


def _taken_back() -> Select[Any]:
    """Return how many points were taken back by no refund, or by one of another purchase."""
    earning = loyalty_transactions.alias("earning")
    is_refund = and_(_CAUSE.kind == literal_column("'REVERSE'"), _CAUSE.source == literal_column("'REFUND'"))
    same_earning = and_(
        earning.c.transaction_id == _CAUSE.reverses,
        *(earning.c.kind == literal_column("'EARN'"), earning.c.source == literal_column("'ORDER'")),
    )
    same_refund = and_(refunds.c.refund_id == _CAUSE.source_id, refunds.c.order_id == earning.c.source_id)
    same_order = and_(orders.c.customer_id == refunds.c.customer_id, orders.c.order_id == refunds.c.order_id)
    source = loyalty_transactions.outerjoin(earning, same_earning).outerjoin(loyalty_entries, _SAME_ENTRY)
    source = source.outerjoin(refunds, same_refund).outerjoin(orders, same_order)
    agrees = and_(
        _ENTRY.customer_id == orders.c.customer_id,
        _ENTRY.counted == _ENTRY.points - _ENTRY.owed,
        _ENTRY.counts_from == orders.c.placed_at,
    )
    return select(func.count()).select_from(source).where(is_refund, agrees.is_not(True))


LAWS: dict[str, Select[Any]] = {
    "purchases earned for who bought what their exact points come to, rounded once": _earned(),
    "purchases keep the points of what was not paid back, and no others": _kept(),
    "refunds take back points of the purchases that they pay back": _taken_back(),
}
"""Each law with the number of rows that break it."""
