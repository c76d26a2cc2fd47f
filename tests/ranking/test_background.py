"""A running server ranks everybody by itself when that is due, and goes on whatever happens."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

import api.writes.ranking
from api.app import build_app
from api.settings import Settings
from api.writes.ranking import rank
from tests.fitted import add_model
from tests.ranking.test_ranking import shop

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


@asynccontextmanager
async def running(database_url: str, pause: float = 0.05, pool_size: int = 10) -> AsyncIterator[None]:
    app = build_app(Settings(ranking_pause_seconds=pause, pool_size=pool_size), dsn=database_url)
    async with app.router.lifespan_context(app):
        yield


async def rankings(given) -> int:
    return int(await given.connection.fetchval("SELECT count(*) FROM customer_rankings"))


async def ranked(given, count: int) -> None:
    """Return when there are so many rankings; fail if that takes long."""
    until = time.monotonic() + 20
    while await rankings(given) < count:
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


async def test_it_ranks_when_that_is_due_and_not_more_often(database_url, given):
    await shop(given)
    await rank(given.connection, datetime.now(UTC) - 2 * DAY)
    # The pool has one connection: whoever asks something meanwhile has it.
    async with running(database_url, pool_size=1):
        await ranked(given, 2)
        await asyncio.sleep(0.5)
        assert await rankings(given) == 2
        await add_model(given, trained_until=datetime.now(UTC) - timedelta(seconds=1))
        await ranked(given, 3)
    assert await given.connection.fetchval("SELECT count(*) FROM customer_prospects WHERE scored_at IS NOT NULL") == 30


async def test_without_a_model_it_waits_for_one_without_a_word(database_url, given, caplog):
    await given.customers(3)
    async with running(database_url):
        await asyncio.sleep(0.4)
    assert await rankings(given) == 0
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_what_goes_wrong_is_tried_again_and_tells_nothing_of_anybody(database_url, given, monkeypatch, caplog):
    await shop(given)
    tried = []

    async def fails_at_first(*arguments, **more):
        tried.append(1)
        if len(tried) < 3:
            raise RuntimeError("ada@example.com")
        return await rank(*arguments, **more)

    monkeypatch.setattr(api.writes.ranking, "rank", fails_at_first)
    async with running(database_url):
        await ranked(given, 1)
    assert len(tried) >= 3
    assert "RuntimeError" in caplog.text
    assert "ada@" not in caplog.text


async def test_a_pause_of_nothing_is_for_never(database_url, given):
    await shop(given)
    async with running(database_url, pause=0):
        await asyncio.sleep(0.4)
    assert await rankings(given) == 0


async def test_a_server_ends_in_the_middle_of_a_ranking_and_leaves_the_last_one(database_url, given, monkeypatch):
    await shop(given)
    begun = asyncio.Event()

    async def never_ends(connection, now, **_):
        async with connection.transaction():
            await connection.execute("UPDATE customer_prospects SET customer_id = customer_id")
            begun.set()
            await asyncio.sleep(3_600)

    monkeypatch.setattr(api.writes.ranking, "rank", never_ends)
    async with running(database_url):
        await asyncio.wait_for(begun.wait(), 20)
    # Nobody holds the rows any more.
    await given.connection.execute("SET lock_timeout = '2s'; UPDATE customer_prospects SET customer_id = customer_id")
    assert await rankings(given) == 0
