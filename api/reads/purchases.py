"""What a customer has bought, summed: the statistic behind summaries, filters and orders by value."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, FromClause, func, literal_column, select

from api.reads.customers import customers
from api.reads.identity import Given
from api.reads.orders import orders_of_customer, refunds_of_customer
from api.reads.relation import Expression, Row, rows
from api.tables import business as tables

_ZERO: Expression = literal_column("0")


def purchase_statistic(row: Row, given: Given) -> FromClause:
    """Return one row of sums over a customer's orders and refunds, in the currency of the business.

    given    may hold `during` with `startAt` and `endAt`: a half-open stretch of time that narrows the sums
    returns  order_count, gross, discounts, refunds, first_at, last_at, currency
    """
    start, end = given.maybe("moment", "during", "startAt"), given.maybe("moment", "during", "endAt")
    placed, bought = row.joined(orders_of_customer)
    paid_back, returned = row.joined(refunds_of_customer)
    sums = [
        func.count().label("order_count"),
        _sum(placed.c.business_gross).label("gross"),
        _sum(placed.c.business_discount).label("discounts"),
        func.min(placed.c.placed_at).label("first_at"),
        func.max(placed.c.placed_at).label("last_at"),
    ]
    purchases = rows(placed, sums, [*bought, *_during(placed.c.placed_at, start, end)]).subquery()
    back = rows(
        paid_back, [_sum(paid_back.c.business_amount)], [*returned, *_during(paid_back.c.refunded_at, start, end)]
    )
    currency = select(tables.business.c.currency).scalar_subquery()
    return (
        select(purchases, back.scalar_subquery().label("refunds"), currency.label("currency"))
        .select_from(purchases)
        .correlate_except(purchases)
        .lateral()
    )


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


@customers.expression
def historic_net(row: Row) -> Expression:
    """Return what the customer has brought: orders less discounts and refunds, in the currency of the business."""
    placed, bought = row.joined(orders_of_customer)
    paid_back, returned = row.joined(refunds_of_customer)
    came = rows(placed, [_sum(placed.c.business_gross - placed.c.business_discount)], bought).scalar_subquery()
    went = rows(paid_back, [_sum(paid_back.c.business_amount)], returned).scalar_subquery()
    return came - went
