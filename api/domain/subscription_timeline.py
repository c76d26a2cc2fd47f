"""How a subscription runs: its periods, its pauses, and when it ends if nothing else happens.

* It runs from `started_at`. A trial runs until `trial_ends_at`, is free, and is its first period; without one, the
  first period is one interval long.
* The ends of periods are counted from `anchored_at`, so that they do not wear off: from 31 January, a month lasts until
  28 February and the next until 31 March. The anchor is the start, the end of the trial, or the moment from which
  periods of another length, or after a pause, are counted.
* A payment is due when the period ends, or when the pause ends that covers that moment. Unpaid, it runs on for `grace`
  and lapses then, or when the pause ends that covers that moment.
* It ends at `cancel_at` or when it lapses, whichever comes first.

Everything is counted as calendars and clocks in the zone of the business show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from api.domain.calendar import Duration
from api.errors import Rejection, UserErrorCode

Stretch: TypeAlias = tuple[datetime, datetime | None]
"""A stretch of time: its first moment, and the first that is no longer in it, None where there is none."""

INPUT = ("input",)
SUBSCRIPTION_ID = (*INPUT, "subscriptionId")
RUNNING = frozenset({"TRIALING", "ACTIVE", "PAST_DUE"})
NOT_OVER = RUNNING | {"SCHEDULED", "PAUSED"}
_REFUSALS = {
    "SCHEDULED": "It has not begun; wait until it has.",
    "PAUSED": "It is paused; resume it first.",
    "CANCELLED": "It was cancelled and has ended; start a new one.",
    "EXPIRED": "It has run out; start a new one.",
}


@dataclass(frozen=True, slots=True)
class Timeline:
    """One version of a subscription, as far as time is concerned.

    pauses      in their order, none touching the next
    changed_at  when what made this version happened
    """

    started_at: datetime
    trial_ends_at: datetime | None
    interval: Duration
    grace: Duration
    anchored_at: datetime
    period_start: datetime
    period_end: datetime
    changed_at: datetime
    zone: ZoneInfo
    pauses: tuple[Stretch, ...] = ()
    cancel_at: datetime | None = None

    @property
    def due(self) -> datetime | None:
        """When the next payment is due, None while a pause without an end covers that moment."""
        return self._running_from(self.period_end)

    @property
    def lapses_at(self) -> datetime | None:
        """When it ends unpaid and not cancelled, None while a pause without an end keeps it from that."""
        due = self.due
        return None if due is None else self._running_from(self.grace.after(due, self.zone))

    @property
    def ends_at(self) -> datetime | None:
        """When it ends if nothing else happens, None where it does not."""
        ends = [end for end in (self.cancel_at, self.lapses_at) if end is not None]
        return min(ends, default=None)

    def status(self, moment: datetime) -> str:
        """Return how it stands at a moment, if nothing else happens until then."""
        due, ends_at = self.due, self.ends_at
        has_ended = ends_at is not None and ends_at <= moment
        if moment < self.started_at:
            return "SCHEDULED"
        if has_ended and ends_at == self.cancel_at:
            return "CANCELLED"
        if self.pause_at(moment):
            return "PAUSED"
        if has_ended:
            return "EXPIRED"
        if self.trial_ends_at is not None and moment < self.trial_ends_at:
            return "TRIALING"
        return "ACTIVE" if due is None or moment < due else "PAST_DUE"

    def pause_at(self, moment: datetime) -> Stretch | None:
        """Return the pause that covers a moment."""
        return next((pause for pause in self.pauses if pause[0] <= moment and _reaches(pause, moment)), None)

    def pause_after(self, moment: datetime) -> Stretch | None:
        """Return the pause that covers a moment, else the next that is planned."""
        return next((pause for pause in self.pauses if _reaches(pause, moment)), None)

    def changed(self, told: datetime | None, now: datetime, field: tuple[str, ...]) -> datetime:
        """Return when a change happens; raise Rejection where it would precede the last one.

        told  when it takes effect; what lies ahead is decided now, None is now
        """
        if told is not None and told < min(now, self.changed_at):
            message = f"The subscription changed at {self.changed_at.isoformat()}; nothing can change it before that."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, field)
        return max(now if told is None else min(told, now), self.changed_at)

    def require(self, moment: datetime, allowed: frozenset[str]) -> None:
        """Raise Rejection where it stands otherwise at a moment."""
        status = self.status(moment)
        if status not in allowed:
            raise not_allowed(_REFUSALS[status])

    def _running_from(self, moment: datetime) -> datetime | None:
        pause = self.pause_at(moment)
        return pause[1] if pause else moment


class Step(Protocol):
    """A change of a subscription that is there."""

    made: ClassVar[str]
    """What the version that it makes says it was made by."""

    def checked(self, now: datetime) -> Step:
        """Return the change as it is kept; raise Rejection where it cannot be, whatever the database holds."""

    def after(self, timeline: Timeline, now: datetime) -> Timeline:
        """Return the timeline that follows; raise Rejection where the subscription does not allow it."""


def not_allowed(message: str) -> Rejection:
    """Return the refusal of a change that the subscription's state does not allow."""
    return Rejection(UserErrorCode.INVALID_STATE, message, SUBSCRIPTION_ID)


def _reaches(pause: Stretch, moment: datetime) -> bool:
    return pause[1] is None or moment < pause[1]
