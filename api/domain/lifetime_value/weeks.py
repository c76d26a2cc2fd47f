"""Lengths of time in weeks, in which all models count."""

from __future__ import annotations

from api.domain.calendar import Duration

DAYS_IN_WEEK = 7
WEEKS_IN_YEAR = 365.25 / DAYS_IN_WEEK

_MINUTES_IN_WEEK = DAYS_IN_WEEK * 24 * 60


def in_weeks(length: Duration) -> float:
    """Return a length of time in weeks; a month is a twelfth of 365.25 days.

    >>> round(in_weeks(Duration(12)), 4), in_weeks(Duration(days=7))
    (52.1786, 1.0)
    """
    return length.months * WEEKS_IN_YEAR / 12 + length.days / DAYS_IN_WEEK + length.minutes / _MINUTES_IN_WEEK
