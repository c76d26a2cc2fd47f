"""Orders with their lines, and refunds."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, func, literal_column

from api.reads.customers import customers
from api.reads.products import products
from api.reads.relation import Expression, Link, Relation, Row, Term, rows
from api.tables import orders as tables

_CUSTOMER = ("customer_id", "customer_id")
_ORDER = ("order_id", "order_id")
_LATEST_FIRST = (Term("placed_at", descending=True),)

orders = Relation(
    "orders",
    tables.orders,
    "order_id",
    "ord",
    owner="customer_id",
    happened="placed_at",
    recorded="recorded_at",
    order=_LATEST_FIRST,
)
refunds = Relation(
    "refunds",
    tables.refunds,
    "refund_id",
    "ref",
    owner="customer_id",
    happened="refunded_at",
    recorded="recorded_at",
    order=(Term("refunded_at"),),
)
order_lines = Relation(
    "order_lines",
    tables.order_lines,
    "line_id",
    "lin",
    owner="customer_id",
    within=lambda: order_of_line,
    order=(Term("position"),),
)

order_itself = Link(orders, orders, (_CUSTOMER, _ORDER))
customer_of_order = Link(orders, customers, (_CUSTOMER,))
orders_of_customer = Link(customers, orders, (_CUSTOMER,), order=_LATEST_FIRST)
lines_of_order = Link(orders, order_lines, (_CUSTOMER, _ORDER), order=(Term("position"),), total=True)
order_of_line: Link = Link(order_lines, orders, (_CUSTOMER, _ORDER))
product_of_line = Link(order_lines, products, (("product_id", "product_id"),))
refunds_of_order = Link(orders, refunds, (_CUSTOMER, _ORDER), order=(Term("refunded_at"),))
refunds_of_customer = Link(customers, refunds, (_CUSTOMER,), order=(Term("refunded_at", descending=True),))
order_of_refund = Link(refunds, orders, (_CUSTOMER, _ORDER))
customer_of_refund = Link(refunds, customers, (_CUSTOMER,))
customers.shown_by.extend((orders_of_customer, refunds_of_customer))


@orders.expression
def total(row: Row) -> Expression:
    """Return the sum of the lines less the discount."""
    return row.c.gross - row.c.discount


@orders.expression
def business_total(row: Row) -> Expression:
    """Return the total in the currency of the business, by which orders in any currency can be compared."""
    return row.c.business_gross - row.c.business_discount


@orders.expression
def refunded(row: Row) -> Expression:
    """Return what has been paid back on the order."""
    behind, joined = row.joined(refunds_of_order)
    return rows(behind, [func.coalesce(func.sum(behind.c.amount), literal_column("0"))], joined).scalar_subquery()


@orders.expression
def net(row: Row) -> Expression:
    """Return the total less what has been paid back."""
    return row["total"] - row["refunded"]


@orders.expression
def status(row: Row) -> Expression:
    """Return how much of the order has been paid back."""
    return case(
        (row["refunded"] == literal_column("0"), literal_column("'COMPLETED'")),
        (row["refunded"] < row["total"], literal_column("'PARTIALLY_REFUNDED'")),
        else_=literal_column("'REFUNDED'"),
    )


@orders.expression
def undone_at(row: Row) -> Expression:
    """Return when the last of the order's total was paid back, null while something of it is left."""
    behind, joined = row.joined(refunds_of_order)
    whole = func.sum(behind.c.amount) >= row["total"]
    return rows(behind, [case((whole, func.max(behind.c.refunded_at)))], joined).scalar_subquery()


@orders.expression
def version(row: Row) -> Expression:
    """Return a number that rises with each change: a refund is one."""
    behind, joined = row.joined(refunds_of_order)
    return rows(behind, [func.count() + literal_column("1")], joined).scalar_subquery()


def has_external_id(row: Row, source: Expression, value: Expression) -> ColumnElement[bool]:
    """Return whether an order came from another system under this identifier."""
    return (row.c.source == source) & (row.c.external_id == value)
