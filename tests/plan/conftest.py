"""A crooked population that is only read, and what reads it in either way: the planner and the naive evaluation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from api.database import database as open_database
from tests.asking import Ask, Documents, WatchedDatabase
from tests.given import Given, Made, connected
from tests.plan.curious import curious
from tests.plan.law import World
from tests.plan.population import NOW, Population, populate
from tests.plan.rows import Rows, lengths_with_months
from tests.postgresql import fresh_database, outside_any_loop

KEPT: dict[str, Any] = {
    "statement_cache_size": 2_000,
    "max_cacheable_statement_size": 0,
    "max_cached_statement_lifetime": 0,
    "server_settings": {"plan_cache_mode": "force_generic_plan"},
}
"""A naive evaluation runs few kinds of statements again and again: each is planned once."""


@dataclass(frozen=True, slots=True)
class Crooked:
    """A population with everything that can go wrong in it, and what makes databases that hold it."""

    population: Population
    copied: Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def crooked(new_database: Callable[[], AbstractContextManager[str]], server_url: str, worker: str) -> Iterator[Crooked]:
    """The population, made once in a process; nothing is connected to its database, so that it can be copied."""
    numbers = count(1)
    with new_database() as filled:
        population = outside_any_loop(lambda: _populated(filled))
        template = urlsplit(filled).path.removeprefix("/")
        yield Crooked(population, lambda: fresh_database(server_url, f"crooked_{worker}_{next(numbers)}", template))


async def _populated(address: str) -> Population:
    connection = await connected(address)
    population = await populate(Given(connection), seed=7)
    await connection.close()
    return population


@pytest.fixture(scope="module")
async def world(crooked: Crooked) -> AsyncIterator[World]:
    """The crooked population in a database of this module's own."""
    with crooked.copied() as address:
        connection = await asyncpg.connect(address, **KEPT)
        await lengths_with_months(connection)
        async with open_database(address, pool_size=4, read_timeout=60) as opened:
            ask = Ask(WatchedDatabase.of(opened), documents=Documents())
            ask.now = NOW
            yield World(ask, Rows(connection), crooked.population)
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
