"""How customers are named, filtered and sorted in the schema."""

from enum import Enum

import strawberry

from api.domain import contact
from api.graph.active_policies import ActiveReasonCode
from api.graph.arguments import condition, in_segments, optional
from api.graph.consents import MarketingChannel
from api.graph.lifecycle import LifecycleStage
from api.graph.predictions import RiskBand
from api.graph.rfm import RfmGroup
from api.graph.satisfaction import NpsBand
from api.graph.shared import (
    CustomerKind,
    DateTimeFilter,
    DecimalFilter,
    ExternalIdInput,
    FloatFilter,
    IntFilter,
    OrderDirection,
)
from api.reads import customers as reads
from api.reads import standing
from api.reads.consents import agrees_to_any
from api.reads.identity import as_kept, is_this, named_elsewhere


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
    and_: "list[CustomerFilterInput] | None" = optional("All of these must hold.", name="and")
    or_: "list[CustomerFilterInput] | None" = optional("At least one of these must hold.", name="or")
    not_: "CustomerFilterInput | None" = optional("This must not hold.", name="not")
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
    has_marketing_consent: list[MarketingChannel] | None = condition(
        "The customer agrees to hear from the business by at least one of these ways.", test=agrees_to_any
    )
    segment_ids: list[strawberry.ID] | None = in_segments(
        "The customer is in at least one of these segments, as they are saved at the moment of the answer."
    )
