"""On which days customers bought, and for how much: what models of repeat buying are fitted to and score by.

Orders of one day, as the calendar of the business shows it, are one purchase. What was paid back in full within 30 days
never was one; what was paid back later, or in part, lowers the value of its day, never below nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Date, Double, Numeric, Select, and_, cast, func, literal_column, select

from api.reads.calendar import zone_of_business
from api.reads.orders import orders, orders_of_customer, refunds, refunds_of_customer
from api.reads.relation import Condition, Expression, Lens, Row, Table, rows
from api.reads.rowset import worked_out_once

_RETURNED_AT_ONCE: Expression = literal_column("interval 'P30D'")
_ZERO: Expression = literal_column("0")
_OF_ORDER = ("customer_id", "order_id")


def _paid_back(order: Row, refund: Row, returned: Sequence[Condition]) -> Table:
    """Return what was paid back on an order, beside it, and when the last of it was; null where nothing was."""

    def make() -> tuple[Table, Condition]:
        of = [refund.c[name] for name in _OF_ORDER]
        sums = [
            func.sum(refund.c.business_amount).label("amount"),
            func.sum(refund.c.amount).label("charged"),
            func.max(refund.c.refunded_at).label("last_at"),
        ]
        found = rows(refund, [*of, *sums], returned).group_by(*of).subquery()
        return found, and_(*[found.c[name] == order.c[name] for name in _OF_ORDER])

    return order.beside("paid_back", make)


def valued_orders(
    order: Row, bought: Sequence[Condition], refund: Row, returned: Sequence[Condition], *beside: Expression
) -> Table:
    """Return customer_id, day and value of every order that lasted, with more that is said of each."""
    # Summed for all orders at once: most customers never got money back, and are asked once and not for each order.
    back = _paid_back(order, refund, returned).c
    value = (order["business_total"] - func.coalesce(back.amount, _ZERO, type_=Numeric())).label("value")
    at_once = and_(back.charged >= order["total"], back.last_at <= order.c.placed_at + _RETURNED_AT_ONCE)
    columns = [order.c.customer_id, day_of(order.c.placed_at).label("day"), value, *beside]
    return rows(order, columns, [*bought, at_once.is_not(True)]).subquery()


def value_of_day(value: Expression, *which: Condition) -> Expression:
    """Return what a day has brought, from the values of its orders or of some of them: never less than nothing."""
    return func.greatest(func.sum(value).filter(*which), _ZERO, type_=Numeric)


def _by_day(order: Row, bought: Sequence[Condition], refund: Row, returned: Sequence[Condition]) -> Table:
    """Return the value of every day on which something was bought, by customer."""
    each = valued_orders(order, bought, refund, returned)
    day = [each.c.customer_id, each.c.day]
    return select(*day, value_of_day(each.c.value).label("value")).group_by(*day).subquery()


def purchase_days(row: Row) -> Table:
    """Return one row beside a customer: what models of repeat buying need to know of the purchases.

    returns  days, on how many the customer bought; first_day and last_day, null without any; value_days, how many of
             them brought something, and value, what they brought in all
    """
    order, bought = row.joined(orders_of_customer)
    day = _by_day(order, bought, *row.joined(refunds_of_customer))
    return worked_out_once(select(*_sums(day)), day)


def all_purchase_statistics(lens: Lens) -> Select[tuple[object, ...]]:
    """Return the same of everybody who has bought, with customer_id and today, the day of the moment asked for."""
    order, refund = Row(orders, lens), Row(refunds, lens)
    day = _by_day(order, order.visible(), refund, refund.visible())
    return select(day.c.customer_id, *_sums(day), day_of(lens.moment).label("today")).group_by(day.c.customer_id)


def _sums(day: Table) -> list[Expression]:
    brought = day.c.value > _ZERO
    return [
        func.count().label("days"),
        func.min(day.c.day).label("first_day"),
        func.max(day.c.day).label("last_day"),
        func.count().filter(brought).label("value_days"),
        func.coalesce(func.sum(day.c.value).filter(brought), _ZERO).label("value"),
    ]


def in_days_ago(known: Mapping[str, Expression], today: Expression) -> list[Expression]:
    """Return what `purchase_days` does as models take it: first and last, how many days before today the first and the
    last purchase were, null for none, in the place of those days.

    The driver reads numbers in a tenth of the time of days; and a model needs no more of money than a float holds.
    """
    return [
        known["days"].label("days"),
        (today - known["first_day"]).label("first"),
        (today - known["last_day"]).label("last"),
        known["value_days"].label("value_days"),
        cast(known["value"], Double).label("value"),
    ]


def day_of(moment: Expression) -> Expression:
    """Return the day of a moment on the calendar of the business."""
    return cast(func.timezone(zone_of_business(), moment), Date)


def all_purchase_days(lens: Lens) -> Select[tuple[object, ...]]:
    """Return customer_id, day and value of every purchase day of all customers, by customer and day."""
    order, refund = Row(orders, lens), Row(refunds, lens)
    day = _by_day(order, order.visible(), refund, refund.visible())
    return select(day.c.customer_id, day.c.day, day.c.value).order_by(day.c.customer_id, day.c.day)
