"""Policies that are set at the same time take turns; none overlaps, and no version is missing."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from api.database import database as open_database
from api.domain.active_policy import NewPolicy, NewRule
from api.domain.calendar import Duration
from api.errors import Rejection, Timeout, UserErrorCode
from api.writes import active_policy as writes
from api.writes.active_policy import set_active_policy
from api.writes.once import once
from tests.writes.changes import new_key, request

pytestmark = pytest.mark.anyio

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
POLICY = NewPolicy([NewRule("RECENT_PURCHASE", True, None, None, Duration(12), None)], None)


@pytest.fixture
async def pools(database_url, given):
    """Two pools, as two processes have them."""
    await given.business()
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(open_database(database_url, pool_size=10)) for _ in range(2)]


async def put(database, begin=BEGIN, expected=None):
    """Set a policy and return the codes of what is wrong with it, with the version that stands in its way."""
    sent = request(new_key(), {"begin": begin.isoformat()}, "setActivePolicy")
    recorded = await once(database, sent, lambda change: set_active_policy(change, POLICY, begin, expected))
    return [(error.code, error.current_version) for error in recorded.outcomes[0].errors]


async def versions(connection):
    """Return the versions there are, in the order in which they were recorded."""
    text = "SELECT version, effective_from FROM active_policies ORDER BY recorded_at"
    return [tuple(record) for record in await connection.fetch(text)]


async def test_of_two_that_expect_the_same_version_one_is_set(pools, given):
    found = await asyncio.gather(*(put(pool, BEGIN + timedelta(n), 1) for n, pool in enumerate(pools)))
    assert sorted(found) == [[], [(UserErrorCode.CONFLICT, 2)]]
    assert [version for version, _ in await versions(given.connection)] == [1, 2]


async def test_of_many_for_one_moment_one_is_set(pools, given):
    found = await asyncio.gather(*(put(pools[number % 2]) for number in range(12)))
    assert Counter(map(tuple, found)) == {(): 1, ((UserErrorCode.OUT_OF_RANGE, None),): 11}
    assert [version for version, _ in await versions(given.connection)] == [1, 2]


async def test_versions_set_at_the_same_time_follow_one_another_without_a_gap(pools, given):
    begins = [BEGIN + timedelta(days=number) for number in (3, 1, 4, 15, 9, 2, 6, 5, 35, 8)]
    found = await asyncio.gather(*(put(pools[number % 2], begin) for number, begin in enumerate(begins)))
    kept = await versions(given.connection)
    assert [version for version, _ in kept] == list(range(1, found.count([]) + 2))
    assert [begin for _, begin in kept] == sorted(begin for _, begin in kept)
    refused = [begin for begin, errors in zip(begins, found, strict=True) if errors]
    assert {errors[0] for errors in found if errors} <= {(UserErrorCode.OUT_OF_RANGE, None)}
    assert max(begins) not in refused
    assert sorted([*refused, *(begin for _, begin in kept[1:])]) == sorted(begins)


async def test_who_waits_too_long_is_told_so_and_keeps_the_key(database_url, given):
    await given.business()
    async with open_database(database_url, pool_size=1, lock_timeout=0.2) as opened:
        async with given.connection.transaction():
            await given.connection.execute("SELECT 1 FROM active_policies FOR UPDATE")
            with pytest.raises(Timeout):
                await put(opened)
        assert await given.connection.fetchval("SELECT count(*) FROM idempotency") == 0
        assert await put(opened) == []


async def test_a_zone_that_the_database_does_not_know_is_refused(pools, given):
    """The domain refuses what Python does not know; here is the case of a database that knows fewer zones."""

    async def work(change):
        await writes._set(change, NewPolicy([], "Mars/Olympus"), BEGIN, None)
        return []

    with pytest.raises(Rejection, match="not the name of a time zone") as caught:
        await once(pools[0], request(new_key()), work)
    assert (caught.value.code, caught.value.field) == (UserErrorCode.INVALID, ("input", "policy", "timeZone"))
    assert [version for version, _ in await versions(given.connection)] == [1]
