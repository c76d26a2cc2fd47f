"""A crooked population that is only read, and what reads it in either way: the planner and the naive evaluation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from api.database import database as open_database
from tests.asking import Ask, Documents, WatchedDatabase
from tests.given import Given, Made, connected
from tests.plan.curious import curious
from tests.plan.law import World
from tests.plan.population import NOW, populate
from tests.plan.rows import Rows, lengths_with_months

KEPT: dict[str, Any] = {
    "statement_cache_size": 2_000,
    "max_cacheable_statement_size": 0,
    "max_cached_statement_lifetime": 0,
    "server_settings": {"plan_cache_mode": "force_generic_plan"},
}
"""A naive evaluation runs few kinds of statements again and again: each is planned once."""


@pytest.fixture(scope="module")
async def world(module_database_url: str) -> AsyncIterator[World]:
    """A population with everything that can go wrong in it."""
    given = await connected(module_database_url)
    population = await populate(Given(given), seed=7)
    await given.close()
    connection = await asyncpg.connect(module_database_url, **KEPT)
    await lengths_with_months(connection)
    async with open_database(module_database_url, pool_size=4) as opened:
        ask = Ask(WatchedDatabase.of(opened), documents=Documents())
        ask.now = NOW
        yield World(ask, Rows(connection), population)
    await connection.close()


@pytest.fixture
def ask(database: WatchedDatabase) -> Ask:
    """Asks as if nothing had been asked before: here it is looked at what becomes of documents."""
    return Ask(database, documents=Documents())


@pytest.fixture
def curiously(database: WatchedDatabase) -> Ask:
    """Asks the curious schema, where derived fields make levels rows."""
    return Ask(database, curious, Documents())


@pytest.fixture
async def writes_in_between(
    database: WatchedDatabase, database_url: str, given: Given, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """Commits a new customer, and a new order of every customer, after each statement that reads."""
    connection = await connected(database_url)
    await given.product()
    other, read = Given(connection, start=500, products=given.products), database.read

    async def read_and_write(*arguments: Any) -> list[Any]:
        rows = await read(*arguments)
        await other.customers(1)
        for record in await connection.fetch("SELECT customer_id FROM customers"):
            await other.order(Made("cus", record["customer_id"]), 7)
        return rows

    monkeypatch.setattr(database, "read", read_and_write)
    yield
    assert await connection.fetchval("SELECT count(*) FROM orders") > 3, "there was something not to be seen"
    await connection.close()
