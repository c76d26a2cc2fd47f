"""Support plans that customers are enrolled in, and what was used of them."""

from __future__ import annotations

from sqlalchemy import func, literal_column

from api.reads.customers import customers
from api.reads.orders import order_lines
from api.reads.relation import Expression, Link, Relation, Row, Term, rows
from api.reads.terms import status_of
from api.tables import support_plans as tables

_CUSTOMER = ("customer_id", "customer_id")
_PLAN = ("support_plan_id", "support_plan_id")
_LATEST_FIRST = (Term("starts_at", descending=True),)

support_plans = Relation(
    "support_plans",
    tables.support_plans,
    "support_plan_id",
    "sup",
    owner="customer_id",
    happened="changed_at",
    recorded="recorded_at",
    superseded="superseded_at",
    replaced="replaced_at",
    planned=frozenset({"starts_at", "term_ends_at", "cancel_at", "ends_at"}),
    order=_LATEST_FIRST,
)
usages = Relation(
    "support_usages",
    tables.support_usages,
    "usage_id",
    "use",
    owner="customer_id",
    happened="used_at",
    recorded="recorded_at",
    order=(Term("used_at", descending=True),),
)
customer_of_support_plan = Link(support_plans, customers, (_CUSTOMER,))
support_plans_of_customer = Link(customers, support_plans, (_CUSTOMER,), order=_LATEST_FIRST)
line_of_support_plan = Link(support_plans, order_lines, (_CUSTOMER, ("line_id", "line_id")))
usages_of_support_plan = Link(support_plans, usages, (_CUSTOMER, _PLAN), order=(Term("used_at", descending=True),))
support_plan_of_usage = Link(usages, support_plans, (_CUSTOMER, _PLAN))
customers.shown_by.append(support_plans_of_customer)


@support_plans.expression
def status(row: Row) -> Expression:
    """Return how the plan stands at the moment of the answer."""
    return status_of(row, early=row.c.cancel_at.is_not(None))


@support_plans.expression
def used(row: Row) -> Expression:
    """Return how many incidents were used."""
    behind, joined = row.joined(usages_of_support_plan)
    return rows(behind, [func.coalesce(func.sum(behind.c.incidents), literal_column("0"))], joined).scalar_subquery()


@support_plans.expression
def remaining(row: Row) -> Expression:
    """Return how many incidents are left, null where there is no limit."""
    return row.c.included_incidents - row["used"]
