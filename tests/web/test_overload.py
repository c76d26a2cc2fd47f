"""When there is more to do than can be done: who waits too long is told so, and nothing is lost by it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2
import pytest

from tests.given import Given
from tests.web.live_server import connected_to, serving_as_shipped

pytestmark = pytest.mark.anyio

QUERY = "{ customers(first: 1) { nodes { displayName } } }"
CHANGE = """
mutation { setCustomer(input: {
  idempotencyKey: "a-key-of-this-test", identifier: {email: "ada@example.com"}, customer: {firstName: "Ada"}
}) { userErrors { code } } }
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
BUSY = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE application_name = 'regulars' AND state <> 'idle' AND datname = current_database()"
)


@asynccontextmanager
async def held_up(dsn: str) -> AsyncIterator[Any]:
    """Keep everybody from the customers while the block lasts; give a connection that sees who waits."""
    holder, observer = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
            yield observer
    finally:
        await holder.close()
        await observer.close()


def asking(address: str, document: str) -> socket.socket:
    """Return a connection on which a document was sent, and nothing was received yet."""
    body = json.dumps({"query": document}).encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    connection = connected_to(address)
    connection.sendall(head % len(body) + body)
    return connection


async def until(observer: Any, question: str, count: int) -> None:
    """Return when the answer is that number; fail after two seconds."""
    async with asyncio.timeout(2):
        while await observer.fetchval(question) != count:  # noqa: ASYNC110  (the database tells nobody)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("asked", "patience"), [(QUERY, 0.2), (CHANGE, 0.4)])
async def test_who_finds_every_connection_in_use_is_told_so_and_served_afterwards(
    database_url: str, given: Given, asked: str, patience: float
):
    await given.business()
    settings = {"pool_size": 1, "read_patience_seconds": 0.2, "write_patience_seconds": 0.4}
    with serving_as_shipped(database_url, **settings) as address:
        async with httpx2.AsyncClient(base_url=address) as client:
            async with held_up(database_url) as observer:
                first = asyncio.create_task(client.post("/graphql", json={"query": QUERY}))
                await until(observer, WAITING, 1)
                begun = asyncio.get_running_loop().time()
                answer = await client.post("/graphql", json={"query": asked})
                waited = asyncio.get_running_loop().time() - begun
                assert answer.status_code == 200
                assert answer.json()["errors"][0]["extensions"] == {"code": "OVERLOADED", "retryable": True}
                assert patience <= waited < patience + 1
                assert (await client.get("/livez")).status_code == 200
            assert (await first).json() == {"data": {"customers": {"nodes": []}}}
            assert "errors" not in (await client.post("/graphql", json={"query": asked})).json()


async def test_a_query_ends_in_the_database_when_its_client_leaves(database_url: str, caplog: pytest.LogCaptureFixture):
    with serving_as_shipped(database_url, pool_size=1) as address:
        async with held_up(database_url) as observer:
            with asking(address, QUERY):
                await until(observer, WAITING, 1)
            async with asyncio.timeout(1):
                await until(observer, BUSY, 0)
        async with httpx2.AsyncClient(base_url=address) as client:
            answer = await client.post("/graphql", json={"query": QUERY})
        assert answer.json() == {"data": {"customers": {"nodes": []}}}
    assert caplog.records == []


async def test_a_change_is_made_though_its_client_has_left(database_url: str, given: Given):
    await given.business()
    with serving_as_shipped(database_url, pool_size=1) as address:
        async with held_up(database_url) as observer:
            with asking(address, CHANGE):
                await until(observer, WAITING, 1)
            await asyncio.sleep(0.3)
            assert await observer.fetchval(WAITING) == 1
        async with httpx2.AsyncClient(base_url=address) as client:
            found = await client.post("/graphql", json={"query": QUERY})
        assert found.json() == {"data": {"customers": {"nodes": [{"displayName": "Ada"}]}}}


async def test_two_hundred_clients_that_leave_at_any_moment_leave_nothing_behind(
    database_url: str, given: Given, caplog: pytest.LogCaptureFixture
):
    await given.business()
    with serving_as_shipped(database_url, pool_size=3) as address:
        async with httpx2.AsyncClient(base_url=address, timeout=10) as client:
            for number in range(200):
                asked = asyncio.create_task(
                    client.post("/graphql", json={"query": CHANGE if number % 3 == 0 else QUERY})
                )
                await asyncio.sleep((number % 20) / 1_000)
                asked.cancel()
                await asyncio.gather(asked, return_exceptions=True)
            observer = await asyncpg.connect(database_url)
            await until(observer, BUSY, 0)
            assert await observer.fetchval("SELECT count(*) FROM customers") == 1
            await observer.close()
            answers = await asyncio.gather(*(client.post("/graphql", json={"query": QUERY}) for _ in range(3)))
        assert [answer.status_code for answer in answers] == [200] * 3
    assert caplog.records == []
