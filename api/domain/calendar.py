"""Lengths of time as calendars count them, and moments that lie one such length apart."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MOST_MONTHS = 1_200
MOST_DAYS = 36_525
_CLOCKS_DIFFER_BY = timedelta(days=2)
_FORM = re.compile(
    r"P(?=.)(?:(?P<years>\d{1,3})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,5})M)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time: months differ in length, days do where clocks are changed.

    months, days, minutes  whole numbers, 0 or more; years count as 12 months and weeks as 7 days
    """

    months: int = 0
    days: int = 0
    minutes: int = 0

    def __str__(self) -> str:
        """Return the length in ISO 8601, in months, days, hours and minutes.

        >>> str(Duration(12)), str(Duration(days=14)), str(Duration(minutes=90)), str(Duration())
        ('P12M', 'P14D', 'PT1H30M', 'P0D')
        """
        hours, minutes = divmod(self.minutes, 60)
        date = _spelled((self.months, "M"), (self.days, "D"))
        time = _spelled((hours, "H"), (minutes, "M"))
        return f"P{date}{'T' if time else ''}{time}" if date or time else "P0D"

    def __bool__(self) -> bool:
        """Return whether it has a length at all."""
        return bool(self.months or self.days or self.minutes)

    def times(self, count: int) -> Duration:
        """Return the length so many times over.

        >>> str(Duration(1, days=2).times(3))
        'P3M6D'
        """
        return Duration(self.months * count, self.days * count, self.minutes * count)

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the moment this long after another, as a calendar and a clock in the zone show it, in UTC.

        A day that its month does not have becomes the month's last. An hour that is skipped when clocks are put forward
        is taken as if they had not been; of one that comes twice, the second is meant. PostgreSQL does the same in
        `(moment AT TIME ZONE zone + interval) AT TIME ZONE zone`.

        >>> Duration(1).after(datetime(2025, 1, 31, 12, tzinfo=UTC), ZoneInfo("UTC")).date().isoformat()
        '2025-02-28'
        """
        local = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        count = local.year * 12 + local.month - 1 + self.months
        year, month = count // 12, count % 12 + 1
        day = min(local.day, monthrange(year, month)[1])
        moved = local.replace(year=year, month=month, day=day) + timedelta(days=self.days, minutes=self.minutes)
        return _in_zone(moved, zone)


def boundary_after(moment: datetime, *, anchor: datetime, interval: Duration, zone: ZoneInfo) -> datetime:
    """Return the first moment after another that lies a whole number of intervals, one or more, after the anchor.

    Each is counted from the anchor, not from the one before, so that the ends of months do not wear off.

    >>> start, february = datetime(2025, 1, 31, tzinfo=UTC), datetime(2025, 2, 28, tzinfo=UTC)
    >>> boundary_after(february, anchor=start, interval=Duration(1), zone=ZoneInfo("UTC")).date().isoformat()
    '2025-03-31'
    """
    count = max((moment - anchor - _CLOCKS_DIFFER_BY) // _longest(interval), 1)
    while (found := interval.times(count).after(anchor, zone)) <= moment:
        count += 1
    return found


def boundary_before(moment: datetime, *, anchor: datetime, interval: Duration, zone: ZoneInfo) -> datetime:
    """Return the last moment before another that lies a whole number of intervals, none or more, after the anchor.

    moment  later than the anchor

    >>> start, march = datetime(2025, 1, 31, tzinfo=UTC), datetime(2025, 3, 31, tzinfo=UTC)
    >>> boundary_before(march, anchor=start, interval=Duration(1), zone=ZoneInfo("UTC")).date().isoformat()
    '2025-02-28'
    """
    count = max((moment - anchor - _CLOCKS_DIFFER_BY) // _longest(interval), 0)
    found = interval.times(count).after(anchor, zone) if count else anchor
    while (following := interval.times(count + 1).after(anchor, zone)) < moment:
        found, count = following, count + 1
    return found


def parse_duration(text: str) -> Duration:
    """Return the length of time in an ISO 8601 text; raise ValueError for anything else.

    >>> [str(parse_duration(text)) for text in ("P1Y2M", "P2W", "PT90M")]
    ['P14M', 'P14D', 'PT1H30M']
    """
    match = _FORM.fullmatch(text)
    if not match:
        raise ValueError('A Duration is a text in ISO 8601 such as "P12M", "P14D" or "PT4H".')
    parts = {name: int(value or 0) for name, value in match.groupdict().items()}
    found = Duration(
        parts["years"] * 12 + parts["months"],
        parts["weeks"] * 7 + parts["days"],
        parts["hours"] * 60 + parts["minutes"],
    )
    if found.months > MOST_MONTHS or found.days > MOST_DAYS or found.minutes > MOST_DAYS * 24 * 60:
        raise ValueError("A Duration is at most a hundred years.")
    return found


def _longest(interval: Duration) -> timedelta:
    # No interval is longer than this, save by what clocks are put back; so as many as fit have surely passed.
    return timedelta(days=31 * interval.months + interval.days, minutes=interval.minutes)


def _spelled(*parts: tuple[int, str]) -> str:
    return "".join(f"{count}{unit}" for count, unit in parts if count)


def _in_zone(local: datetime, zone: ZoneInfo) -> datetime:
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if second.astimezone(zone).replace(tzinfo=None, fold=0) == local:
        return second
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
