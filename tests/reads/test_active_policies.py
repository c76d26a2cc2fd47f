"""The policy in force, as other reads use it: the same as `activePolicy` shows, and found once per statement."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from api.database import prepare
from api.reads.active_policies import policy_in_force, zone_of
from api.reads.json import parameter
from api.reads.relation import Lens
from api.tables.customers import customers

pytestmark = pytest.mark.anyio

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
DAYS = [NOW + timedelta(days=number) for number in range(-40, 41, 10)]
IN_FORCE = """query ($a: DateTime, $k: DateTime) { activePolicy(asOf: $a, knownAt: $k) { id timeZone } }"""


def found(lens, *tables):
    """Return the statement that finds the policy and its zone, beside the rows of tables."""
    policy = policy_in_force(lens)
    return prepare(select(policy, zone_of(policy), *tables))


def lens(*, as_of, known_at):
    return Lens(
        moment=parameter("moment", "moment"),
        as_of=parameter("moment", "moment") if as_of else None,
        known_at=parameter("known_at", "moment") if known_at else None,
    )


@pytest.fixture
async def policies(given):
    """Policies of which one is known late, one begins in the future, and two have no zone of their own."""
    await given.business()
    return [
        await given.policy(NOW - timedelta(days=30), zone="America/New_York", recorded_at=NOW - timedelta(days=30)),
        await given.policy(NOW - timedelta(days=10), recorded_at=NOW + timedelta(days=10)),
        await given.policy(NOW + timedelta(days=20), zone="Asia/Kolkata", recorded_at=NOW + timedelta(days=20)),
        await given.policy(NOW + timedelta(days=30), recorded_at=NOW - timedelta(days=20)),
    ]


async def test_other_reads_find_the_policy_that_is_shown(ask, given, policies):
    met = set()
    for as_of in (None, *DAYS):
        for known_at in (None, *DAYS):
            ask.now = NOW
            moments = {"a": as_of and as_of.isoformat(), "k": known_at and known_at.isoformat()}
            shown = (await ask(IN_FORCE, **moments))["activePolicy"]
            statement = found(lens(as_of=as_of is not None, known_at=known_at is not None))
            values = statement.values({"moment": as_of or NOW, "known_at": known_at})
            key, zone = await given.connection.fetchrow(statement.sql, *values)
            assert (f"apo_{key.hex}", zone) == (shown["id"], shown["timeZone"])
            met.add((shown["id"], zone))
    first = ("apo_0127a5d6000070008000000000000001", "Europe/Berlin")
    zones = ["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Europe/Berlin"]
    assert met == {first, *((policy.id, zone) for policy, zone in zip(policies, zones, strict=True))}


async def test_it_is_found_once_for_all_rows(given, policies):
    await given.customers(3)
    statement = found(lens(as_of=True, known_at=True), customers.c.customer_id)
    values = statement.values({"moment": NOW, "known_at": NOW})
    plan = await given.connection.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {statement.sql}", *values)
    text = "\n".join(record[0] for record in plan)
    assert re.search(r"on customers .* rows=3(\.00)? loops=1\)", text), text
    assert "InitPlan" in text
    assert set(re.findall(r"loops=(\d+)", text)) == {"1"}, text
