"""Tables: what is kept, and what the database itself refuses.

Facts (orders, lines, refunds, exchange rates, payments, policies, fitted models, entries of points) are append-only:
triggers refuse to change or delete them. Of the versions of things with a term, only the end of being the newest is
ever set, once. Every customer-owned table leads its primary key with `customer_id`, so that the data can be distributed
by customer.
"""

from api.tables import (
    active_policies,
    business,
    consents,
    contracts,
    costs,
    customers,
    demo,
    feedback,
    idempotency,
    lifetime_value_models,
    loyalty,
    orders,
    product_pairs,
    products,
    ranking,
    referrals,
    segments,
    standing,
    subscriptions,
    support_plans,
)
from api.tables.schema import metadata

__all__ = [
    "active_policies",
    "business",
    "consents",
    "contracts",
    "costs",
    "customers",
    "demo",
    "feedback",
    "idempotency",
    "lifetime_value_models",
    "loyalty",
    "metadata",
    "orders",
    "product_pairs",
    "products",
    "ranking",
    "referrals",
    "segments",
    "standing",
    "subscriptions",
    "support_plans",
]
