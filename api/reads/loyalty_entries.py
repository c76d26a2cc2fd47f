"""What is told of an entry: what made the points move, and the lots it made or used up."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import BigInteger, DateTime, and_, case, func, null, select, true

from api.reads.json import constant, number
from api.reads.loyalty import entries, given_back, lot_of_use, lots, lots_of_entry, taken
from api.reads.orders import orders, refunds
from api.reads.relation import Condition, Expression, Link, Row, Table, rows
from api.tables.loyalty import loyalty_transactions

_CUSTOMER = ("customer_id", "customer_id")
_MOMENT = DateTime(timezone=True)


def _transaction(row: Row) -> Table:
    """Return the transaction of an entry beside it."""

    def make() -> tuple[Table, Condition]:
        found = loyalty_transactions.alias()
        return found, found.c.transaction_id == row.c.transaction_id

    row.require("transaction")
    return row.beside("transaction", make)


@entries.expression
def reason(row: Row) -> Expression:
    """Return why the points moved, in words."""
    return _transaction(row).c.reason


@entries.expression
def source(row: Row) -> Expression:
    """Return the name of the relation with what made the points move, null where that was a request alone."""
    named = _transaction(row).c.source
    return case({name: constant(relation.name) for name, relation in _SOURCES.items()}, value=named, else_=null())


_SOURCES = {"ORDER": orders, "REFUND": refunds, "LOT": entries, "TRANSACTION": entries}


@entries.expression
def source_id(row: Row) -> Expression:
    """Return the key of the order or refund that made the points move."""
    return _transaction(row).c.source_id


@entries.expression
def source_transaction(row: Row) -> Expression:
    """Return the transaction of the entry that made the points move: whose lot expired, or what settled a debt."""
    made = _transaction(row).c
    lot = row.other(lots)
    mine = [lot.c.customer_id == row.c.customer_id, lot.key == made.source_id, *lot.visible()]
    of_lot = rows(lot, [lot.c.transaction_id], mine).scalar_subquery()
    return case((made.source == constant("LOT"), of_lot), else_=made.source_id)


@entries.expression
def reversed_transaction(row: Row) -> Expression:
    """Return the transaction that an entry takes back, null for most."""
    return _transaction(row).c.reverses


ORDER = Link(entries, orders, (_CUSTOMER, ("source_id", "order_id")))
REFUND = Link(entries, refunds, (_CUSTOMER, ("source_id", "refund_id")))
ENTRY = Link(entries, entries, (_CUSTOMER, ("source_transaction", "transaction_id")))
"""The ways from an entry to what made the points move."""

reversed_entry = Link(entries, entries, (_CUSTOMER, ("reversed_transaction", "transaction_id")))


def _of_lots(name: str, aggregate: Callable[[Expression], Expression]) -> Callable[[Row], Expression]:
    def of(row: Row) -> Expression:
        lot, joined = row.joined(lots_of_entry)
        return rows(lot, [aggregate(lot.c[name])], joined).scalar_subquery()

    return of


entries.expressions.update(
    {
        "available_at": _of_lots("available_at", lambda moment: func.max(moment, type_=_MOMENT)),
        "expires_at": _of_lots("expires_at", lambda moment: func.min(moment, type_=_MOMENT)),
    }
)


def _lot(row: Row) -> Table:
    """Return the lot of a use beside it."""

    def make() -> tuple[Table, Condition]:
        lot, joined = row.joined(lot_of_use)
        return lot.table, and_(true(), *joined)

    row.require("lot")
    return row.beside("lot", make)


def _of_lot(name: str) -> Callable[[Row], Expression]:
    return lambda row: _lot(row).c[name]


_OF_USES: dict[str, Callable[[Row], Expression]] = {
    **{name: _of_lot(name) for name in ("available_at", "expires_at")},
    "made_by": _of_lot("transaction_id"),
    "moved": lambda row: func.abs(row.c.points, type_=BigInteger),
}
for which in (taken, given_back):
    which.expressions.update(_OF_USES)
entry_of_use = Link(taken, entries, (_CUSTOMER, ("made_by", "transaction_id")))
"""The way from points that were taken, or given back, to the entry that brought them."""


@entries.expression
def undone_at(row: Row) -> Expression:
    """Return when points that an entry spent were given back, null where they were not."""
    undoing = row.other(entries)
    mine = [undoing.c.customer_id == row.c.customer_id, undoing.c.points > number(0), *undoing.visible()]
    transaction = loyalty_transactions.alias()
    reverses = [
        transaction.c.transaction_id == undoing.c.transaction_id,
        transaction.c.reverses == row.c.transaction_id,
    ]
    found = select(func.max(undoing.c.occurred_at, type_=_MOMENT)).select_from(
        undoing.table.join(transaction, and_(*reverses))
    )
    return found.where(*mine).correlate_except(undoing.table, transaction).scalar_subquery()
