"""Calendars in Python and in PostgreSQL count alike, so that rules and reads cannot disagree."""

from __future__ import annotations

from bisect import bisect
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from api.domain.calendar import Duration

pytestmark = pytest.mark.anyio

ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns",
    "Pacific/Chatham", "UTC",
)  # fmt: skip
STATEMENT = """
SELECT (m AT TIME ZONE z + i::interval) AT TIME ZONE z
FROM unnest($1::timestamptz[], $2::text[], $3::text[]) WITH ORDINALITY AS given(m, z, i, place) ORDER BY place
"""
FIRST, LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
COUNT = 20_000


def length(random: Random) -> Duration:
    return random.choice(
        (
            Duration(random.randint(0, 30)),
            Duration(days=random.randint(0, 400)),
            Duration(minutes=random.randint(0, 3_000)),
            Duration(random.randint(0, 1200), random.randint(0, 100), random.randint(0, 10_000)),
        )
    )


def moment(random: Random, zone: str, after: Duration) -> datetime:
    """Return any moment, or one from which the length ends within hours of a change of clocks."""
    found = FIRST + (LAST - FIRST) * random.random()
    if random.random() < 0.4:
        return found
    changes = clock_changes(zone)
    following = changes[bisect(changes, found) :]
    shifted = (following[0] if following else found) + timedelta(minutes=15 * random.randint(-16, 16))
    return shifted - timedelta(days=after.days, minutes=after.minutes)


@cache
def clock_changes(zone: str) -> list[datetime]:
    """Return when clocks are changed in a zone, to the hour."""
    place, found = ZoneInfo(zone), list[datetime]()
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days)]
    for day, next_day in pairwise(days):
        offset = next_day.astimezone(place).utcoffset()
        if offset != day.astimezone(place).utcoffset():
            hours = [day + timedelta(hours=hour) for hour in range(25)]
            found.append(min(each for each in hours if each.astimezone(place).utcoffset() == offset))
    return found


async def test_a_length_of_time_after_a_moment_is_the_same_in_python_and_postgresql(given):
    random = Random(2026)
    cases = []
    for _ in range(COUNT):
        zone, after = random.choice(ZONES), length(random)
        cases.append((moment(random, zone, after), zone, after))
    rows = await given.connection.fetch(
        STATEMENT, [case[0] for case in cases], [case[1] for case in cases], [str(case[2]) for case in cases]
    )
    wrong = [
        (*case, row[0], found)
        for case, row in zip(cases, rows, strict=True)
        if (found := case[2].after(case[0], ZoneInfo(case[1]))) != row[0]
    ]
    assert not wrong, (len(wrong), wrong[:5])
    assert ambiguous(cases) > COUNT / 100, "many end at an hour that comes twice"


def ambiguous(cases: list[tuple[datetime, str, Duration]]) -> int:
    """Return how many end at an hour that comes twice."""
    ends = [after.after(start, ZoneInfo(zone)).astimezone(ZoneInfo(zone)) for start, zone, after in cases]
    return sum(end.replace(fold=0).utcoffset() != end.replace(fold=1).utcoffset() for end in ends)
