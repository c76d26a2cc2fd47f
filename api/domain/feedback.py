"""What customers tell the business: the kinds there are, the scale of each, and what feedback must be to be kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.identity import parse_id
from api.domain.purchase import check_past
from api.domain.text import LONG, cleaned, cleaned_or_none
from api.errors import Rejection, UserErrorCode

KINDS = ("NPS", "CSAT", "CES", "REVIEW", "COMPLAINT", "COMMENT")
"""The kinds there are, in the order of the schema."""

SCALES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"NPS": (0, 10), "CSAT": (1, 5), "CES": (1, 7), "REVIEW": (1, 5)}
)
"""Lowest and highest score of each kind that has one; the others have none."""

SURVEYS = ("NPS", "CSAT", "CES")
"""The kinds that answer a question of the business, of which figures are made."""

SUBJECTS: Mapping[str, str] = MappingProxyType(
    {"ord": "order", "pro": "product", "sub": "subscription", "sup": "support plan", "con": "contract"}
)
"""What feedback can be about, by the prefixes of identifiers."""

MOST_REASONS = 20
_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)
_NO_SUCH = "What it is about is an order, subscription, support plan or contract of this customer, or any product."


@dataclass(frozen=True, slots=True)
class Subject:
    """What feedback is about: the prefix of an identifier, which says of what kind it is, and the key in it."""

    prefix: str
    key: UUID


def subject(named: str | Subject | None, field: tuple[str, ...]) -> Subject | None:
    """Return what an identifier names; raise Rejection for anything that feedback cannot be about."""
    if not isinstance(named, str):
        return named
    parsed = parse_id(named)
    if parsed is None or parsed[0] not in SUBJECTS:
        raise no_such_subject(field)
    return Subject(*parsed)


def no_such_subject(field: tuple[str, ...]) -> Rejection:
    """Return what is said where feedback is about something that is not there, or not the customer's."""
    return Rejection(UserErrorCode.NOT_FOUND, _NO_SUCH, field)


@dataclass(frozen=True, slots=True)
class Words:
    """What a customer says: the score on the scale of its kind, the reasons picked, and what was written."""

    score: int | None = None
    comment: str | None = None
    reasons: tuple[str, ...] = ()

    def checked(self, kind: str, field: tuple[str, ...]) -> Words:
        """Return the words as they are kept; raise Rejection where feedback of the kind cannot be so."""
        _check_score(kind, self.score, (*field, "score"))
        comment = cleaned_or_none(self.comment, most=LONG, field=(*field, "comment"))
        reasons = _reasons(self.reasons, (*field, "reasonCodes"))
        if kind == "COMMENT" and comment is None:
            raise Rejection(UserErrorCode.BLANK, "A comment needs its words.", (*field, "comment"))
        if kind == "COMPLAINT" and comment is None and not reasons:
            message = "A complaint needs words or at least one reason code."
            raise Rejection(UserErrorCode.BLANK, message, (*field, "comment"))
        return Words(self.score, comment, reasons)


def _check_score(kind: str, score: int | None, field: tuple[str, ...]) -> None:
    scale = SCALES.get(kind)
    if scale is None:
        if score is not None:
            raise Rejection(UserErrorCode.INVALID, f"{kind} has no score; leave it out.", field)
        return
    lowest, highest = scale
    if score is None:
        raise Rejection(UserErrorCode.BLANK, f"{kind} needs a score from {lowest} to {highest}.", field)
    if not lowest <= score <= highest:
        raise Rejection(UserErrorCode.OUT_OF_RANGE, f"A score of {kind} lies between {lowest} and {highest}.", field)


def _reasons(codes: tuple[str, ...], field: tuple[str, ...]) -> tuple[str, ...]:
    """Return each code once, in the order in which they were given."""
    if len(codes) > MOST_REASONS:
        raise Rejection(UserErrorCode.LIMIT_EXCEEDED, f"Feedback has at most {MOST_REASONS} reason codes.", field)
    for place, code in enumerate(codes):
        if not _REASON.fullmatch(code):
            message = "A reason code is capital letters, digits and underscores, at most 64, such as LATE_DELIVERY."
            raise Rejection(UserErrorCode.INVALID, message, (*field, str(place)))
    return tuple(dict.fromkeys(codes))


@dataclass(frozen=True, slots=True)
class NewFeedback:
    """Feedback to record.

    about         what it is about: its identifier, or what that names once checked; None for the business as a whole
    submitted_at  None for now
    """

    customer: CustomerName
    external_id: ExternalKey | None
    kind: str
    words: Words
    about: str | Subject | None
    submitted_at: datetime | None

    def checked(self, now: datetime, field: tuple[str, ...]) -> NewFeedback:
        """Return the feedback as it is kept; raise Rejection where it cannot be, whatever the database holds."""
        if self.submitted_at is not None:
            check_past(self.submitted_at, now, (*field, "submittedAt"))
        return replace(
            self,
            customer=self.customer.cleaned((*field, "customer")),
            external_id=self.external_id and self.external_id.cleaned((*field, "externalId")),
            words=self.words.checked(self.kind, field),
            about=subject(self.about, (*field, "aboutId")),
        )


@dataclass(frozen=True, slots=True)
class NewReply:
    """What is answered to feedback; at None for now, or for when it was given where that lies ahead of our clock."""

    text: str
    at: datetime | None

    def checked(self, now: datetime) -> NewReply:
        """Return the reply as it is kept; raise Rejection where it cannot be."""
        if self.at is not None:
            check_past(self.at, now, ("input", "repliedAt"))
        return replace(self, text=cleaned(self.text, most=LONG, field=("input", "text")))


@dataclass(frozen=True, slots=True)
class NewResolution:
    """How a complaint was settled; at None for now, or for when it was made where that lies ahead of our clock."""

    note: str | None
    at: datetime | None

    def checked(self, now: datetime) -> NewResolution:
        """Return the resolution as it is kept; raise Rejection where it cannot be."""
        if self.at is not None:
            check_past(self.at, now, ("input", "resolvedAt"))
        return replace(self, note=cleaned_or_none(self.note, most=LONG, field=("input", "note")))
