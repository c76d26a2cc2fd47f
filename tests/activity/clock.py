"""A length of time later, by the calendar on the wall: the tests' own, to judge the application's by."""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from tests.activity.facts import Length

_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@cache
def later(moment: datetime, length: Length, zone: str) -> datetime:
    """Return the moment at which calendar and clock in a zone show a length of time more than at another."""
    place = ZoneInfo(zone)
    shown = moment.astimezone(place).replace(tzinfo=None, fold=0)
    year, month = shown.year, shown.month
    for _ in range(length.months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    last = 29 if month == 2 and isleap(year) else _DAYS[month - 1]
    shown = shown.replace(year=year, month=month, day=min(shown.day, last)) + timedelta(days=length.days)
    return when_shown(shown, place)


def when_shown(shown: datetime, place: ZoneInfo) -> datetime:
    """Return when clocks of a place show this: of two such moments the second, of none as clocks went before."""
    moments = [shown.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1)]
    showing = [moment for moment in moments if moment.astimezone(place).replace(tzinfo=None, fold=0) == shown]
    # In a gap the first reading has the difference to UTC from before the clocks were put forward.
    return max(showing) if showing else moments[0]
