"""Connections are handed on from one user to the next: the same one while it is in order, a new one otherwise."""

from __future__ import annotations

import asyncio
from threading import Thread

import asyncpg
import pytest

from api.database import Statement
from api.database import database as open_database
from api.database import pool as pool_module
from api.errors import Timeout, Unavailable
from tests.given import connected

pytestmark = pytest.mark.anyio

PROCESS = Statement("SELECT pg_backend_pid()", ())
SLOW = Statement("SELECT pg_sleep(30)", ())
# Tests of other processes use the same server: only connections to this test's database are meant.
OURS = "FROM pg_stat_activity WHERE application_name = 'regulars' AND datname = current_database()"
END_OTHERS = f"SELECT pg_terminate_backend(pid, 5000) {OURS}"
OPEN = f"SELECT count(*) {OURS}"
END_ITSELF = Statement("SELECT pg_terminate_backend(pg_backend_pid())", ())


@pytest.fixture
async def opened(database_url):
    """A pool of two connections, which gives up after half a second."""
    async with open_database(database_url, pool_size=2, read_timeout=0.5, read_patience=5.0) as made:
        yield made


async def process(database) -> int:
    return int((await database.read(PROCESS, {}))[0][0])


async def ended(database_url):
    connection = await connected(database_url)
    await connection.execute(END_OTHERS)
    await connection.close()


def ended_unnoticed(database_url):
    """End every connection while the event loop stands still, so that it learns of it only from the next statement."""
    ending = Thread(target=lambda: asyncio.run(ended(database_url)))
    ending.start()
    ending.join()


async def test_one_after_another_gets_the_same_connection(opened):
    assert len({await process(opened) for _ in range(20)}) == 1


async def test_more_at_once_than_connections_take_turns(opened):
    processes = await asyncio.gather(*(process(opened) for _ in range(50)))
    assert len(set(processes)) == 2


async def test_a_connection_that_died_unused_is_not_handed_on(opened, database_url):
    before = {*await asyncio.gather(process(opened), process(opened))}
    await ended(database_url)
    await asyncio.sleep(0.05)
    assert await process(opened) not in before


async def test_a_read_whose_connection_died_unnoticed_is_read_again_on_a_new_one(opened, database_url):
    before = {*await asyncio.gather(process(opened), process(opened))}
    ended_unnoticed(database_url)
    assert await process(opened) not in before


async def test_a_snapshot_begins_on_a_new_connection_where_its_own_died_unnoticed(opened, database_url):
    await process(opened)
    ended_unnoticed(database_url)
    async with opened.snapshot() as connection:
        assert await opened.read(PROCESS, {}, connection)


async def test_a_read_whose_connection_dies_twice_is_not_read_a_third_time(opened):
    with pytest.raises(Unavailable):
        await opened.read(END_ITSELF, {})
    assert await process(opened)


async def test_what_took_too_long_is_not_read_again(opened):
    begun = asyncio.get_running_loop().time()
    with pytest.raises(Timeout):
        await opened.read(SLOW, {})
    assert asyncio.get_running_loop().time() - begun < 0.9


async def test_a_connection_on_which_a_statement_was_given_up_serves_the_next(opened):
    async with opened.connection() as connection:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await connection.fetch(SLOW.sql, timeout=0.05)
    assert [await process(opened) for _ in range(3)]


async def test_a_transaction_left_open_is_not_handed_on(opened):
    async with opened.connection() as connection:
        await connection.execute("BEGIN; CREATE TEMPORARY TABLE left_open ();")
    async with opened.connection() as connection:
        assert not connection.is_in_transaction()
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.execute("TABLE left_open")


async def test_a_lease_ends_while_the_connection_is_unused_and_while_it_is_used(opened, monkeypatch):
    monkeypatch.setattr(pool_module, "LEASE_SECONDS", 0.05)
    async with opened.connection():
        await asyncio.sleep(0.1)
    await process(opened)
    await asyncio.sleep(0.1)
    assert await asyncio.gather(*(process(opened) for _ in range(10)))


async def test_nothing_is_open_after_closing(database_url):
    async with open_database(database_url, pool_size=3) as made:
        await asyncio.gather(*(process(made) for _ in range(9)))
    connection = await connected(database_url)
    async with asyncio.timeout(2):
        while await connection.fetchval(OPEN):  # noqa: ASYNC110  (the database tells nobody)
            await asyncio.sleep(0.01)
    await connection.close()
