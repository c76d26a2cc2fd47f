"""Pauses of a subscription: what can be recorded about them, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from api.domain.subscription_timeline import INPUT, RUNNING, Stretch, Timeline, not_allowed
from api.errors import Rejection, UserErrorCode


@dataclass(frozen=True, slots=True)
class Pause:
    """A stop for a while.

    pause_at   None for now
    resume_at  None where the end is not known
    """

    made: ClassVar[str] = "PAUSED"
    pause_at: datetime | None = None
    resume_at: datetime | None = None

    def checked(self, now: datetime) -> Pause:
        if self.resume_at is not None and self.resume_at <= (self.pause_at or now):
            message = "A pause ends after it begins; leave this out where its end is not known."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*INPUT, "resumeAt"))
        return self

    def after(self, timeline: Timeline, now: datetime) -> Timeline:
        at = timeline.changed(self.pause_at, now, (*INPUT, "pauseAt"))
        timeline.require(at, RUNNING)
        if timeline.pause_after(at):
            raise not_allowed("A pause is planned already; withdraw it with resumeSubscription first.")
        start = max(at, self.pause_at or at)
        if timeline.ends_at is not None and start >= timeline.ends_at:
            message = f"By then it has ended, at {timeline.ends_at.isoformat()}; choose an earlier moment."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*INPUT, "pauseAt"))
        return replace(timeline, pauses=_with(timeline.pauses, (start, self.resume_at)), changed_at=at)


@dataclass(frozen=True, slots=True)
class Resumption:
    """The end of a pause, None for now; a pause that would begin later is withdrawn."""

    made: ClassVar[str] = "RESUMED"
    resume_at: datetime | None = None

    def checked(self, now: datetime) -> Resumption:
        return self

    def after(self, timeline: Timeline, now: datetime) -> Timeline:
        at = timeline.changed(self.resume_at, now, (*INPUT, "resumeAt"))
        timeline.require(at, RUNNING | {"PAUSED"})
        pause = timeline.pause_after(at)
        if pause is None:
            raise not_allowed("It is not paused, and no pause is planned: there is nothing to resume.")
        end = max(at, self.resume_at or at)
        kept = timeline.pauses[:-1]
        return replace(timeline, pauses=(*kept, (pause[0], end)) if end > pause[0] else kept, changed_at=at)


def _with(pauses: tuple[Stretch, ...], pause: Stretch) -> tuple[Stretch, ...]:
    # Two that touch are one, as they are in the database.
    if pauses and pauses[-1][1] == pause[0]:
        return (*pauses[:-1], (pauses[-1][0], pause[1]))
    return (*pauses, pause)
