"""The calendar of the oracle and that of PostgreSQL: the same moment later, wherever clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from tests.activity.clock import later, when_shown
from tests.activity.facts import Length
from tests.activity.histories import awkward
from tests.activity.policies import WINDOWS, ZONES
from tests.given import connected

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("zone", [*ZONES, "Pacific/Apia", "America/Sao_Paulo", "Europe/Dublin"])
async def test_postgresql_counts_as_the_oracle_does(server_url, zone):
    random = Random(zone)
    moments = random.choices(awkward(ZoneInfo(zone)), k=2_000)
    asked = [(moment, random.choice(WINDOWS)) for moment in moments]
    connection = await connected(server_url)
    found = await connection.fetch(
        "SELECT ((p AT TIME ZONE $3) + w::interval) AT TIME ZONE $3 AS at FROM unnest($1::timestamptz[], $2::text[])"
        " AS given (p, w)",
        moments,
        [str(length) for _, length in asked],
        zone,
    )
    await connection.close()
    assert [record["at"] for record in found] == [later(moment, length, zone) for moment, length in asked]


@pytest.mark.parametrize(
    ("bought", "length", "over"),
    [
        ("2025-01-31T12:00+01:00", Length(1), "2025-02-28T12:00+01:00"),
        ("2024-01-31T12:00+01:00", Length(1), "2024-02-29T12:00+01:00"),
        ("2024-02-29T12:00+01:00", Length(12), "2025-02-28T12:00+01:00"),
        ("2025-02-28T12:00+01:00", Length(12), "2026-02-28T12:00+01:00"),
        ("2025-02-28T02:30+01:00", Length(1, 2), "2025-03-30T03:30+02:00"),
        ("2025-09-26T02:30+02:00", Length(1), "2025-10-26T02:30+01:00"),
        ("2025-10-26T02:30+02:00", Length(days=1), "2025-10-27T02:30+01:00"),
        ("2025-10-26T02:30+01:00", Length(days=1), "2025-10-27T02:30+01:00"),
    ],
)
def test_windows_end_where_the_calendar_says(bought, length, over):
    """In Berlin: a month's last day, leap days, an hour that is skipped, one that comes twice."""
    moment = datetime.fromisoformat(bought).astimezone(UTC)
    assert later(moment, length, "Europe/Berlin") == datetime.fromisoformat(over)


def test_of_two_moments_the_second_is_meant_and_a_gap_is_passed_as_before():
    berlin = ZoneInfo("Europe/Berlin")
    assert when_shown(datetime.fromisoformat("2025-10-26T02:30"), berlin) == datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    assert when_shown(datetime.fromisoformat("2025-03-30T02:30"), berlin) == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)
