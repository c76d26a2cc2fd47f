"""On which days customers bought, and for how much: what models of repeat buying are fitted to and score by.

Orders of one day, as the calendar of the business shows it, are one purchase. What was paid back in full within 30 days
never was one; what was paid back later, or in part, lowers the value of its day, never below nothing.
"""

from __future__ import annotations

from sqlalchemy import Date, Numeric, Select, case, cast, func, literal_column, or_, select, true

from api.reads.business import business_currency, business_time_zone
from api.reads.orders import orders, orders_of_customer, refunds_of_order
from api.reads.relation import Condition, Expression, Lens, Row, Table, rows
from api.reads.rowset import worked_out_once

_RETURNED_AT_ONCE: Expression = literal_column("interval 'P30D'")
_ZERO: Expression = literal_column("0")


def _zone() -> Expression:
    return func.coalesce(business_time_zone(), literal_column("'UTC'"))


def _day(moment: Expression) -> Expression:
    """Return the day of a moment on the calendar of the business."""
    return cast(func.timezone(_zone(), moment), Date)


def _paid_back(order: Row) -> Table:
    """Return what was paid back on an order, and when the last of it was, null while something is left."""

    def make() -> tuple[Table, Condition]:
        behind, joined = order.joined(refunds_of_order)
        whole = func.sum(behind.c.amount) >= order["total"]
        sums = [
            func.coalesce(func.sum(behind.c.business_amount), _ZERO).label("amount"),
            case((whole, func.max(behind.c.refunded_at))).label("undone_at"),
        ]
        return worked_out_once(rows(behind, sums, joined), behind.table), true()

    order.require("paid_back")
    return order.beside("paid_back", make)


def _by_day(order: Row, conditions: list[Condition]) -> Table:
    """Return the value of every day on which something was bought, by customer."""
    back = _paid_back(order).c
    value = (order["business_total"] - back.amount).label("value")
    is_purchase = or_(back.undone_at.is_(None), back.undone_at > order.c.placed_at + _RETURNED_AT_ONCE)
    columns = [order.c.customer_id, _day(order.c.placed_at).label("day"), value]
    each = rows(order, columns, [*conditions, is_purchase]).subquery()
    floored = func.greatest(func.sum(each.c.value), _ZERO, type_=Numeric).label("value")
    return select(each.c.customer_id, each.c.day, floored).group_by(each.c.customer_id, each.c.day).subquery()


def purchase_statistics(row: Row) -> Table:
    """Return one row beside a customer: what models of repeat buying need to know of the purchases.

    returns  days, on how many the customer bought; first_day and last_day, null without any; value_days, how many of
             them brought something, and value, what they brought in all; today, the day of the moment asked for
    """
    order, bought = row.joined(orders_of_customer)
    day = _by_day(order, bought)
    brought = day.c.value > _ZERO
    sums = [
        func.count().label("days"),
        func.min(day.c.day).label("first_day"),
        func.max(day.c.day).label("last_day"),
        func.count().filter(brought).label("value_days"),
        func.coalesce(func.sum(day.c.value).filter(brought), _ZERO).label("value"),
        _day(row.lens.moment).label("today"),
        business_currency(row).label("currency"),
    ]
    return worked_out_once(select(*sums), day)


def all_purchase_days(lens: Lens) -> Select[tuple[object, ...]]:
    """Return customer_id, day and value of every purchase day of all customers, by customer and day."""
    order = Row(orders, lens)
    day = _by_day(order, order.visible())
    return select(day.c.customer_id, day.c.day, day.c.value).order_by(day.c.customer_id, day.c.day)
