"""Recording what customers say, and what is answered to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from api.database import Statement, prepare
from api.domain.feedback import NewFeedback, NewReply, NewResolution, Subject, no_such_subject, subject
from api.domain.identity import new_id
from api.errors import Rejection, UserErrorCode
from api.tables.contracts import contracts
from api.tables.feedback import ABOUT, complaint_resolutions, feedback, feedback_replies
from api.tables.orders import orders
from api.tables.products import products
from api.tables.subscriptions import subscriptions
from api.tables.support_plans import support_plans
from api.writes.change import Change, Outcome, refusing
from api.writes.lookups import customer_of

_INPUT = ("input", "feedback")
_FEEDBACK_ID = ("input", "feedbackId")
_KEYS = {
    "ord": orders.c.order_id,
    "pro": products.c.product_id,
    "sub": subscriptions.c.subscription_id,
    "sup": support_plans.c.support_plan_id,
    "con": contracts.c.contract_id,
}
"""The columns of keys of what feedback can be about, by the prefixes of identifiers."""


def _is_there(key: Any) -> Statement:
    """Return the search for something by its key, where it belongs to a customer for one of that customer."""
    named = [key == bindparam("which")]
    if "customer_id" in key.table.c:
        named.append(key.table.c.customer_id == bindparam("whose"))
    return prepare(select(key).where(*named).limit(1))


_ARE_THERE = {prefix: _is_there(key) for prefix, key in _KEYS.items()}
_COLUMNS = (
    *("customer_id", "feedback_id", "source", "external_id", "kind", "score", "comment", "reason_codes"),
    *(*ABOUT, "survey_id", "submitted_at"),
)
_ADD = prepare(
    insert(feedback)
    .values({name: bindparam(name, type_=feedback.c[name].type) for name in _COLUMNS})
    .on_conflict_do_nothing()
    .returning(feedback.c.feedback_id)
)
_LOCK = prepare(
    select(feedback.c.customer_id, feedback.c.feedback_id, feedback.c.kind, feedback.c.submitted_at)
    .where(feedback.c.feedback_id == bindparam("which"))
    .with_for_update(key_share=True)
)
_RESOLVED = prepare(
    select(complaint_resolutions.c.resolved_at).where(
        complaint_resolutions.c.customer_id == bindparam("whose"),
        complaint_resolutions.c.feedback_id == bindparam("which"),
    )
)


def _insertion(table: Any, *names: str) -> Statement:
    return prepare(insert(table).values({name: bindparam(name) for name in names}))


_REPLY = _insertion(feedback_replies, "customer_id", "reply_id", "feedback_id", "author", "text", "replied_at")
_RESOLVE = _insertion(complaint_resolutions, "customer_id", "feedback_id", "note", "resolved_at")


async def submit_feedback(change: Change, given: NewFeedback) -> list[Outcome]:
    """Record what a customer says and return its identifiers; raise Refused where it cannot be recorded."""
    with refusing():
        new = given.checked(change.now, _INPUT)
        whose = await customer_of(change, new.customer, (*_INPUT, "customer"))
        ids = await add_feedback(change, whose, new, (*_INPUT, "aboutId"))
        if ids is None:
            message = "Feedback with this external identifier is recorded already."
            raise Rejection(UserErrorCode.TAKEN, message, (*_INPUT, "externalId"))
    return [Outcome(ids)]


async def add_feedback(
    change: Change, whose: UUID, new: NewFeedback, about: tuple[str, ...], survey: UUID | None = None
) -> dict[str, UUID] | None:
    """Add checked feedback of a customer and return its identifiers, None where it is there already.

    about   path of the input that names what it is about
    survey  the one-time link that it answers
    """
    columns = await columns_about(change, whose, new.about, about)
    ids = {"feedback": new_id(), "customer": whose}
    added = await change.rows(
        _ADD,
        customer_id=whose,
        feedback_id=ids["feedback"],
        source=new.external_id and new.external_id.source,
        external_id=new.external_id and new.external_id.value,
        kind=new.kind,
        score=new.words.score,
        comment=new.words.comment,
        reason_codes=list(new.words.reasons),
        survey_id=survey,
        submitted_at=new.submitted_at or change.now,
        **columns,
    )
    return ids if added else None


async def columns_about(
    change: Change, whose: UUID, named: str | Subject | None, field: tuple[str, ...]
) -> Mapping[str, UUID | None]:
    """Return the columns that say what something of a customer is about, of which one at most has a value.

    Raises Rejection where it is about something that is not there, or not that customer's.
    """
    about = subject(named, field)
    if about and not await change.rows(_ARE_THERE[about.prefix], which=about.key, whose=whose):
        raise no_such_subject(field)
    column = about and _KEYS[about.prefix].name
    return {name: about.key if about and name == column else None for name in ABOUT}


async def reply_to_feedback(change: Change, which: UUID | None, given: NewReply) -> list[Outcome]:
    """Record an answer to feedback and return its identifiers; raise Refused where it cannot be recorded."""
    with refusing():
        new = given.checked(change.now)
        found = await _unsettled(change, which, "This complaint is settled already; the customer may make another one.")
        ids = _ids(found) | {"reply": new_id()}
        await change.rows(
            _REPLY,
            customer_id=ids["customer"],
            reply_id=ids["reply"],
            feedback_id=ids["feedback"],
            author="BUSINESS" if change.principal.customer_id is None else "CUSTOMER",
            text=new.text,
            replied_at=_not_before(found, new.at, change, "repliedAt"),
        )
    return [Outcome(ids)]


async def resolve_complaint(change: Change, which: UUID | None, given: NewResolution) -> list[Outcome]:
    """Record that a complaint is settled and return its identifiers; raise Refused where it cannot be."""
    with refusing():
        new = given.checked(change.now)
        found = await _unsettled(change, which, "This complaint is settled already.")
        if found["kind"] != "COMPLAINT":
            message = "Only a complaint can be resolved; answer other feedback with replyToFeedback."
            raise Rejection(UserErrorCode.INVALID_STATE, message, _FEEDBACK_ID)
        ids = _ids(found)
        at = _not_before(found, new.at, change, "resolvedAt")
        await change.rows(
            _RESOLVE, customer_id=ids["customer"], feedback_id=ids["feedback"], note=new.note, resolved_at=at
        )
    return [Outcome(ids)]


def _ids(found: Any) -> dict[str, UUID]:
    return {"feedback": found["feedback_id"], "customer": found["customer_id"]}


async def _unsettled(change: Change, which: UUID | None, message: str) -> Any:
    """Return feedback, locked, so that answers and resolutions at the same time take turns."""
    found = await change.rows(_LOCK, which=which) if which else []
    owner = change.principal.customer_id
    if not found or owner not in (None, found[0]["customer_id"]):
        raise Rejection(UserErrorCode.NOT_FOUND, "There is no such feedback.", _FEEDBACK_ID)
    if await change.rows(_RESOLVED, whose=found[0]["customer_id"], which=which):
        raise Rejection(UserErrorCode.INVALID_STATE, message, _FEEDBACK_ID)
    return found[0]


def _not_before(found: Any, at: datetime | None, change: Change, name: str) -> datetime:
    """Return when something followed on feedback; raise Rejection for a moment before it was given."""
    given: datetime = found["submitted_at"]
    if at is not None and at < given:
        message = "This cannot have happened before the feedback was given."
        raise Rejection(UserErrorCode.OUT_OF_RANGE, message, ("input", name))
    return at or max(change.now, given)
