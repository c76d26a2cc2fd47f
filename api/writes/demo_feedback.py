"""The rows of what a made-up customer says, as they are copied into the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Table

from api.domain.population import Told, derived_id
from api.tables.feedback import complaint_resolutions, feedback, feedback_replies
from api.writes.demo_agreements import Owner, Rows

TOLD_COLUMNS: Mapping[Table, tuple[str, ...]] = {
    feedback: (
        *("customer_id", "feedback_id", "kind", "score", "comment", "reason_codes", "order_id", "submitted_at"),
        "recorded_at",
    ),
    feedback_replies: (*("customer_id", "reply_id", "feedback_id", "author", "text", "replied_at", "recorded_at"),),
    complaint_resolutions: ("customer_id", "feedback_id", "note", "resolved_at", "recorded_at"),
}


def add_feedback(rows: Rows, owner: Owner, told: Sequence[Told]) -> None:
    """Add what a customer said, with what followed on it."""
    for number, each in enumerate(told, start=1):
        _add(rows, owner, each.name_in(owner[1], number), each)


def _add(rows: Rows, owner: Owner, name: str, told: Told) -> None:
    key: tuple[UUID, UUID] = owner[0], derived_id(told.recorded_at, name)
    order_id = told.order.key(owner[1]) if told.order else None
    said = told.kind, told.score, told.comment, list(told.reasons), order_id
    rows[feedback].append((*key, *said, told.submitted_at, told.recorded_at))
    if told.replied_at:
        reply = derived_id(told.replied_at, f"{name}/reply")
        written = "BUSINESS", told.reply, told.replied_at, told.replied_at
        rows[feedback_replies].append((key[0], reply, key[1], *written))
    if told.resolved_at:
        rows[complaint_resolutions].append((*key, told.note, told.resolved_at, told.resolved_at))
