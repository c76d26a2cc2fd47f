"""All customers in numbers, counted one by one from what the oracle says of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.activity.clock import when_shown
from tests.activity.facts import CODES
from tests.activity.oracle import Oracle


def numbers(seen: Sequence[Oracle], first: datetime, last: datetime, months: int) -> dict[str, Any]:
    """Return what the interface must say of customers who are seen."""
    return {
        "total": len(seen),
        "active": sum(bool(one.held) for one in seen),
        "byReason": [{"code": code, "customers": sum(code in one.held for one in seen)} for code in CODES],
        "movement": movement(seen, first, last),
        "retention": retention(seen, months),
    }


def movement(seen: Sequence[Oracle], first: datetime, last: datetime) -> dict[str, int]:
    """Return how many were active at two moments, and how they differ."""
    found = dict.fromkeys(("activeBefore", "activeAfter", "new", "returned", "lapsed"), 0)
    for one in seen:
        before, after = bool(one.holding(first)), bool(one.holding(last))
        begun = first_active(one)
        was_ever = begun is not None and begun <= first
        found["activeBefore"] += before
        found["activeAfter"] += after
        found["lapsed"] += before and not after
        found["returned"] += after and not before and was_ever
        found["new"] += after and not was_ever
    return found


def first_active(one: Oracle) -> datetime | None:
    """Return the first moment at which any rule holds."""
    return next((at for at, held in one.truth if held), None)


def retention(seen: Sequence[Oracle], months: int) -> list[dict[str, Any]]:
    """Return for each month in which customers became active first how many of them were at the ends of months."""
    if not seen:
        return []
    place, now = ZoneInfo(seen[0].zone), seen[0].moment
    this_month = _number(now.astimezone(place))
    came: dict[int, list[Oracle]] = {}
    for one in seen:
        begun = first_active(one)
        if begun is not None and begun <= now and _number(begun.astimezone(place)) >= this_month - months:
            came.setdefault(_number(begun.astimezone(place)), []).append(one)
    found = []
    for month, those in sorted(came.items()):
        ends = [_begin(number, place) for number in range(month + 1, this_month + 2)]
        counts = [sum(bool(one.holding(end)) for one in those) for end in ends if end <= now]
        first_day = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        found.append({"month": f"{first_day:%Y-%m-%d}", "customers": len(those), "active": counts})
    return found


def _number(shown: datetime) -> int:
    return shown.year * 12 + shown.month - 1


def _begin(month: int, place: ZoneInfo) -> datetime:
    return when_shown(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).replace(tzinfo=None), place)
