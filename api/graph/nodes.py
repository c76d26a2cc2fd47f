"""From a global identifier to the view it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api.domain.identity import parse_id
from api.errors import BadUserInput
from api.graph.active_policies import ActivePolicy
from api.graph.active_status import ActiveStatus
from api.graph.contracts import Contract
from api.graph.customers import Company, Customer
from api.graph.declare import Reference
from api.graph.feedback import Feedback, FeedbackReply
from api.graph.lifetime_value_models import LifetimeValueModel
from api.graph.loyalty import LoyaltyAccount, LoyaltyEntry
from api.graph.loyalty_programs import LoyaltyProgram
from api.graph.orders import Order, OrderLine, Refund
from api.graph.products import Product
from api.graph.referral_programs import ReferralProgram
from api.graph.referrals import Referral, Reward
from api.graph.segments import Segment
from api.graph.subscriptions import CustomerSubscription, SubscriptionPayment
from api.graph.support_plans import SupportPlanEnrollment, SupportUsage
from api.graph.surveys import SurveyLink
from api.reads.active_policies import active_policies
from api.reads.contracts import contracts
from api.reads.customers import companies, customers
from api.reads.feedback import feedback, replies, survey_links
from api.reads.lifetime_value_models import models
from api.reads.loyalty import accounts, entries
from api.reads.loyalty_programs import programs
from api.reads.orders import order_lines, orders, refunds
from api.reads.products import products
from api.reads.referral_programs import referral_programs
from api.reads.referrals import referrals, rewards
from api.reads.relation import Relation
from api.reads.segments import segments
from api.reads.subscriptions import payments, subscriptions
from api.reads.support_plans import support_plans, usages

MOST_NODES = 100

VIEWS: dict[type, Relation] = {
    ActivePolicy: active_policies,
    Company: companies,
    Contract: contracts,
    Customer: customers,
    CustomerSubscription: subscriptions,
    Feedback: feedback,
    FeedbackReply: replies,
    LifetimeValueModel: models,
    LoyaltyAccount: accounts,
    LoyaltyEntry: entries,
    LoyaltyProgram: programs,
    Order: orders,
    OrderLine: order_lines,
    Product: products,
    Referral: referrals,
    ReferralProgram: referral_programs,
    Refund: refunds,
    Reward: rewards,
    Segment: segments,
    SupportPlanEnrollment: support_plans,
    SupportUsage: usages,
    SubscriptionPayment: payments,
    SurveyLink: survey_links,
}
"""Every view that can be fetched by identifier, with its relation."""

REFERRED: dict[type, Relation] = {**VIEWS, ActiveStatus: customers}
"""Every view that a resolver can point at, with the relation of its row."""

_BY_PREFIX = {relation.prefix: view for view, relation in VIEWS.items()}


def reference(identifier: str, *, as_of: datetime | None, known_at: datetime | None, argument: str = "id") -> Any:
    """Return a reference to the row an identifier names, or None; raise BadUserInput for no identifier at all."""
    parsed = parse_id(identifier)
    if parsed is None:
        raise BadUserInput(f"`{argument}` takes identifiers, which look like cus_ and 32 hexadecimal digits.")
    view = _BY_PREFIX.get(parsed[0])
    return Reference(view, parsed[1], as_of, known_at) if view else None


def references(identifiers: Sequence[str], *, as_of: datetime | None, known_at: datetime | None) -> Any:
    """Return one reference per identifier, in order; raise BadUserInput for too many."""
    if len(identifiers) > MOST_NODES:
        raise BadUserInput(f"`ids` takes at most {MOST_NODES} identifiers; ask in several requests.")
    return [reference(identifier, as_of=as_of, known_at=known_at, argument="ids") for identifier in identifiers]
