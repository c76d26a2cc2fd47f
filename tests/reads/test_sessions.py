"""A connection is taken back as it is; so whatever was done on it, who comes next finds a session like a new one."""

from __future__ import annotations

import asyncio

import pytest

from api.database import Statement
from api.database import database as open_database
from api.errors import Timeout
from tests.asking import Ask, WatchedDatabase
from tests.given import connected
from tests.writes.changes import RECORD_PURCHASE, line, one_purchase

pytestmark = pytest.mark.anyio

SESSION = """
SELECT pg_backend_pid() AS process,
       (SELECT count(*) FROM pg_settings WHERE source = 'session' AND setting <> reset_val) AS settings,
       (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
       (SELECT count(*) FROM pg_cursors WHERE name <> '') AS cursors,
       (SELECT count(*) FROM pg_listening_channels()) AS channels,
       (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()) AS tables
"""
SLOW = Statement("SELECT pg_sleep(30)", ())
SNAPSHOT = "{ customers { nodes { id } } orders { nodes { id customer { purchaseSummary { orderCount } } } } }"


async def read(ask):
    await ask("{ customers { nodes { displayName orders { nodes { number } } } } }")


async def snapshot(ask):
    await ask(SNAPSHOT)


async def refused(ask):
    await ask("{ customers(first: 1000) { nodes { id } } }", fails=True)


async def change(ask):
    await ask(RECORD_PURCHASE, input=one_purchase(line()))


async def trial(ask):
    await ask(RECORD_PURCHASE, input={**one_purchase(line()), "dryRun": True})


async def broken(ask):
    with pytest.raises(Exception, match="division by zero"):
        await ask.database.read(Statement("SELECT 1 / 0", ()), {})


async def broken_in_a_snapshot(ask):
    with pytest.raises(Exception, match="division by zero"):
        async with ask.database.snapshot() as connection:
            await ask.database.read(Statement("SELECT 1 / 0", ()), {}, connection)


async def too_slow(ask):
    with pytest.raises(Timeout):
        await ask.database.read(SLOW, {})


async def given_up(ask):
    reading = asyncio.create_task(ask.database.read(SLOW, {}))
    await asyncio.sleep(0.1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def given_up_in_a_snapshot(ask):
    async def reads():
        async with ask.database.snapshot() as connection:
            await ask.database.read(SLOW, {}, connection)

    reading = asyncio.create_task(reads())
    await asyncio.sleep(0.1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


DONE = [
    read,
    snapshot,
    refused,
    change,
    trial,
    broken,
    broken_in_a_snapshot,
    too_slow,
    given_up,
    given_up_in_a_snapshot,
]


@pytest.fixture
async def alone(database_url):
    """Asks on a pool of one connection, which gives up after half a second."""
    async with open_database(database_url, pool_size=1, read_timeout=0.5) as opened:
        yield Ask(WatchedDatabase.of(opened))


@pytest.mark.parametrize("done", DONE, ids=lambda done: done.__name__)
async def test_nothing_is_left_on_a_connection(alone, given, done):
    await given.customer(first_name="Ann", email="ann@example.com")
    await given.product()
    before = await session(alone)
    await done(alone)
    assert await session(alone) == before


@pytest.mark.parametrize("done", DONE, ids=lambda done: done.__name__)
async def test_no_transaction_is_left_open(alone, given, database_url, done):
    await given.customer(first_name="Ann", email="ann@example.com")
    await given.product()
    await done(alone)
    assert {state for state, _ in await seen_from_outside(database_url)} == {"idle"}


async def test_taking_a_connection_back_costs_no_statement(alone, database_url):
    await alone.database.read(Statement("SELECT 'the last'", ()), {})
    assert await seen_from_outside(database_url) == [("idle", "SELECT 'the last'")]


async def seen_from_outside(database_url):
    """Return the state and the latest statement of every connection of the pool."""
    connection = await connected(database_url)
    rows = await connection.fetch(
        "SELECT state, query FROM pg_stat_activity WHERE application_name = 'regulars' AND datname = current_database()"
    )
    await connection.close()
    return [(row["state"], row["query"]) for row in rows]


async def test_what_would_be_left_is_seen(alone):
    before = await session(alone)
    async with alone.database.connection() as connection:
        await connection.execute("SET jit = on; SELECT pg_advisory_lock(1); LISTEN news; CREATE TEMPORARY TABLE t ()")
    after = await session(alone)
    assert {name for name in before if before[name] != after[name]} == {"settings", "locks", "channels", "tables"}


async def session(ask):
    """Return what a statement finds in the session of the one connection."""
    (row,) = await ask.database.read(Statement(SESSION, ()), {})
    return dict(row)
