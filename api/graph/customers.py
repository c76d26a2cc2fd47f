"""Customers and companies in the schema."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graph.active_status import ActiveStatus
from api.graph.arguments import argument
from api.graph.consents import MARKETING_CONSENTS, MarketingConsent
from api.graph.contracts import Contract, ContractFilterInput, ContractOrderInput
from api.graph.declare import column, gathered, identifier, many, one, page, page_by_segments, same
from api.graph.feedback import Feedback, FeedbackFilterInput, FeedbackOrderInput
from api.graph.lifecycle import CustomerLifecycle
from api.graph.loyalty import LoyaltyAccount
from api.graph.orders import Order, OrderFilterInput, OrderOrderInput, Refund
from api.graph.postal_addresses import POSTAL_ADDRESS, PostalAddress
from api.graph.recommendations import RECOMMENDATIONS, Recommendation
from api.graph.referrals import Referral, ReferralFilterInput
from api.graph.rfm import RfmScore
from api.graph.satisfaction import WINDOW, Satisfaction
from api.graph.shared import (
    Connection,
    CustomerKind,
    DateTimeIntervalInput,
    ExternalId,
    Node,
)
from api.graph.subscriptions import CustomerSubscription, SubscriptionFilterInput, SubscriptionOrderInput
from api.graph.support_plans import SupportPlanEnrollment, SupportPlanFilterInput, SupportPlanOrderInput
from api.graph.values import IN_CURRENCY, CustomerLifetimeValue, PurchaseSummary
from api.graph.what_if import supposed
from api.reads import customers as reads
from api.reads.business import told_in_currency
from api.reads.contracts import contracts_of_customer
from api.reads.feedback import feedback_of_customer
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
    postal_address: PostalAddress | None = POSTAL_ADDRESS
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
    marketing_consents: list[MarketingConsent] = MARKETING_CONSENTS
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
