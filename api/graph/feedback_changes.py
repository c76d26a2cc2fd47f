"""Recording feedback and what follows on it: inputs, payloads, and how one becomes the other."""

from datetime import datetime
from typing import Any

import strawberry

from api.domain.feedback import NewFeedback, NewReply, NewResolution, Words
from api.graph.active_status import CustomerPayload, status_before
from api.graph.arguments import optional
from api.graph.customers import Customer
from api.graph.declare import Reference
from api.graph.feedback import Feedback, FeedbackKind, FeedbackReply
from api.graph.finding_customers import CustomerIdentifierInput
from api.graph.naming import customer_name, external_key, key_named, or_none
from api.graph.outcomes import Caller, ChangeInput, idempotency, perform, reference, user_errors
from api.graph.shared import ExternalIdInput
from api.writes.feedback import reply_to_feedback, resolve_complaint, submit_feedback
from api.writes.once import Recorded

_FEEDBACK_ID = "The id of the feedback, which begins with fbk_."


@strawberry.input(description="Something a customer told the business.")
class FeedbackInput:
    customer: CustomerIdentifierInput = strawberry.field(
        description="Who said it; setCustomer creates a customer who is not known yet."
    )
    external_id: ExternalIdInput | None = optional(
        "What the system it comes from calls this feedback; the same one is never taken twice."
    )
    kind: FeedbackKind = strawberry.field(description="What sort of feedback it is.")
    score: int | None = optional("The score on the scale of its kind; a complaint or comment has none.")
    comment: str | None = optional("What the customer wrote, at most 2,000 characters.")
    reason_codes: list[str] | None = optional("Reasons picked from a list, such as LATE_DELIVERY; 20 at most.")
    about_id: strawberry.ID | None = optional(
        "The id of what it is about: any product, or an order, subscription, support plan or contract of the customer."
    )
    submitted_at: datetime | None = optional("When the customer said it; left out, now.")

    def feedback(self) -> NewFeedback:
        """Return the feedback to record."""
        return NewFeedback(
            customer=customer_name(self.customer),
            external_id=external_key(or_none(self.external_id)),
            kind=self.kind.name,
            words=words(self),
            about=or_none(self.about_id),
            submitted_at=or_none(self.submitted_at),
        )


def words(given: Any) -> Words:
    """Return what an input with a score, a comment and reason codes says."""
    return Words(or_none(given.score), or_none(given.comment), tuple(or_none(given.reason_codes) or ()))


@strawberry.input(description="Feedback to record, and the key that makes it count once.")
class SubmitFeedbackInput(ChangeInput):
    feedback: FeedbackInput = strawberry.field(description="Who said what, about what and when.")


@strawberry.input(description="An answer to feedback, and the key that makes it count once.")
class ReplyToFeedbackInput(ChangeInput):
    feedback_id: strawberry.ID = strawberry.field(description=_FEEDBACK_ID)
    text: str = strawberry.field(description="What is answered, at most 2,000 characters.")
    replied_at: datetime | None = optional("When it was answered, not before the feedback; left out, now.")


@strawberry.input(description="A complaint to settle, and the key that makes it count once.")
class ResolveComplaintInput(ChangeInput):
    feedback_id: strawberry.ID = strawberry.field(description="The id of the complaint, which begins with fbk_.")
    note: str | None = optional("How it was settled, such as Sent a new one; at most 2,000 characters.")
    resolved_at: datetime | None = optional("When it was settled, not before the complaint; left out, now.")


@strawberry.type
class FeedbackPayload(CustomerPayload):
    feedback: Feedback | None = strawberry.field(
        description="The feedback as it is afterwards, or would be on a dry run; null when something was wrong."
    )


@strawberry.type(description="What became of submitFeedback: all that a screen has to draw anew.")
class SubmitFeedbackPayload(FeedbackPayload):
    customer_before: Customer | None = strawberry.field(
        description="The customer as known just before, to see what has moved, such as satisfaction and lifecycle."
    )


@strawberry.type(description="What became of replyToFeedback.")
class ReplyToFeedbackPayload(FeedbackPayload):
    reply: FeedbackReply | None = strawberry.field(
        description="The reply that was recorded; null when something was wrong."
    )


@strawberry.type(description="What became of a complaint that was to be settled.")
class ResolveComplaintPayload(FeedbackPayload):
    pass


async def submit(caller: Caller, given: SubmitFeedbackInput) -> SubmitFeedbackPayload:
    """Record feedback."""
    new = given.feedback.feedback()
    recorded = await perform(caller, "submitFeedback", given, lambda change: submit_feedback(change, new))
    before = _customer_before(recorded)
    return SubmitFeedbackPayload(customer_before=before, **_afterwards(recorded, given.idempotency_key))


def _customer_before(recorded: Recorded) -> Any:
    key = recorded.outcomes[0].ids.get("customer")
    return key and Reference(Customer, key, known_at=recorded.begun_at, pinned=recorded.pinned)


async def reply(caller: Caller, given: ReplyToFeedbackInput) -> ReplyToFeedbackPayload:
    """Answer feedback."""
    new = NewReply(given.text, or_none(given.replied_at))
    which = key_named(given.feedback_id, "fbk")
    recorded = await perform(caller, "replyToFeedback", given, lambda change: reply_to_feedback(change, which, new))
    made = reference(FeedbackReply, recorded.outcomes[0], "reply", recorded)
    return ReplyToFeedbackPayload(reply=made, **_afterwards(recorded, given.idempotency_key))


async def resolve(caller: Caller, given: ResolveComplaintInput) -> ResolveComplaintPayload:
    """Settle a complaint."""
    new = NewResolution(or_none(given.note), or_none(given.resolved_at))
    which = key_named(given.feedback_id, "fbk")
    recorded = await perform(caller, "resolveComplaint", given, lambda change: resolve_complaint(change, which, new))
    return ResolveComplaintPayload(**_afterwards(recorded, given.idempotency_key))


def _afterwards(recorded: Recorded, key: str) -> dict[str, Any]:
    """Return what every payload about feedback holds."""
    outcome = recorded.outcomes[0]
    return {
        "feedback": reference(Feedback, outcome, "feedback", recorded),
        "customer": reference(Customer, outcome, "customer", recorded),
        "active_status_before": status_before(outcome, recorded),
        "user_errors": user_errors(outcome.errors),
        "idempotency": idempotency(key, recorded),
    }
