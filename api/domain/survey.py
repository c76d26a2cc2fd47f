"""One-time links to surveys: a token that says who is asked what, about what and until when, and that nobody can make.

The token is text for an address: what it says in 59 bytes, and HMAC-SHA256 of these under a key of the business.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from struct import Struct
from uuid import UUID

from api.domain.customer_name import CustomerName
from api.domain.feedback import KINDS, SCALES, SUBJECTS, Subject, Words, subject
from api.errors import Rejection, UserErrorCode

USUAL_LIFE, LONGEST_LIFE = timedelta(days=30), timedelta(days=366)
_TOKEN = ("input", "token")
_FORM = Struct(">B16s16sBB16sq")
_VERSION = 1
_MAC_BYTES = 32
_PURPOSE = b"survey links"
_ABOUT = (None, *SUBJECTS)
"""What a link can be about, by the number that stands for it in a token."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a link asks: its identifier, whom, for which kind of feedback, about what, and until when."""

    survey_id: UUID
    customer_id: UUID
    kind: str
    about: Subject | None
    expires_at: datetime

    def token(self, business_key: bytes) -> str:
        """Return the token."""
        prefix, key = (self.about.prefix, self.about.key.bytes) if self.about else (None, bytes(16))
        what = (KINDS.index(self.kind), _ABOUT.index(prefix), key)
        until = int(self.expires_at.timestamp())
        said = _FORM.pack(_VERSION, self.survey_id.bytes, self.customer_id.bytes, *what, until)
        return _spelled(said + _signature(said, business_key))


def read_token(token: str, business_key: bytes, now: datetime) -> Survey:
    """Return what a token says; raise Rejection for one that was not made here, and for one that has run out."""
    said = _verified(token, business_key)
    if said is None:
        raise unknown_token()
    _, survey, customer, kind, about, key, until = _FORM.unpack(said)
    expires_at = datetime.fromtimestamp(until, UTC)
    if now >= expires_at:
        raise Rejection(UserErrorCode.EXPIRED, "This link has run out; ask for a new one.", _TOKEN)
    prefix = _ABOUT[about]
    asked = Subject(prefix, UUID(bytes=key)) if prefix else None
    return Survey(UUID(bytes=survey), UUID(bytes=customer), KINDS[kind], asked, expires_at)


def unknown_token() -> Rejection:
    """Return what is said of a token that was not made here."""
    message = "This link was not made here, or not all of it has come through; open it exactly as it was sent."
    return Rejection(UserErrorCode.INVALID, message, _TOKEN)


def used_token() -> Rejection:
    """Return what is said of a token that has been answered."""
    return Rejection(UserErrorCode.TAKEN, "This link has been answered already; it takes one answer.", _TOKEN)


def _verified(token: str, business_key: bytes) -> bytes | None:
    """Return what a token says where its signature is right."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except ValueError:
        return None
    said, signature = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    # Of the texts that stand for the same bytes only the one that was made is taken.
    is_whole = len(said) == _FORM.size and _spelled(raw) == token
    return said if is_whole and hmac.compare_digest(signature, _signature(said, business_key)) else None


def _spelled(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _signature(said: bytes, business_key: bytes) -> bytes:
    """Return the signature, under a key that follows from the business's own for this purpose alone."""
    return hmac.digest(hmac.digest(business_key, _PURPOSE, "sha256"), said, "sha256")


@dataclass(frozen=True, slots=True)
class NewSurvey:
    """A link to make.

    about       what it asks about: its identifier, or what that names once checked; None for the business as a whole
    expires_at  None for the usual time from now on, before it is checked; then whole seconds
    """

    customer: CustomerName
    kind: str
    about: str | Subject | None
    expires_at: datetime | None

    def checked(self, now: datetime, field: tuple[str, ...]) -> NewSurvey:
        """Return the link as it is kept; raise Rejection where it cannot be made, whatever the database holds."""
        if self.kind not in SCALES:
            message = f"A link asks for a score: {', '.join(SCALES)}."
            raise Rejection(UserErrorCode.INVALID, message, (*field, "kind"))
        about = subject(self.about, (*field, "aboutId"))
        until = (self.expires_at or now + USUAL_LIFE).replace(microsecond=0)
        if not now < until <= now + LONGEST_LIFE:
            message = f"A link runs out after now, and within {LONGEST_LIFE.days} days."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*field, "expiresAt"))
        return replace(self, customer=self.customer.cleaned((*field, "customer")), about=about, expires_at=until)


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answers through a link."""

    token: str
    words: Words
