"""Days at the x axis of a plot, by their numbers (`date.toordinal`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

_MOST = 8
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)
_SHORT = _MOST * _DAYS[-1]


def day_marks(first: date, last: date) -> list[tuple[float, str]]:
    """Return round days between two days, at most nine of them, each with what is written there.

    >>> [name for _, name in day_marks(date(2024, 11, 20), date(2025, 5, 1))]
    ['2024-12', '2025-01', '2025-02', '2025-03', '2025-04', '2025-05']
    """
    found = _single(first, last) if (last - first).days <= _SHORT else _monthly(first, last)
    return [(float(day.toordinal()), name) for day, name in found]


def _single(first: date, last: date) -> Iterator[tuple[date, str]]:
    length = (last - first).days
    step = next(each for each in _DAYS if length <= _MOST * each)
    return ((day, day.isoformat()) for day in (first + timedelta(days=away) for away in range(0, length + 1, step)))


def _monthly(first: date, last: date) -> Iterator[tuple[date, str]]:
    low, high = (day.year * 12 + day.month - 1 for day in (first, last))
    step = next(each for each in _MONTHS if high - low <= _MOST * each)
    for month in range(-(-low // step) * step, high + 1, step):
        day = date(month // 12, month % 12 + 1, 1)
        if day >= first:
            yield day, f"{day:%Y}" if step % 12 == 0 else f"{day:%Y-%m}"
