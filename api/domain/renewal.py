"""Terms that follow each other: how long one is, and when the one that is running ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from api.domain.calendar import Duration

MEAN_MONTH = timedelta(days=30.436875)
"""A month of the Gregorian calendar, on average over 400 years."""

_MINUTE = timedelta(minutes=1)


def length_between(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> Duration:
    """Return the length of a term: in whole months where they lead just to its end, else in days and minutes.

    >>> str(length_between(datetime(2025, 1, 31, tzinfo=UTC), datetime(2025, 4, 30, tzinfo=UTC), ZoneInfo("UTC")))
    'P3M'
    >>> str(length_between(datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 31, tzinfo=UTC), ZoneInfo("UTC")))
    'P30D'
    """
    start, end = (moment.astimezone(zone).replace(tzinfo=None) for moment in (starts_at, ends_at))
    months = (end.year - start.year) * 12 + end.month - start.month
    if months and Duration(months).after(starts_at, zone) == ends_at:
        return Duration(months)
    # Where clocks were put back meanwhile, they may show no time at all.
    days, rest = divmod(max(end - start, _MINUTE), timedelta(days=1))
    return Duration(days=days, minutes=-(-rest // _MINUTE))


def rolled_end(ends_at: datetime, interval: Duration, moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the end of the term that runs at a moment, where each is followed by another as long as `interval`.

    Ends are counted from the first one, so that a month's last day stays one: ends_at + n · interval for the smallest
    n ≥ 0 that lies after the moment.

    ends_at   end of the first term
    interval  a day or longer

    >>> utc = ZoneInfo("UTC")
    >>> rolled_end(datetime(2025, 1, 31, tzinfo=UTC), Duration(1), datetime(2025, 3, 1, tzinfo=UTC), utc).isoformat()
    '2025-03-31T00:00:00+00:00'
    """
    mean = interval.months * MEAN_MONTH + timedelta(days=interval.days, minutes=interval.minutes)
    # Calendars are never further from their mean than two terms of a day.
    for number in count(max((moment - ends_at) // mean - 2, 0)):
        found = _times(interval, number).after(ends_at, zone)
        if found > moment:
            return found
    raise AssertionError("time goes on")


def _times(interval: Duration, number: int) -> Duration:
    return Duration(interval.months * number, interval.days * number, interval.minutes * number)
