"""Starting and changing subscriptions: inputs, payloads, and how one becomes the other."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import strawberry

from api.domain.calendar import Duration
from api.domain.identity import parse_id
from api.domain.subscription import USUAL_GRACE, Amendment, Cancellation, NewSubscription, Renewal
from api.domain.subscription_pauses import Pause, Resumption
from api.domain.subscription_timeline import Step
from api.graph.active_status import CustomerPayload, status_before
from api.graph.arguments import optional
from api.graph.cancellation import CancellationReason
from api.graph.customers import Customer
from api.graph.finding_customers import CustomerIdentifierInput
from api.graph.naming import amount, customer_name, external_key, or_none
from api.graph.outcomes import Caller, ChangeInput, idempotency, perform, reference, user_errors
from api.graph.shared import ExternalIdInput, MoneyInput
from api.graph.subscriptions import CustomerSubscription, SubscriptionKind
from api.writes.change import Change, Outcome
from api.writes.subscriptions import Which, change_subscription, start_subscription


@strawberry.input(description="What is subscribed to, by whom and on which terms.")
class CustomerSubscriptionInput:
    customer: CustomerIdentifierInput = strawberry.field(
        description="Who subscribes; setCustomer creates a customer who is not known yet."
    )
    external_id: ExternalIdInput | None = optional(
        "What the system it comes from calls this subscription; the same one is never taken twice."
    )
    kind: SubscriptionKind = strawberry.field(description="Whether goods or a service is subscribed to.")
    plan_name: str = strawberry.field(description="What the plan is called, such as Tea of the month.")
    price: MoneyInput = strawberry.field(description="Price of one period; the subscription stays in its currency.")
    interval: Duration = strawberry.field(description="How long one period lasts, such as P1M for a month.")
    grace: Duration | None = strawberry.field(
        description="How long it runs on with a payment overdue; P0D for not at all.", default=USUAL_GRACE
    )
    started_at: datetime | None = optional("When it begins; left out, now. It may lie ahead.")
    trial_ends_at: datetime | None = optional("When a free trial ends; left out, there is none.")

    def subscription(self) -> NewSubscription:
        """Return the subscription to start."""
        return NewSubscription(
            customer=customer_name(self.customer),
            external_id=external_key(or_none(self.external_id)),
            kind=self.kind.name,
            plan_name=self.plan_name,
            price=amount(self.price),
            interval=self.interval,
            grace=USUAL_GRACE if self.grace is None else self.grace,
            started_at=or_none(self.started_at),
            trial_ends_at=or_none(self.trial_ends_at),
        )


@strawberry.input(description="A subscription to start, and the key that makes it count once.")
class StartSubscriptionInput(ChangeInput):
    subscription: CustomerSubscriptionInput = strawberry.field(
        description="What is subscribed to, by whom and on which terms."
    )


@strawberry.input
class SubscriptionChangeInput(ChangeInput):
    subscription_id: strawberry.ID = strawberry.field(description="The id of the subscription, which begins with sub_.")
    expected_version: int | None = optional(
        "The version you read; if somebody changed the subscription since, nothing is done (CONFLICT)."
    )


class StepInput(Protocol):
    """The input of a change of a subscription that is there."""

    idempotency_key: strawberry.ID
    subscription_id: strawberry.ID
    expected_version: int | None

    def step(self) -> Step:
        """Return the change to make."""


@strawberry.input(description="A payment that carries a subscription on, and the key that makes it count once.")
class RenewSubscriptionInput(SubscriptionChangeInput):
    amount: MoneyInput | None = optional("How much was paid; left out, the price.")
    paid_at: datetime | None = optional("When the customer paid; left out, now.")
    period_end_at: datetime | None = optional("When the period ends that is paid for; left out, after one interval.")

    def step(self) -> Renewal:
        """Return the change to make."""
        paid = or_none(self.amount)
        return Renewal(
            amount=amount(paid) if paid else None,
            paid_at=or_none(self.paid_at),
            period_end_at=or_none(self.period_end_at),
        )


@strawberry.input(description="A subscription to stop for a while, and the key that makes it count once.")
class PauseSubscriptionInput(SubscriptionChangeInput):
    pause_at: datetime | None = optional("When the pause begins; left out, now. It may lie ahead.")
    resume_at: datetime | None = optional("When it runs again by itself; left out, not before resumeSubscription.")

    def step(self) -> Pause:
        """Return the change to make."""
        return Pause(pause_at=or_none(self.pause_at), resume_at=or_none(self.resume_at))


@strawberry.input(description="A subscription to let run again, and the key that makes it count once.")
class ResumeSubscriptionInput(SubscriptionChangeInput):
    resume_at: datetime | None = optional(
        "When it runs again; left out, now. A pause that would begin later is withdrawn."
    )

    def step(self) -> Resumption:
        """Return the change to make."""
        return Resumption(resume_at=or_none(self.resume_at))


@strawberry.input(description="Other terms for a subscription, and the key that makes them count once.")
class ChangeSubscriptionInput(SubscriptionChangeInput):
    plan_name: str | None = optional("What the plan is called from now on; left out, it stays.")
    price: MoneyInput | None = optional("Price of one period from the next payment on; left out, it stays.")
    interval: Duration | None = optional("How long one period lasts, counted from the next one on; left out, it stays.")
    changed_at: datetime | None = optional("When that was agreed; left out, now. It is not in the future.")

    def step(self) -> Amendment:
        """Return the change to make."""
        price = or_none(self.price)
        return Amendment(
            plan_name=or_none(self.plan_name),
            price=amount(price) if price else None,
            interval=or_none(self.interval),
            changed_at=or_none(self.changed_at),
        )


@strawberry.input(description="A subscription to end, and the key that makes it count once.")
class CancelSubscriptionInput(SubscriptionChangeInput):
    cancel_at: datetime | None = optional(
        "When it ends; left out, when its period ends, or its trial. Send the moment it is for an end at once."
    )
    reason: CancellationReason = strawberry.field(description="Why it ends.")
    comment: str | None = optional("What the customer said about it.")

    def step(self) -> Cancellation:
        """Return the change to make."""
        return Cancellation(reason=self.reason.name, comment=or_none(self.comment), cancel_at=or_none(self.cancel_at))


@strawberry.type
class SubscriptionPayload(CustomerPayload):
    subscription: CustomerSubscription | None = strawberry.field(
        description="The subscription as it is afterwards, or would be after a dry run; null when something was wrong."
    )


@strawberry.type(description="What became of startSubscription.")
class StartSubscriptionPayload(SubscriptionPayload):
    pass


@strawberry.type(description="What became of renewSubscription.")
class RenewSubscriptionPayload(SubscriptionPayload):
    pass


@strawberry.type(description="What became of pauseSubscription.")
class PauseSubscriptionPayload(SubscriptionPayload):
    pass


@strawberry.type(description="What became of resumeSubscription.")
class ResumeSubscriptionPayload(SubscriptionPayload):
    pass


@strawberry.type(description="What became of changeSubscription.")
class ChangeSubscriptionPayload(SubscriptionPayload):
    pass


@strawberry.type(description="What became of cancelSubscription.")
class CancelSubscriptionPayload(SubscriptionPayload):
    pass


T = TypeVar("T", bound=SubscriptionPayload)


async def start(caller: Caller, given: StartSubscriptionInput) -> StartSubscriptionPayload:
    """Start a subscription."""
    new = given.subscription.subscription()

    async def work(change: Change) -> Sequence[Outcome]:
        return await start_subscription(change, new)

    return await _performed(caller, "startSubscription", given, work, StartSubscriptionPayload)


async def take(caller: Caller, mutation: str, given: StepInput, payload: type[T]) -> T:
    """Take a subscription one step further."""
    step = given.step()
    named = parse_id(given.subscription_id)
    key = named[1] if named and named[0] == "sub" else None
    which = Which(key, or_none(given.expected_version))

    async def work(change: Change) -> Sequence[Outcome]:
        return await change_subscription(change, which, step)

    return await _performed(caller, mutation, given, work, payload)


async def _performed(
    caller: Caller, mutation: str, given: Any, work: Callable[[Change], Awaitable[Sequence[Outcome]]], payload: type[T]
) -> T:
    recorded = await perform(caller, mutation, given, work)
    outcome = recorded.outcomes[0]
    return payload(
        subscription=reference(CustomerSubscription, outcome, "subscription", recorded),
        customer=reference(Customer, outcome, "customer", recorded),
        active_status_before=status_before(outcome, recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
