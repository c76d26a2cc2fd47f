"""Terms that follow each other, beside a calculation that goes from one to the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from api.domain.calendar import Duration
from api.domain.renewal import length_between, rolled_end
from api.domain.term import Term, TermStatus

ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia")]
LENGTHS = [Duration(1), Duration(12), Duration(1, 15), Duration(days=1), Duration(days=30), Duration(minutes=1440)]


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def times(length: Duration, number: int) -> Duration:
    return Duration(length.months * number, length.days * number, length.minutes * number)


@pytest.mark.parametrize("seed", range(5))
def test_a_running_term_ends_where_the_next_one_would_begin(seed: int):
    random = Random(seed)
    for _ in range(60):
        zone, length = random.choice(ZONES), random.choice(LENGTHS)
        first = at(2008, 1, 1) + timedelta(days=random.randrange(1500), minutes=random.randrange(1440))
        moment = first + timedelta(days=random.randrange(-400, 2500), microseconds=random.choice((0, 1)))
        ends = [times(length, number).after(first, zone) for number in range(2600 if length.months == 0 else 90)]
        expected = min(end for end in ends if end > moment)
        assert rolled_end(first, length, moment, zone) == expected
        assert rolled_end(first, length, expected - timedelta(microseconds=1), zone) == expected
        assert rolled_end(first, length, expected, zone) > expected


def test_a_months_last_day_stays_its_last():
    found = [rolled_end(at(2024, 1, 31), Duration(1), at(2024, month, 5), ZONES[0]) for month in (2, 3, 4, 5)]
    assert found == [at(2024, 2, 29), at(2024, 3, 31), at(2024, 4, 30), at(2024, 5, 31)]


@pytest.mark.parametrize(
    ("start", "end", "length"),
    [
        (at(2025, 1, 1), at(2026, 1, 1), "P12M"),
        (at(2024, 2, 29), at(2025, 2, 28), "P12M"),
        (at(2025, 1, 31), at(2025, 2, 28), "P1M"),
        (at(2025, 2, 28), at(2025, 3, 31), "P31D"),
        (at(2025, 1, 1), at(2025, 1, 15), "P14D"),
        (at(2025, 1, 1), at(2025, 1, 2, 1, 30), "P1DT1H30M"),
        (at(2025, 1, 1), at(2025, 1, 1, 0, 0, 1), "PT1M"),
    ],
)
def test_a_term_is_as_long_as_its_calendar_says(start: datetime, end: datetime, length: str):
    assert str(length_between(start, end, ZONES[0])) == length


def test_months_are_those_of_the_business():
    # Midnight to midnight in Berlin, over the start of summer time.
    start, end = datetime(2025, 3, 1, tzinfo=ZONES[1]), datetime(2025, 4, 1, tzinfo=ZONES[1])
    assert str(length_between(start, end, ZONES[1])) == "P1M"
    assert str(length_between(start, end, ZONES[0])) == "P30DT23H"


@pytest.mark.parametrize("seed", range(3))
def test_a_term_leads_from_its_start_to_its_end(seed: int):
    random = Random(seed)
    for _ in range(200):
        zone, start = random.choice(ZONES[:3]), at(2010, 1, 1) + timedelta(minutes=random.randrange(5_000_000))
        length = random.choice(LENGTHS)
        found = length_between(start, length.after(start, zone), zone)
        assert found.after(start, zone) == length.after(start, zone)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (Term(at(2025, 1, 1), None), "SAAA"),
        (Term(at(2025, 1, 1), at(2025, 1, 2)), "SAEE"),
        (Term(at(2025, 1, 1), at(2025, 1, 2), early=True), "SACC"),
        (Term(at(2025, 1, 1), at(2025, 1, 1), early=True), "SCCC"),
    ],
)
def test_how_something_stands(term: Term, expected: str):
    moments = [at(2024, 12, 31), at(2025, 1, 1), at(2025, 1, 2), at(2026, 1, 1)]
    by_letter = {status.value[0]: status for status in (TermStatus.ACTIVE, TermStatus.EXPIRED, TermStatus.CANCELLED)}
    by_letter["S"] = TermStatus.SCHEDULED
    assert [term.status(moment) for moment in moments] == [by_letter[letter] for letter in expected]
