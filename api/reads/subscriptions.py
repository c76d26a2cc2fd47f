"""Subscriptions to products and services, and the payments that carry them."""

from __future__ import annotations

from api.reads.customers import customers
from api.reads.relation import Link, Relation, Term
from api.tables import subscriptions as tables

_CUSTOMER = ("customer_id", "customer_id")
_LATEST_FIRST = (Term("started_at", descending=True),)

subscriptions = Relation(
    "subscriptions",
    tables.subscriptions,
    "subscription_id",
    "sub",
    owner="customer_id",
    happened="changed_at",
    recorded="recorded_at",
    superseded="superseded_at",
    replaced="replaced_at",
    planned=frozenset({"started_at", "trial_ends_at", "period_start", "period_end", "cancel_at", "ends_at"}),
    order=_LATEST_FIRST,
)
customer_of_subscription = Link(subscriptions, customers, (_CUSTOMER,))
subscriptions_of_customer = Link(customers, subscriptions, (_CUSTOMER,), order=_LATEST_FIRST)
