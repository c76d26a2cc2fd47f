"""What a customer has bought, summed: the statistic behind summaries, scores and what a customer has brought."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, FromClause, Numeric, func, literal_column, select

from api.reads.business import counts, told_currency, worth
from api.reads.customers import customers
from api.reads.identity import Given
from api.reads.orders import orders_of_customer, refunds_of_customer
from api.reads.relation import Expression, Row, rows

_ZERO: Expression = literal_column("0")
_QUOTIENT_DIGITS: Expression = literal_column("40")
"""Digits of a mean before it is rounded for good: more than any amount has together with any number of orders, so that
a quotient that is nearly half a unit cannot become one."""


def purchase_statistic(row: Row, given: Given) -> FromClause:
    """Return one row of sums over a customer's orders and refunds, in the currency in which values are told.

    given    may hold `during` with `startAt` and `endAt`: a half-open stretch of time that narrows the sums
    returns  order_count, gross, discounts, refunds, net, average (null without orders), first_at, last_at, currency
    """
    return _statistic(row, given.maybe("moment", "during", "startAt"), given.maybe("moment", "during", "endAt"))


def of_all_time(row: Row) -> FromClause:
    """Return what `purchase_statistic` does, of all time."""
    return _statistic(row)


def _statistic(row: Row, start: Expression | None = None, end: Expression | None = None) -> FromClause:
    sums = sums_of(row, start, end)
    net = sums.c.gross - sums.c.discounts - sums.c.refunds
    return select(sums, net.label("net"), average(net, sums).label("average")).select_from(sums).lateral()


def average(net: Expression, sums: FromClause) -> Expression:
    """Return what an order has brought on average, null without orders."""
    return func.round(net, _QUOTIENT_DIGITS, type_=Numeric()) / func.nullif(sums.c.order_count, _ZERO)


def sums_of(
    row: Row, start: Expression | None = None, end: Expression | None = None, *, beside: Sequence[Expression] = ()
) -> FromClause:
    """Return one row of plain sums over a customer's orders and refunds, with more that is worked out beside them.

    beside  expressions over the customer, with their labels
    """
    # Everything beside the aggregates over orders: PostgreSQL works out the columns of such a sub-select once each,
    # and only those that are read. It would copy any other into each place that reads it.
    placed, bought = row.joined(orders_of_customer)
    paid_back, returned = row.joined(refunds_of_customer)
    refunded = [*returned, *counts(paid_back), *_during(paid_back.c.refunded_at, start, end)]
    given_back = worth(paid_back, paid_back.c.amount, paid_back.c.business_amount)
    sums = [
        func.count().label("order_count"),
        _sum(worth(placed, placed.c.gross, placed.c.business_gross)).label("gross"),
        _sum(worth(placed, placed.c.discount, placed.c.business_discount)).label("discounts"),
        func.min(placed.c.placed_at).label("first_at"),
        func.max(placed.c.placed_at).label("last_at"),
        rows(paid_back, [_sum(given_back)], refunded).scalar_subquery().label("refunds"),
        told_currency(row).label("currency"),
        *beside,
    ]
    return rows(placed, sums, [*bought, *counts(placed), *_during(placed.c.placed_at, start, end)]).subquery()


def _sum(amount: Expression) -> Expression:
    return func.coalesce(func.sum(amount), _ZERO)


def _during(moment: Expression, start: Expression | None, end: Expression | None) -> Sequence[ColumnElement[bool]]:
    return [*([moment >= start] if start is not None else []), *([moment < end] if end is not None else [])]


@customers.expression
def order_count(row: Row) -> Expression:
    """Return how many orders the customer placed."""
    placed, bought = row.joined(orders_of_customer)
    return rows(placed, [func.count()], bought).scalar_subquery()


@customers.expression
def last_purchase_at(row: Row) -> Expression:
    """Return when the customer last bought, null if never."""
    placed, bought = row.joined(orders_of_customer)
    return rows(placed, [func.max(placed.c.placed_at)], bought).scalar_subquery()
