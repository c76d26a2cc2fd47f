"""A crooked population that is only read, and what reads it in either way: the planner and the naive evaluation."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api.database import database as open_database
from tests.asking import Ask, WatchedDatabase
from tests.given import Given, connected
from tests.plan.law import World
from tests.plan.population import NOW, populate
from tests.plan.rows import Rows


@pytest.fixture(scope="module")
async def world(module_database_url: str) -> AsyncIterator[World]:
    """A population with everything that can go wrong in it."""
    connection = await connected(module_database_url)
    population = await populate(Given(connection), seed=7)
    async with open_database(module_database_url, pool_size=4) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        ask.now = NOW
        yield World(ask, Rows(connection), population)
    await connection.close()
