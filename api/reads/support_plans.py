"""Support plans that customers are enrolled in, and what was used of them."""

from __future__ import annotations

from api.reads.customers import customers
from api.reads.relation import Link, Relation, Term
from api.tables import support_plans as tables

_CUSTOMER = ("customer_id", "customer_id")
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
customer_of_support_plan = Link(support_plans, customers, (_CUSTOMER,))
support_plans_of_customer = Link(customers, support_plans, (_CUSTOMER,), order=_LATEST_FIRST)
