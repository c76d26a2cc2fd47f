"""Changes of support plans: inputs, payloads, and how one becomes the other."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from api.domain.calendar import Duration
from api.domain.support_plan import NewSupportPlan, NewSupportUse
from api.graph.active_status import CustomerPayload, status_before
from api.graph.arguments import optional
from api.graph.cancellation import CancellationReason
from api.graph.customers import Customer
from api.graph.finding_customers import CustomerIdentifierInput
from api.graph.naming import amount, customer_name, external_key, key_named, or_none
from api.graph.outcomes import Caller, ChangeInput, idempotency, perform, reference, user_errors
from api.graph.shared import DateTimeIntervalInput, ExternalIdInput, MoneyInput
from api.graph.support_plans import SupportPlanEnrollment, SupportUsage
from api.writes.change import Change, Outcome
from api.writes.once import Recorded
from api.writes.support_plans import cancel_support_plan, enroll_support_plan, use_support_allowance

_ENROLLMENT_ID = "The id of the support plan, which begins with sup_."


@strawberry.input(description="Who is enrolled in which support plan, and on what terms.")
class SupportPlanEnrollmentInput:
    customer: CustomerIdentifierInput = strawberry.field(
        description="Who is enrolled; setCustomer creates a customer who is not known yet."
    )
    external_id: ExternalIdInput | None = optional(
        "What the system it comes from calls this plan; the same one is never taken twice."
    )
    plan_name: str = strawberry.field(description="Name of the plan, such as Gold.")
    paid: bool = strawberry.field(description="Whether the customer pays for it; if so, price is needed.")
    price: MoneyInput | None = optional("What the whole term costs, more than nothing; only for a plan that is paid.")
    term: DateTimeIntervalInput | None = optional(
        "When the plan is in force; without startAt from now on, without endAt for good."
    )
    included_incidents: int | None = optional("How many incidents it covers, 0 or more; left out, any number.")
    response_target: Duration | None = optional("Within what time an answer is promised, such as PT4H.")
    order_line_id: strawberry.ID | None = optional(
        "The id of what the plan was bought with, which begins with lin_; it ends when that order is paid back."
    )

    def plan(self) -> NewSupportPlan:
        """Return the plan to enroll a customer in."""
        term = or_none(self.term)
        return NewSupportPlan(
            customer=customer_name(self.customer),
            external_id=external_key(or_none(self.external_id)),
            plan_name=self.plan_name,
            paid=self.paid,
            price=amount(self.price) if self.price else None,
            starts_at=or_none(term.start_at) if term else None,
            ends_at=or_none(term.end_at) if term else None,
            included_incidents=or_none(self.included_incidents),
            response_target=or_none(self.response_target),
            order_line=or_none(self.order_line_id),
        )


@strawberry.input(description="A support plan to enroll a customer in, and the key that makes it count once.")
class EnrollSupportPlanInput(ChangeInput):
    enrollment: SupportPlanEnrollmentInput = strawberry.field(
        description="Who is enrolled in which plan, and on what terms."
    )


@strawberry.input(description="Incidents to take from a support plan, and the key that makes them count once.")
class UseSupportAllowanceInput(ChangeInput):
    enrollment_id: strawberry.ID = strawberry.field(description=_ENROLLMENT_ID)
    incidents: int | None = strawberry.field(description="How many incidents are used, 1 to 1,000.", default=1)
    used_at: datetime | None = optional("When the customer asked for help, while the plan is in force; left out, now.")
    note: str | None = optional("What it was about, such as Printer on fire.")


@strawberry.input(description="A support plan to end early, and the key that makes it count once.")
class CancelSupportPlanInput(ChangeInput):
    enrollment_id: strawberry.ID = strawberry.field(description=_ENROLLMENT_ID)
    cancel_at: datetime | None = optional(
        "When the plan stops, before the end of its term; left out, now, or at its start where that is still to come."
    )
    reason: CancellationReason = strawberry.field(description="Why it ends early.")
    expected_version: int | None = optional(
        "The version you read; if somebody changed the plan since, nothing is done (CONFLICT)."
    )


@strawberry.type
class EnrollmentPayload(CustomerPayload):
    enrollment: SupportPlanEnrollment | None = strawberry.field(
        description="The support plan as it is afterwards, or would be on a dry run; null when something was wrong."
    )


@strawberry.type(description="What became of an enrollment: all that a screen has to draw anew.")
class EnrollSupportPlanPayload(EnrollmentPayload):
    pass


@strawberry.type(description="What became of the use of a support plan.")
class UseSupportAllowancePayload(EnrollmentPayload):
    usage: SupportUsage | None = strawberry.field(
        description="What was taken from the plan; null when something was wrong."
    )


@strawberry.type(description="What became of the early end of a support plan.")
class CancelSupportPlanPayload(EnrollmentPayload):
    pass


async def enroll(caller: Caller, given: EnrollSupportPlanInput) -> EnrollSupportPlanPayload:
    """Enroll a customer in a support plan."""

    async def work(change: Change) -> Sequence[Outcome]:
        return await enroll_support_plan(change, given.enrollment.plan())

    recorded = await perform(caller, "enrollSupportPlan", given, work)
    return EnrollSupportPlanPayload(**_afterwards(recorded, given.idempotency_key))


async def use(caller: Caller, given: UseSupportAllowanceInput) -> UseSupportAllowancePayload:
    """Take incidents from what a support plan covers."""
    incidents = 1 if given.incidents is None else given.incidents
    used = NewSupportUse(incidents, or_none(given.used_at), or_none(given.note))

    async def work(change: Change) -> Sequence[Outcome]:
        return await use_support_allowance(change, key_named(given.enrollment_id, "sup"), used)

    recorded = await perform(caller, "useSupportAllowance", given, work)
    usage = reference(SupportUsage, recorded.outcomes[0], "usage", recorded)
    return UseSupportAllowancePayload(usage=usage, **_afterwards(recorded, given.idempotency_key))


async def cancel(caller: Caller, given: CancelSupportPlanInput) -> CancelSupportPlanPayload:
    """End a support plan early."""
    cancel_at, expected = or_none(given.cancel_at), or_none(given.expected_version)

    async def work(change: Change) -> Sequence[Outcome]:
        plan = key_named(given.enrollment_id, "sup")
        return await cancel_support_plan(change, plan, cancel_at, given.reason.name, expected)

    recorded = await perform(caller, "cancelSupportPlan", given, work)
    return CancelSupportPlanPayload(**_afterwards(recorded, given.idempotency_key))


def _afterwards(recorded: Recorded, key: str) -> dict[str, Any]:
    outcome = recorded.outcomes[0]
    return {
        "enrollment": reference(SupportPlanEnrollment, outcome, "support_plan", recorded),
        "customer": reference(Customer, outcome, "customer", recorded),
        "active_status_before": status_before(outcome, recorded),
        "user_errors": user_errors(outcome.errors),
        "idempotency": idempotency(key, recorded),
    }
