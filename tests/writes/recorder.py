"""A process that records purchases and writes down what it asked for and what it was told; it is killed by tests.

Every line of the history is one JSON object: `ask` before a call, `ok` with the order's identifier after it. Keys that
were asked for and not answered are asked for again first. Every key has a price of its own, by which its orders are
found. A name that begins with `same` uses one key for all its calls.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

from api.database import Database
from api.database import database as open_database
from api.errors import ApiError
from tests.writes.changes import apart, record


def price(key: str) -> str:
    """Return the price under which a key is recorded: its number, in cents."""
    cents = int(key.rpartition("-")[2])
    return f"{cents // 100}.{cents % 100:02}"


def events(history: Path) -> list[dict[str, str]]:
    """Return what was written down; a line that a kill cut short was never read by anybody."""
    text = history.read_text() if history.exists() else ""
    return [json.loads(line) for line in text.split("\n")[:-1] if line.endswith("}")]


def open_keys(found: list[dict[str, str]]) -> list[str]:
    """Return the keys that were asked for and not answered, in order."""
    answered = {each["key"] for each in found if each["type"] == "ok"}
    return [each["key"] for each in found if each["type"] == "ask" and each["key"] not in answered]


class Recorder:
    """Records, and writes down before and after."""

    def __init__(self, database: Database, history: Path, name: str) -> None:
        found = events(history)
        self.database = database
        self.name = name
        self.waiting = list(dict.fromkeys(open_keys(found)))
        self.number = sum(each["type"] == "ask" for each in found) + 1
        self.file = os.open(history, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(self.file, b"\n")

    def note(self, **event: object) -> None:
        """Write an event down, at once."""
        os.write(self.file, json.dumps(event).encode() + b"\n")

    def next_key(self) -> str:
        """Return a key that waits for its answer, or a new one."""
        if self.waiting:
            return self.waiting.pop(0)
        self.number += 1
        offset = int(self.name.rpartition("-")[2]) * 1_000_000
        return f"{self.name}-key-of-a-purchase-{offset + (0 if self.name.startswith('same') else self.number)}"

    async def write(self, until: float) -> None:
        """Record one purchase after another."""
        while self.waiting or time.monotonic() < until:
            key = self.next_key()
            self.note(type="ask", key=key)
            try:
                recorded = await record(apart(self.database), key, price(key))
            except ApiError as error:
                self.note(type="info", key=key, code=error.code)
                continue
            self.note(type="ok", key=key, order=recorded.outcomes[0].ids["order"].hex, replayed=recorded.replayed)


async def record_until(address: str, history: Path, name: str, writers: int, seconds: float) -> None:
    """Record until the time is over and every key has its answer."""
    async with open_database(address, pool_size=10) as opened:
        recorder = Recorder(opened, history, name)
        until = time.monotonic() + seconds
        await asyncio.gather(*(recorder.write(until) for _ in range(writers)))


def run(address: str, history: Path, name: str, writers: int, seconds: float) -> None:
    """Be a process that records."""
    asyncio.run(record_until(address, history, name, writers, seconds))
