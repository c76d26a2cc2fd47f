"""Subscriptions and their payments, in the schema."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.domain.calendar import Duration
from api.graph.arguments import condition, optional
from api.graph.cancellation import CancellationReason
from api.graph.declare import column, identifier, money, one, page, same
from api.graph.shared import (
    Connection,
    DateTimeFilter,
    DateTimeInterval,
    ExternalId,
    Money,
    Node,
    OrderDirection,
)
from api.reads import subscriptions as reads

if TYPE_CHECKING:
    from api.graph.customers import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graph.customers")]
LazySubscription = Annotated["CustomerSubscription", strawberry.lazy("api.graph.subscriptions")]

_PERIOD = {"start_at": "period_start", "end_at": "period_end"}


@strawberry.enum(description="Whether goods or a service is subscribed to.")
class SubscriptionKind(Enum):
    PRODUCT = strawberry.enum_value("PRODUCT", description="Goods that arrive again and again.")
    SERVICE = strawberry.enum_value("SERVICE", description="A service that keeps running.")


@strawberry.enum(description="How a subscription stands at the moment of the answer.")
class SubscriptionStatus(Enum):
    SCHEDULED = strawberry.enum_value("SCHEDULED", description="It is agreed and has not begun.")
    TRIALING = strawberry.enum_value("TRIALING", description="It is in its free trial.")
    ACTIVE = strawberry.enum_value("ACTIVE", description="It is running and paid.")
    PAST_DUE = strawberry.enum_value(
        "PAST_DUE",
        description="A payment is overdue, and it runs on for a while; renewSubscription records one.",
    )
    PAUSED = strawberry.enum_value("PAUSED", description="It is stopped for a while; resumeSubscription ends that.")
    CANCELLED = strawberry.enum_value("CANCELLED", description="It has ended because somebody cancelled it.")
    EXPIRED = strawberry.enum_value("EXPIRED", description="It has ended because it was not paid for any longer.")


@strawberry.type(description="A payment for one period of a subscription.")
class SubscriptionPayment(Node):
    id: strawberry.ID = identifier()
    subscription: LazySubscription | None = one(reads.subscription_of_payment, "What was paid for.")
    period: DateTimeInterval = same("The stretch of time that was paid for.", _PERIOD)
    amount: Money = money("How much was paid.", "amount")
    paid_at: datetime = column("When the customer paid.")
    recorded_at: datetime = column("When it was entered here, which may be later than it happened.")


@strawberry.type(description="What a customer pays for again and again, until somebody cancels it or payments stop.")
class CustomerSubscription(Node):
    id: strawberry.ID = identifier()
    external_id: ExternalId | None = same(
        "What the system it came from calls this subscription; null where it has no name there.",
        {"source": "source", "value": "external_id"},
        "source",
    )
    kind: SubscriptionKind = column("Whether goods or a service is subscribed to.")
    status: SubscriptionStatus = column("How it stands now, or at the asOf you asked for.")
    plan_name: str = column("What the plan is called, such as Tea of the month.")
    price: Money = money("Price of one period.", "price")
    interval: Duration = column("How long one period lasts, such as P1M for a month.", "billing_interval")
    grace: Duration = column("How long it runs on with a payment overdue.")
    started_at: datetime = column("When it began, or will begin.")
    trial_ends_at: datetime | None = column("When the free trial ends, null for one without a trial.")
    current_period: DateTimeInterval = same(
        "The newest period: the one that is paid, the trial, or the first where it has not begun.", _PERIOD
    )
    next_billing_at: datetime | None = column(
        "When the next payment is due, or was where it is overdue; null where none will be."
    )
    pause_at: datetime | None = column("When the pause began or begins, null where there is none now or later.")
    resume_at: datetime | None = column("When that pause ends by itself; null where it has no end, or there is none.")
    cancel_at: datetime | None = column("When it was cancelled for, null where nobody has cancelled it.")
    ends_at: datetime | None = column(
        "When it ends, or ended, if nothing else happens; null while a pause without an end keeps it from that."
    )
    ended_at: datetime | None = column("When it ended, null while it has not.")
    cancellation_reason: CancellationReason | None = column("Why it was cancelled, null where nobody has cancelled it.")
    cancellation_comment: str | None = column("What was said when it was cancelled.", "comment")
    payments: Connection[SubscriptionPayment] = page(
        reads.payments_of_subscription, "Payments for its periods, latest first."
    )
    customer: LazyCustomer = one(reads.customer_of_subscription, "Who subscribed.")
    version: int = column("Counts the changes; send it as expectedVersion and no change is made to a newer one.")
    recorded_at: datetime = column("When its newest change was entered here, which may be later than it happened.")


@strawberry.input(description="Conditions on subscriptions; all that are given must hold.")
class SubscriptionFilterInput:
    and_: "list[SubscriptionFilterInput] | None" = optional("All of these must hold.", name="and")
    or_: "list[SubscriptionFilterInput] | None" = optional("At least one of these must hold.", name="or")
    not_: "SubscriptionFilterInput | None" = optional("This must not hold.", name="not")
    status: list[SubscriptionStatus] | None = condition("The subscription is in one of these states.")
    kind: list[SubscriptionKind] | None = condition("The subscription is of one of these kinds.")
    started_at: DateTimeFilter | None = condition("When the subscription began, or will begin.")
    ends_before: datetime | None = condition(
        "It ends, or ended, before this moment if nothing else happens.",
        test=lambda row, given: row.c.ends_at < given.parameter("moment"),
    )


@strawberry.enum(description="What subscriptions can be sorted by.")
class SubscriptionOrderField(Enum):
    STARTED_AT = strawberry.enum_value("started_at", description="When it began, or will begin.")
    ENDS_AT = strawberry.enum_value("ends_at", description="When it ends, or ended, if nothing else happens.")


@strawberry.input(description="What to sort subscriptions by, and which way.")
class SubscriptionOrderInput:
    field: SubscriptionOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way to sort.", default=OrderDirection.DESC)
