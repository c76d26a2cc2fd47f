"""Processes that are killed while they record lose nothing they have acknowledged, and double nothing."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.writes import recorder
from tests.writes.recorder import events, price

pytestmark = pytest.mark.anyio

PROCESSES = 2
KILLS = 12
PATIENCE_SECONDS = 60

# Processes that are copies of one that has read the code already: a dozen of them start in a second.
PROCESS = multiprocessing.get_context("forkserver")
PROCESS.set_forkserver_preload([recorder.__name__])


def start(address, history, name, *, writers=8, seconds=30.0):
    """Start a process that records."""
    process = PROCESS.Process(target=recorder.run, args=(address, history, name, writers, seconds))
    process.start()
    return process


async def kill_in_the_middle(process, history: Path, chance: random.Random) -> None:
    """Kill a process some time after it has been answered a number of times."""
    enough = answered(history) + chance.randint(10, 50)
    until = time.monotonic() + PATIENCE_SECONDS
    while answered(history) < enough:
        assert process.is_alive(), "it ended by itself"
        assert time.monotonic() < until, "it recorded too little"
        await asyncio.sleep(0.01)
    await asyncio.sleep(chance.uniform(0, 0.02))
    process.kill()
    process.join()


async def ended(process) -> None:
    """Wait until a process has ended well."""
    await asyncio.to_thread(process.join, PATIENCE_SECONDS)
    assert process.exitcode == 0


def answered(history: Path) -> int:
    return history.read_bytes().count(b'"type": "ok"') if history.exists() else 0


def oks(history: Path) -> list[dict[str, str]]:
    return [each for each in events(history) if each["type"] == "ok"]


async def killed_again_and_again(address, history, name, seed):
    """Record in one process after another, each killed in the middle; the last one ends by itself."""
    chance = random.Random(seed)
    for _ in range(KILLS // PROCESSES):
        await kill_in_the_middle(start(address, history, name), history, chance)
    await ended(start(address, history, name, seconds=0.0))


async def test_killed_processes_lose_and_double_nothing(database_url, given, tmp_path):
    await given.customer(email="ann@example.com")
    histories = [tmp_path / f"history-{number}" for number in range(1, PROCESSES + 1)]
    await asyncio.gather(
        *(
            killed_again_and_again(database_url, history, f"writer-{number}", number)
            for number, history in enumerate(histories, 1)
        )
    )
    found = [event for history in histories for event in events(history)]
    kinds = Counter(each["type"] for each in found)
    cut_short = kinds["ask"] - kinds["ok"] - kinds["info"]
    assert cut_short >= KILLS, "the kills hit nobody at work"
    assert kinds["ok"] > kinds["ask"] / 2, "too little was answered to say anything"
    assert any(each.get("replayed") for each in found), "no kill fell between a commit and its answer"

    rows = await given.connection.fetch("SELECT order_id, gross FROM orders")
    orders = {row["order_id"].hex: row["gross"] for row in rows}
    answers = {(each["key"], each["order"]) for each in found if each["type"] == "ok"}
    keys = {each["key"] for each in found if each["type"] == "ask"}
    assert {key for key, _ in answers} == keys, "somebody was never answered"
    assert len(answers) == len(keys), "two answers for one key"
    assert all(orders.get(order) == Decimal(price(key)) for key, order in answers), "an acknowledged order is lost"
    assert len(orders) == len(keys), "an order is doubled"
    assert await given.connection.fetchval("SELECT count(*) FROM idempotency WHERE outcome IS NULL") == 0
    assert await given.connection.fetchval("SELECT count(*) FROM idempotency") == len(keys)


async def test_processes_that_send_the_same_key_at_once_record_one_order(database_url, given, tmp_path):
    await given.customer(email="ann@example.com")
    histories = [tmp_path / str(number) for number in range(PROCESSES)]
    processes = [start(database_url, history, "same-1", writers=50, seconds=1.5) for history in histories]
    await asyncio.gather(*(ended(process) for process in processes))
    answers = [oks(history) for history in histories]
    assert min(map(len, answers)) > 100
    assert len({each["order"] for told in answers for each in told}) == 1
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 1
