"""Things with a term: how they stand at a moment, and what their terms must be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from api.errors import Rejection, UserErrorCode


class TermStatus(Enum):
    """How something with a term stands."""

    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Term:
    """When something holds, if nothing else happens.

    starts_at  first moment at which it holds
    ends_at    first moment at which it no longer does, None for never
    early      whether that is before its time is up
    """

    starts_at: datetime
    ends_at: datetime | None
    early: bool = False

    def status(self, moment: datetime) -> TermStatus:
        """Return how it stands at a moment."""
        if moment < self.starts_at:
            return TermStatus.SCHEDULED
        if self.ends_at is None or moment < self.ends_at:
            return TermStatus.ACTIVE
        return TermStatus.CANCELLED if self.early else TermStatus.EXPIRED


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """How something with a term was ended before its time was up, as another system tells it.

    decided_at  None for when it ended, or for now where that lies ahead
    ended_at    None for when it ends where nobody says more, as with a change made here
    """

    decided_at: datetime | None
    ended_at: datetime | None
    reason: str
    comment: str | None = None

    def decided(self, now: datetime, begun_at: datetime, field: tuple[str, ...]) -> datetime:
        """Return when it was decided; raise Rejection where that is before the thing was agreed.

        begun_at  when what made its first version happened
        """
        moment = self.decided_at or min(self.ended_at or now, now)
        check_not_before(moment, begun_at, field)
        return moment


def check_order(starts_at: datetime, ends_at: datetime | None, field: tuple[str, ...]) -> None:
    """Raise Rejection for a term that does not end after it starts."""
    if ends_at is not None and ends_at <= starts_at:
        raise Rejection(UserErrorCode.OUT_OF_RANGE, "A term ends after it starts.", field)


def check_not_before(moment: datetime, earliest: datetime, field: tuple[str, ...]) -> None:
    """Raise Rejection for a change that would take effect before the thing began, or before its last change."""
    if moment < earliest:
        message = f"This lies before the start or the last change: {shown(earliest)} is the earliest."
        raise Rejection(UserErrorCode.OUT_OF_RANGE, message, field)


def shown(moment: datetime) -> str:
    """Return a moment as a message shows it.

    >>> from datetime import UTC
    >>> shown(datetime(2025, 1, 31, 12, tzinfo=UTC))
    '2025-01-31T12:00:00Z'
    """
    return moment.isoformat().replace("+00:00", "Z")
