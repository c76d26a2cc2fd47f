"""What one operation is executed with, and what it holds until it is over."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader

from api.access import Principal
from api.database import Database
from api.plan.fetched import Fetched
from api.plan.references import Target
from api.plan.run import Reading
from api.plan.what_if import Supposing


@dataclass(slots=True)
class Operation:
    """What one operation is executed with: who asks, when, on which data; nothing of it outlives the operation.

    plans  of the operation's document, shared by all its runs
    ready  what else its runs share
    ahead  what was read for its one field before its execution began, or what went wrong
    charge takes the place of a field, how many conditions are in segments that it names, and in those of which it asks
           who is in them; raises an error where that is too much
    """

    database: Database
    principal: Principal
    now: datetime
    plans: dict[Any, Any]
    ready: dict[Any, Any] = field(default_factory=dict)
    ahead: Fetched | Exception | None = None
    readings: dict[Any, Reading] = field(default_factory=dict)
    targets: dict[Any, Target] = field(default_factory=dict)
    loaders: dict[int, DataLoader[tuple[Target, UUID], Any]] = field(default_factory=dict)
    closing: list[Any] = field(default_factory=list)
    supposing: Supposing = field(default_factory=Supposing)
    charge: Callable[[Any, int, int], None] = lambda place, named, whole: None

    async def let_go(self) -> None:
        """Give back the connections of snapshots, of which nothing more is read."""
        for reading in self.readings.values():
            await reading.let_go()

    async def forget(self, pinned: Any) -> None:
        """Read nothing more on a connection, and know nothing any more of what was read on it."""
        reading = self.readings.pop(id(pinned), None)
        if reading is not None:
            self.loaders.pop(id(reading), None)
            await reading.stop()

    async def close(self) -> None:
        """Give back every connection the operation holds; what a dry run wrote is undone."""
        if not self.closing and not self.readings:
            return
        await self.supposing.close()
        async with AsyncExitStack() as every:
            for held in self.closing:
                every.push_async_callback(held.aclose)
            for reading in self.readings.values():
                every.push_async_callback(reading.close)
