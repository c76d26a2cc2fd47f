"""A subscription that another system has kept so far: the versions that follow from how it stands there.

What it was before is not told, so its first version has the terms and the period of today from its start on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from api.domain.calendar import boundary_after, boundary_before
from api.domain.subscription import Cancellation, NewSubscription, bounded
from api.domain.subscription_timeline import Timeline
from api.domain.term import EarlyEnd, shown
from api.errors import Rejection, UserErrorCode

FIELD = ("subscription",)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class KeptSubscription:
    """A subscription as another system keeps it.

    new         what is subscribed to, checked
    period_end  until when it is paid for, or on trial; None where it is paid for as long as it has run
    end         None where nobody has ended it
    """

    new: NewSubscription
    period_end: datetime | None
    end: EarlyEnd | None

    def begun(self, now: datetime, zone: ZoneInfo) -> Timeline:
        """Return the timeline of the first version; raise Rejection where there can be none."""
        first = self.new.timeline(now, zone, FIELD)
        end = self._period_end(first, now)
        field = (*FIELD, "periodEnd")
        if self.new.trial_ends_at is not None and end < self.new.trial_ends_at:
            message = "A trial is the first period, so no period ends before it."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, field)
        if end <= first.started_at:
            message = f"The period ends after the start, {shown(first.started_at)}."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, field)
        return _in_period_until(end, first)

    def ended(self, begun: Timeline, now: datetime) -> Timeline | None:
        """Return the timeline of the version that ends it, None where there is none; raise Rejection."""
        if self.end is None:
            return None
        decided = self.end.decided(now, begun.changed_at, (*FIELD, "cancelledAt"))
        step = Cancellation(self.end.reason, self.end.comment, self.end.ended_at).checked(decided)
        return step.after(begun, decided)

    def _period_end(self, first: Timeline, now: datetime) -> datetime:
        if self.period_end is not None:
            return self.period_end
        ran_until = now
        if self.end is not None:
            # Where it ended with a period, that period was its last.
            ran_until = self.end.ended_at - _INSTANT if self.end.ended_at else self.end.decided_at or now
        if ran_until < first.period_end:
            return first.period_end
        found = boundary_after(ran_until, anchor=first.anchored_at, interval=first.interval, zone=first.zone)
        return bounded(found, (*FIELD, "interval"))


def _in_period_until(end: datetime, first: Timeline) -> Timeline:
    """Return the timeline in the period with that end, which began where the last regular one did."""
    if end <= first.period_end:
        anchor = first.anchored_at if end == first.period_end else end
        return replace(first, period_end=end, anchored_at=anchor)
    regular = partial(boundary_before, anchor=first.anchored_at, interval=first.interval, zone=first.zone)
    start = regular(end)
    is_regular = regular(end + _INSTANT) == end
    return replace(first, period_start=start, period_end=end, anchored_at=first.anchored_at if is_regular else end)
