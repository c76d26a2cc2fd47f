"""Customers and companies in the schema."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.domain import contact
from api.graph.active_policies import ActiveReasonCode
from api.graph.active_status import ActiveStatus
from api.graph.contracts import Contract, ContractFilterInput, ContractOrderInput
from api.graph.declare import (
    argument,
    column,
    condition,
    gathered,
    identifier,
    in_segments,
    many,
    one,
    optional,
    page,
    page_by_segments,
    same,
)
from api.graph.feedback import Feedback, FeedbackFilterInput, FeedbackOrderInput
from api.graph.lifecycle import CustomerLifecycle, LifecycleStage
from api.graph.loyalty import LoyaltyAccount
from api.graph.orders import Order, OrderFilterInput, OrderOrderInput, Refund
from api.graph.predictions import RiskBand
from api.graph.recommendations import RECOMMENDATIONS, Recommendation
from api.graph.referrals import Referral, ReferralFilterInput
from api.graph.rfm import RfmGroup, RfmScore
from api.graph.satisfaction import WINDOW, NpsBand, Satisfaction
from api.graph.shared import (
    Connection,
    CustomerKind,
    DateTimeFilter,
    DateTimeIntervalInput,
    DecimalFilter,
    ExternalId,
    ExternalIdInput,
    FloatFilter,
    IntFilter,
    Node,
    OrderDirection,
)
from api.graph.subscriptions import CustomerSubscription, SubscriptionFilterInput, SubscriptionOrderInput
from api.graph.support_plans import SupportPlanEnrollment, SupportPlanFilterInput, SupportPlanOrderInput
from api.graph.values import IN_CURRENCY, CustomerLifetimeValue, PurchaseSummary
from api.graph.what_if import supposed
from api.reads import customers as reads
from api.reads import standing
from api.reads.business import told_in_currency
from api.reads.contracts import contracts_of_customer
from api.reads.feedback import feedback_of_customer
from api.reads.identity import as_kept, is_this, named_elsewhere
from api.reads.loyalty import account_of_customer
from api.reads.orders import orders_of_customer, refunds_of_customer
from api.reads.purchases import purchase_statistic
from api.reads.referrals import referral_of_friend, referrals_by_customer
from api.reads.satisfaction import satisfaction
from api.reads.segments import segments_of_customer
from api.reads.subscriptions import subscriptions_of_customer
from api.reads.support_plans import support_plans_of_customer

if TYPE_CHECKING:
    from api.graph.segments import SegmentMembership

LazyCompany = Annotated["Company", strawberry.lazy("api.graph.customers")]
LazyCustomer = Annotated["Customer", strawberry.lazy("api.graph.customers")]
LazyMembership = Annotated["SegmentMembership", strawberry.lazy("api.graph.segments")]


@strawberry.enum(description="What customers can be sorted by.")
class CustomerOrderField(Enum):
    CREATED_AT = strawberry.enum_value("created_at", description="When the customer first came to the business.")
    LAST_PURCHASE_AT = strawberry.enum_value("stands_last_purchase_at", description="When the customer last bought.")
    ORDER_COUNT = strawberry.enum_value("stands_order_count", description="How many orders the customer has placed.")
    HISTORIC_NET = strawberry.enum_value(
        "stands_historic_net", description="What the customer has brought so far, after discounts and refunds."
    )
    PREDICTED_VALUE = strawberry.enum_value(
        "stands_predicted_value",
        description=(
            "What the customer is expected to bring in twelve months, by the model of all. Who was not ranked yet "
            "comes last; with asOf or knownAt, so does who had a subscription, support plan or contract."
        ),
    )
    PROBABILITY_ACTIVE = strawberry.enum_value(
        "stands_probability_active",
        description=(
            "How likely something more comes of the customer within twelve months. Unknown ones come last, as with the "
            "predicted value."
        ),
    )
    CHURN_BAND = strawberry.enum_value(
        "stands_risk",
        description=(
            "The risk that nothing more comes within twelve months, HIGH first with DESC; within a band by what is "
            "expected. Unknown ones come last, as with the predicted value."
        ),
    )
    ACTIVE_UNTIL = strawberry.enum_value(
        "stands_until_order",
        description="When the customer stops counting as active; those who do not stop come behind, then the inactive.",
    )
    RELEVANCE = strawberry.enum_value(
        "relevance",
        description="How well the customer fits the words in query; ask for DESC to see the best fit first.",
    )


@strawberry.input(
    description="What to sort customers by, and which way; the next one decides among those equal in this."
)
class CustomerOrderInput:
    field: CustomerOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way to sort.", default=OrderDirection.ASC)


@strawberry.input(description="Names one customer: give exactly one of these.", one_of=True)
class CustomerIdentifierInput:
    id: strawberry.ID | None = condition("The id of the customer, which begins with cus_.", test=is_this)
    external_id: ExternalIdInput | None = condition(
        "What another system calls the customer, such as customer 1001 of the shop.",
        test=lambda row, given: reads.has_external_id(row, *named_elsewhere(given)),
    )
    email: str | None = condition(
        "Email address, such as ada@example.com; capitals make no difference.",
        test=lambda row, given: reads.has_email(row, given.parameter("text", convert=as_kept(contact.email))),
    )
    phone: str | None = condition(
        "Phone number with country code, such as +4930123456.",
        test=lambda row, given: reads.has_phone(row, given.parameter("text", convert=as_kept(contact.phone))),
    )


@strawberry.input(description="Conditions on customers; all that are given must hold.")
class CustomerFilterInput:
    and_: list[CustomerFilterInput] | None = optional("All of these must hold.", name="and")
    or_: list[CustomerFilterInput] | None = optional("At least one of these must hold.", name="or")
    not_: CustomerFilterInput | None = optional("This must not hold.", name="not")
    kind: list[CustomerKind] | None = condition("The customer is of one of these kinds.")
    country: list[str] | None = condition("The customer is from one of these countries: two letters each, such as DE.")
    tags: list[str] | None = condition("The customer has at least one of these labels.")
    created_at: DateTimeFilter | None = condition("When the customer first came to the business.")
    last_purchase_at: DateTimeFilter | None = condition("When the customer last bought.", "stands_last_purchase_at")
    order_count: IntFilter | None = condition("How many orders the customer has placed.", "stands_order_count")
    historic_net: DecimalFilter | None = condition(
        "What the customer has brought so far, after discounts and refunds, in the currency of the business.",
        "stands_historic_net",
    )
    predicted_value: DecimalFilter | None = condition(
        "What the customer is expected to bring within twelve months, in the business's currency. With asOf or "
        "knownAt, it is unknown of who had a subscription, support plan or contract then.",
        "stands_predicted_value",
    )
    probability_active: FloatFilter | None = condition(
        "How likely something more comes within twelve months, from 0 to 1; of the past as far as the value is known.",
        "stands_probability_active",
    )
    churn_band: list[RiskBand] | None = condition(
        "The risk that nothing more comes within twelve months is one of these. With asOf or knownAt it is known of "
        "those alone of whom the predicted value is.",
        "stands_churn_band",
    )
    is_active: bool | None = condition(
        "Whether the customer counts as active.", test=standing.is_as_asked, requires=standing.SPAN
    )
    active_because: list[ActiveReasonCode] | None = condition(
        "At least one of these rules holds, so that the customer is active because of it.", test=standing.holds_any
    )
    active_until: DateTimeFilter | None = condition(
        "When the customer stops counting as active if nothing else happens.", "stands_until"
    )
    lifecycle_stage: list[LifecycleStage] | None = condition("The customer is in one of these stages.")
    nps_band: list[NpsBand] | None = condition(
        "The latest recommendation score of the last twelve months is in one of these bands."
    )
    rfm_group: list[RfmGroup] | None = condition("The customer is in one of these RFM groups.", "stands_rfm_group")
    loyalty_enrolled: bool | None = condition("Whether the customer has an open account for points.")
    loyalty_tier: list[str] | None = condition("The customer's account shows one of these tiers, by code.")
    segment_ids: list[strawberry.ID] | None = in_segments(
        "The customer is in at least one of these segments, as they are saved at the moment of the answer."
    )


@strawberry.type(
    description="A company that customers buy for. It has no orders of its own: each belongs to one of its customers."
)
class Company(Node):
    id: strawberry.ID = identifier()
    name: str = column("Name of the company, such as Conti Ristoranti.")
    parent: LazyCompany | None = one(
        reads.companies_of_parent, "The company this one belongs to, null if it belongs to none."
    )
    customers: Connection[LazyCustomer] = page(reads.customers_of_company, "Customers who buy for this company.")


@strawberry.type(
    description=(
        "Whoever buys from the business; every order belongs to one. A company buys as a customer of kind BUSINESS, "
        "whose `company` names it."
    )
)
class Customer(Node):
    id: strawberry.ID = identifier()
    kind: CustomerKind = column("Whether the customer buys privately or for a business.")
    display_name: str = column(
        "Name to show on a screen, never empty: the person, else the company, the email or a number."
    )
    first_name: str | None = column("Given name, such as Ada.")
    last_name: str | None = column("Family name, such as Berger.")
    email: str | None = column("Email address, such as ada@example.com.")
    phone: str | None = column("Phone number with country code, such as +493023125001.")
    country: str | None = column("Country by its two letters in ISO 3166, such as DE.")
    locale: str | None = column("Language and region the customer prefers, such as de-CH.")
    external_ids: list[ExternalId] = many(
        reads.external_ids_of_customer, "What other systems call this customer, such as customer 1001 of the shop."
    )
    tags: list[str] = column("Labels the business has given the customer, such as newsletter.")
    company: Company | None = one(reads.company, "The company this customer buys for, null for most people.")
    created_at: datetime = column(
        "When the customer first came to the business, or was entered where that is not known."
    )
    updated_at: datetime = column("When name, contact data, labels or company last changed; purchases do not count.")
    recorded_at: datetime = column("When the customer was entered here.")
    version: int = column("Counts the changes; send it as expectedVersion and nobody else's change is overwritten.")
    merged_into: LazyCustomer | None = one(
        reads.merged_into, "The customer this one turned out to be, null for most; the old id still works."
    )
    as_of: datetime = column("The moment this answer describes: the asOf you asked for, or now.")
    purchase_summary: PurchaseSummary = gathered(
        "Sums over orders and refunds, of all time or during a stretch of it.",
        purchase_statistic,
        [
            argument(
                "during",
                DateTimeIntervalInput | None,
                "Count only what happened in this stretch of time, such as one year. Left out, everything counts.",
            )
        ],
        cost=3,
    )
    active_status: ActiveStatus = same("Whether the customer counts as active, and why.", cost=5)
    lifecycle: CustomerLifecycle = same(
        "How far the customer has come, from being known to coming back, and why.", cost=5
    )
    rfm: RfmScore = same(
        "How lately, how often and for how much the customer has bought, measured by all who have bought.", cost=20
    )
    lifetime_value: CustomerLifetimeValue = same(
        "What the customer has brought, is expected to bring, and how that compares with others.",
        cost=3,
        arguments=[IN_CURRENCY],
        seen=told_in_currency,
    )
    loyalty_account: LoyaltyAccount | None = one(
        account_of_customer, "The customer's account for points; null before they enrol, a closed one stays."
    )
    orders: Connection[Order] = page(
        orders_of_customer, "Orders of this customer, latest first.", filter=OrderFilterInput, order=OrderOrderInput
    )
    refunds: Connection[Refund] = page(refunds_of_customer, "Money paid back to this customer, latest first.")
    support_plans: Connection[SupportPlanEnrollment] = page(
        support_plans_of_customer,
        "Support plans the customer is or was enrolled in, latest first.",
        filter=SupportPlanFilterInput,
        order=SupportPlanOrderInput,
    )
    contracts: Connection[Contract] = page(
        contracts_of_customer,
        "Contracts with this customer, latest first.",
        filter=ContractFilterInput,
        order=ContractOrderInput,
    )
    subscriptions: Connection[CustomerSubscription] = page(
        subscriptions_of_customer,
        "Subscriptions of this customer, those that started last first.",
        filter=SubscriptionFilterInput,
        order=SubscriptionOrderInput,
    )
    feedback: Connection[Feedback] = page(
        feedback_of_customer,
        "What the customer told the business, latest first.",
        filter=FeedbackFilterInput,
        order=FeedbackOrderInput,
    )
    satisfaction: Satisfaction = gathered(
        "How content the customer is, by what they answered within a window.", satisfaction, [WINDOW], cost=3
    )
    recommendations: list[Recommendation] = RECOMMENDATIONS
    referral_code: str | None = column("The customer's own code, for any friend; createReferralCode makes one.")
    referrals_made: Connection[Referral] = page(
        referrals_by_customer, "Friends this customer invited or brought, latest first.", filter=ReferralFilterInput
    )
    referred_by: Referral | None = one(
        referral_of_friend, "The referral by which this customer came; null where there is none."
    )
    segments: Connection[LazyMembership] = page_by_segments(
        segments_of_customer, "Segments that the customer is in at this moment, by name."
    )
    what_if: LazyCustomer = supposed(
        "This customer as if these events had happened, by the rules that hold for real ones; nothing is written."
    )
