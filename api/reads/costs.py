"""What customers have cost the business beside what they bought, booked when it is recorded."""

from __future__ import annotations

from sqlalchemy import Numeric, func, literal_column

from api.reads.business import told_currency
from api.reads.customers import customers
from api.reads.json import constant
from api.reads.relation import Expression, Link, Relation, Row, Term, rows
from api.tables.costs import customer_costs

costs = Relation(
    "customer_costs",
    customer_costs,
    "cost_id",
    "cst",
    owner="customer_id",
    happened="incurred_at",
    recorded="recorded_at",
    order=(Term("incurred_at", descending=True),),
)

costs_of_customer = Link(customers, costs, (("customer_id", "customer_id"),))


def brought_less(row: Row, stream: str) -> Expression:
    """Return what a customer's costs of a stream leave of their value: an amount below zero, or nothing."""
    cost, joined = row.joined(costs_of_customer)
    conditions = [*joined, cost.c.stream == constant(stream), cost.c.currency == told_currency(cost)]
    spent = func.coalesce(func.sum(cost.c.amount), literal_column("0"), type_=Numeric())
    return rows(cost, [-spent], conditions).scalar_subquery()
