"""The application as a whole: what it serves, when it is ready, and how it ends."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx2
import pytest
from starlette.applications import Starlette

from api.app import build_app, schema_text
from api.embedded.processes import servers_of
from api.errors import Unavailable
from api.settings import Settings
from tests.folders import data_folder
from tests.postgresql import execute, outside_any_loop
from tests.repository import ROOT
from tests.web.live_server import serving

RECORD = """
mutation Record($input: RecordPurchaseInput!) {
  recordPurchase(input: $input) { order { number } userErrors { message } }
}
"""
END_THE_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
PURCHASE = {
    "idempotencyKey": "a-key-of-this-test",
    "purchase": {
        "customer": {"email": "ada@example.com"},
        "placedAt": "2026-01-15T10:30:00Z",
        "lines": [{"sku": "TEA", "name": "Tea", "quantity": 1, "unitPrice": {"amount": "8.50", "currencyCode": "EUR"}}],
    },
}


@pytest.fixture
def data() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder


@pytest.fixture
def address(database_url: str) -> Iterator[str]:
    with serving(build_app(Settings(), dsn=database_url)) as address:
        yield address


@asynccontextmanager
async def opened(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client that calls the application itself, so that a test can end a request in the middle."""
    transport = httpx2.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
        yield client


async def fetchval(dsn: str, statement: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def test_the_page_the_schema_and_the_health_are_served(address: str):
    page = httpx2.get(f"{address}/")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert httpx2.get(f"{address}/tabs.json").json()[0]["name"] == "FindCustomer"
    assert httpx2.get(f"{address}/schema.graphql").text == schema_text()
    assert httpx2.get(f"{address}/livez").json() == {"status": "alive"}
    assert httpx2.get(f"{address}/readyz").json() == {"status": "ready"}
    assert httpx2.get(f"{address}/nothing").status_code == 404


def test_the_page_can_be_left_out(database_url: str):
    with serving(build_app(Settings(graphiql=False), dsn=database_url)) as address:
        assert httpx2.get(f"{address}/").status_code == 404
        assert httpx2.get(f"{address}/readyz").status_code == 200


def test_it_is_not_ready_at_another_schema_and_says_what_to_do(address: str, database_url: str):
    outside_any_loop(lambda: execute(database_url, "UPDATE alembic_version SET version_num = '0000'"))
    answer = httpx2.get(f"{address}/readyz")
    assert answer.status_code == 503
    assert "regulars migrate" in answer.json()["reason"]
    outside_any_loop(lambda: execute(database_url, "DROP TABLE alembic_version"))
    assert httpx2.get(f"{address}/readyz").status_code == 503
    assert httpx2.get(f"{address}/livez").status_code == 200


def test_without_its_database_it_lives_and_is_not_ready_and_queries_may_be_tried_again(
    database_url: str, tmp_path: Path
):
    parts = urlsplit(database_url)
    socket = tmp_path / "socket"
    socket.symlink_to(parse_qs(parts.query)["host"][0])
    dsn = parts._replace(query=f"host={socket}&port={parse_qs(parts.query)['port'][0]}").geturl()
    with serving(build_app(Settings(), dsn=dsn)) as address:
        assert httpx2.get(f"{address}/readyz").status_code == 200
        socket.rename(tmp_path / "away")
        outside_any_loop(lambda: execute(database_url, END_THE_OTHERS))
        assert httpx2.get(f"{address}/livez").status_code == 200
        assert httpx2.get(f"{address}/readyz").status_code == 503
        answer = httpx2.post(f"{address}/graphql", json={"query": "{ customers { nodes { id } } }"})
        assert answer.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE", "retryable": True}
        (tmp_path / "away").rename(socket)
        assert httpx2.get(f"{address}/readyz").status_code == 200


def test_a_database_that_cannot_be_used_ends_the_start_and_keeps_its_password(caplog: pytest.LogCaptureFixture):
    app = build_app(Settings(), dsn="postgresql://regulars:open-sesame@127.0.0.1:1/nothing")

    async def start() -> None:
        async with app.router.lifespan_context(app):
            pass

    with pytest.raises(Unavailable) as refused:
        asyncio.run(start())
    assert "sesame" not in str(refused.value) + caplog.text


@pytest.mark.anyio
async def test_a_change_is_carried_through_when_its_request_is_cut_off(database_url: str, given: Any):
    await given.customer(email="ada@example.com")
    other = await asyncpg.connect(database_url)
    async with opened(build_app(Settings(), dsn=database_url)) as client, other.transaction():
        await other.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        asked = asyncio.create_task(client.post("/graphql", json={"query": RECORD, "variables": {"input": PURCHASE}}))
        await waiting_for_a_lock(other, asked)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        assert asked.cancelled()
    await other.close()
    assert await fetchval(database_url, "SELECT count(*) FROM orders") == 1


async def waiting_for_a_lock(connection: Any, asked: asyncio.Task[httpx2.Response]) -> None:
    """Return when somebody waits for a lock; fail if the request is answered instead."""
    while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        assert not asked.done(), asked.result().text
        await asyncio.sleep(0.02)


def test_without_an_address_it_brings_its_own_database_and_takes_it_along(data: Path):
    with serving(build_app(Settings(data=data))) as address:
        assert httpx2.get(f"{address}/readyz").status_code == 200
        assert servers_of(data / "postgresql")
    until = time.monotonic() + 10
    while servers_of(data / "postgresql") and time.monotonic() < until:
        time.sleep(0.1)
    assert servers_of(data / "postgresql") == []


def test_the_schema_on_file_is_the_schema():
    assert (ROOT / "schema.graphql").read_text() == schema_text()
