"""Everything that can be read."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from api.graph import nodes as found
from api.graph.active_policies import ActivePolicy, ActivePolicyInput
from api.graph.active_policy_preview import ActivePolicyPreview
from api.graph.arguments import AS_OF, KNOWN_AT, argument
from api.graph.contracts import Contract, ContractFilterInput, ContractOrderInput
from api.graph.cost import Cost
from api.graph.customer_base import CustomerBase
from api.graph.customers import Customer
from api.graph.declare import root_one, root_page, root_sums
from api.graph.feedback import Feedback, FeedbackFilterInput, FeedbackOrderInput
from api.graph.finding_customers import CustomerFilterInput, CustomerIdentifierInput, CustomerOrderInput
from api.graph.lifetime_value_models import LifetimeValueModel
from api.graph.loyalty_programs import LoyaltyProgram
from api.graph.naming import or_none
from api.graph.orders import Order, OrderFilterInput, OrderIdentifierInput, OrderOrderInput
from api.graph.products import Product, ProductFilterInput
from api.graph.referral_programs import ReferralProgram
from api.graph.referrals import Referral, ReferralFilterInput
from api.graph.segments import Segment, SegmentIdentifierInput
from api.graph.shared import Connection, Node
from api.graph.subscriptions import CustomerSubscription, SubscriptionFilterInput, SubscriptionOrderInput
from api.graph.support_plans import SupportPlanEnrollment, SupportPlanFilterInput, SupportPlanOrderInput
from api.reads.active_policies import active_policies
from api.reads.contracts import contracts
from api.reads.customers import customers
from api.reads.feedback import feedback
from api.reads.in_force import has_begun
from api.reads.lifetime_value_models import models
from api.reads.loyalty_programs import programs
from api.reads.orders import orders
from api.reads.products import products
from api.reads.referral_programs import referral_programs
from api.reads.referrals import referrals
from api.reads.segments import segments
from api.reads.subscriptions import subscriptions
from api.reads.support_plans import support_plans

AsOf = Annotated[
    datetime | None,
    strawberry.argument(description=AS_OF),
]
KnownAt = Annotated[
    datetime | None,
    strawberry.argument(description=KNOWN_AT),
]
Identifier = Annotated[strawberry.ID, strawberry.argument(description="The id of any object.")]
Identifiers = Annotated[list[strawberry.ID], strawberry.argument(description="The ids of any objects, at most 100.")]


@strawberry.type(description="Everything that can be read.")
class Query:
    @strawberry.field(description="Any object by its id, null when it is missing.")
    def node(self, id: Identifier, as_of: AsOf = UNSET, known_at: KnownAt = UNSET) -> Node | None:
        row: Node | None = found.reference(id, as_of=or_none(as_of), known_at=or_none(known_at))
        return row

    @strawberry.field(
        description="Many objects by their ids, in the order of the ids; null where one is missing.",
        directives=[Cost(weight=1, multipliers=["ids"])],
    )
    def nodes(self, ids: Identifiers, as_of: AsOf = UNSET, known_at: KnownAt = UNSET) -> list[Node | None]:
        rows: list[Node | None] = found.references(ids, as_of=or_none(as_of), known_at=or_none(known_at))
        return rows

    customer: Customer | None = root_one(
        customers,
        "One customer by id, email, phone or an identifier elsewhere; null when missing.",
        argument("by", CustomerIdentifierInput, "Which customer is meant."),
    )
    customer_base: CustomerBase = root_sums(
        customers,
        "All customers in numbers: how many are active and why, who came and went, and how long they stay.",
        filter=CustomerFilterInput,
        cost=20,
    )
    active_policy_preview: ActivePolicyPreview = root_sums(
        customers,
        "Who would become active or inactive if other rules were in force; nothing is written.",
        argument("policy", ActivePolicyInput, "The rules to try."),
        cost=100,
    )
    customers: Connection[Customer] = root_page(
        customers,
        "All customers, or those that meet the conditions and hold the words you search for.",
        argument(
            "query",
            str | None,
            "Words to search for in names, emails and phone numbers; one needs at least 3 characters.",
            cost=5,
        ),
        filter=CustomerFilterInput,
        order=list[CustomerOrderInput],
    )
    order: Order | None = root_one(
        orders,
        "One order by id, number or an identifier elsewhere; null when missing.",
        argument("by", OrderIdentifierInput, "Which order is meant."),
    )
    orders: Connection[Order] = root_page(
        orders, "Orders of all customers, latest first.", filter=OrderFilterInput, order=OrderOrderInput
    )
    product: Product | None = root_one(
        products,
        "One product by its article number, null when it is missing.",
        argument("sku", str, "Article number, such as TEA-EARL-100."),
    )
    products: Connection[Product] = root_page(
        products,
        "Everything the business sells or has sold.",
        argument(
            "query",
            str | None,
            "Words to search for in names and article numbers; one needs at least 3 characters.",
            cost=5,
        ),
        filter=ProductFilterInput,
        order=None,
    )
    active_policy: ActivePolicy = root_one(
        active_policies, "The rules in force, by which a customer counts as active or not.", only=has_begun
    )
    lifetime_value_model: LifetimeValueModel | None = root_one(
        models,
        "The newest model of all customers behind predicted values, with how it did on held-out time; null before the "
        "first fit.",
        only=lambda row: row.c.segment_value.is_(None),
    )
    active_policies: Connection[ActivePolicy] = root_page(
        active_policies,
        "Every version of those rules, latest first; one that begins later is among them unless asOf says otherwise.",
        filter=None,
        order=None,
    )
    loyalty_program: LoyaltyProgram | None = root_one(
        programs, "The rules by which customers earn points; null before there are any.", only=has_begun
    )
    segment: Segment | None = root_one(
        segments,
        "One segment by id or name; null when missing.",
        argument("by", SegmentIdentifierInput, "Which segment is meant."),
    )
    segments: Connection[Segment] = root_page(segments, "Segments that are saved, by name.", filter=None, order=None)
    support_plans: Connection[SupportPlanEnrollment] = root_page(
        support_plans,
        "Support plans of all customers, latest first.",
        filter=SupportPlanFilterInput,
        order=SupportPlanOrderInput,
    )
    contracts: Connection[Contract] = root_page(
        contracts, "Contracts with all customers, latest first.", filter=ContractFilterInput, order=ContractOrderInput
    )
    referral_program: ReferralProgram | None = root_one(
        referral_programs, "The rules of referrals in force; null before there are any.", only=has_begun
    )
    referrals: Connection[Referral] = root_page(
        referrals,
        "Referrals of all customers, latest first; heldForReview finds those to decide on.",
        filter=ReferralFilterInput,
        order=None,
    )
    subscriptions: Connection[CustomerSubscription] = root_page(
        subscriptions,
        "Subscriptions of all customers, those that started last first.",
        filter=SubscriptionFilterInput,
        order=SubscriptionOrderInput,
    )
    feedback: Connection[Feedback] = root_page(
        feedback,
        "What all customers told the business, latest first.",
        filter=FeedbackFilterInput,
        order=FeedbackOrderInput,
    )
