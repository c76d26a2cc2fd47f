"""Lengths of time, and the moments that lie a whole number of them apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

import pytest

from api.domain.calendar import Duration, boundary_after, parse_duration

ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")]
START = datetime(2020, 1, 31, 23, 30, tzinfo=UTC)


def interval(random: Random) -> Duration:
    return random.choice(
        (
            Duration(random.randint(1, 25)),
            Duration(days=random.randint(1, 40)),
            Duration(random.randint(0, 3), random.randint(0, 9), random.randint(1, 3_000)),
            Duration(minutes=random.randint(20, 200)),
        )
    )


def test_the_next_boundary_is_the_first_of_all_that_lies_after_a_moment():
    random, zone_of = Random(5), ZONES.__getitem__
    for number in range(1_500):
        zone, each = zone_of(number % len(ZONES)), interval(random)
        anchor = START + timedelta(minutes=random.randint(0, 3_000_000))
        short = timedelta(days=3) if not (each.months or each.days) else timedelta(days=900)
        # At a boundary itself the next one is meant.
        moment = random.choice((anchor + short * random.random(), each.times(random.randint(1, 9)).after(anchor, zone)))
        one_by_one = (each.times(times).after(anchor, zone) for times in count(1))
        assert boundary_after(moment, anchor=anchor, interval=each, zone=zone) == next(
            boundary for boundary in one_by_one if boundary > moment
        ), (anchor, each, moment, zone)


def test_a_boundary_far_away_is_found_at_once():
    zone, minute = ZoneInfo("Europe/Berlin"), Duration(minutes=1)
    moment = datetime(2199, 7, 1, 12, 0, 30, tzinfo=UTC)
    found = boundary_after(moment, anchor=datetime(1990, 1, 1, tzinfo=UTC), interval=minute, zone=zone)
    assert found == datetime(2199, 7, 1, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["P12M", "P14D", "PT1H30M", "P1M2DT3M", "P0D", "P1200M", "P36525D"])
def test_a_length_is_spelled_as_it_is_read(text):
    assert str(parse_duration(text)) == text


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "1M", "P-1M", "-P1M", "P1M ", "PT1S", "P1.5M", "P101Y", "P1201M", "P١M"]
)
def test_what_is_no_length_is_refused(text):
    with pytest.raises(ValueError, match="Duration"):
        parse_duration(text)
