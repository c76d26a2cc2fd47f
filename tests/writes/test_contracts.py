"""Contracts at the same time: renewals follow each other, and each is one version."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from api.database import database as open_database
from api.domain.contract import Renewal, Termination
from api.errors import UserErrorCode
from api.writes.contracts import renew_contract, terminate_contract
from api.writes.once import once
from tests.writes.changes import apart, new_key, request

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pools(database_url):
    """Two pools, as two processes have them."""
    async with AsyncExitStack() as opened:
        yield [apart(await opened.enter_async_context(open_database(database_url, pool_size=10))) for _ in range(2)]


async def codes(database, work):
    """Make a change and return the codes of what is wrong with it."""
    recorded = await once(database, request(new_key(), mutation="test"), work)
    return tuple(error.code for error in recorded.outcomes[0].errors)


async def renew(database, contract, expected=None):
    """Let a contract go on for a year."""
    return await codes(database, lambda change: renew_contract(change, contract.key, Renewal(None, None), expected))


async def terminate(database, contract):
    """End a contract now."""
    end = Termination(None, "Moved", None)
    return await codes(database, lambda change: terminate_contract(change, contract.key, end, None))


async def test_renewals_at_the_same_time_follow_each_other(pools, given):
    contract = await given.contract(await given.customer())
    found = await asyncio.gather(*(renew(pools[number % 2], contract) for number in range(20)))
    assert Counter(found) == {(): 20}
    rows = await given.connection.fetch("SELECT * FROM contracts ORDER BY version")
    assert [row["version"] for row in rows] == list(range(1, 22))
    for one, next_one in pairwise(rows):
        assert next_one["term_starts_at"] == one["term_ends_at"]
        assert (one["superseded_at"], one["replaced_at"]) == (next_one["recorded_at"], next_one["changed_at"])
    assert rows[-1]["ends_at"].year == 2046


async def test_of_renewals_that_expect_the_same_version_one_is_made(pools, given):
    contract = await given.contract(await given.customer())
    found = await asyncio.gather(*(renew(pools[number % 2], contract, 1) for number in range(20)))
    assert Counter(found) == {(): 1, (UserErrorCode.CONFLICT,): 19}


async def test_nothing_is_renewed_after_a_termination_that_came_first(pools, given):
    contract = await given.contract(await given.customer())
    changes = [terminate(pools[0], contract), *(renew(pools[number % 2], contract) for number in range(10))]
    ended, *found = await asyncio.gather(*changes)
    assert ended == ()
    assert set(found) <= {(), (UserErrorCode.INVALID_STATE,)}
    newest = await given.connection.fetchrow("SELECT change, version FROM contracts WHERE superseded_at IS NULL")
    assert tuple(newest) == ("TERMINATED", found.count(()) + 2)
