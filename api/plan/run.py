"""Running a plan: fetch its levels from the outermost inwards, compute what is derived, form the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from api.database import Connection, Database, Statement
from api.errors import Unavailable
from api.plan.fetched import Batch, Fetched, FetchedLevel, Values
from api.plan.segments import Asked, Seen
from api.plan.values import Parameters


@dataclass(frozen=True, slots=True)
class Plan:
    """What a field of a document needs for one shape of its variables.

    refers  whether derived values may refer to rows, which are read after the plan has run
    clocks  `asOf` and `knownAt` as the field has them; they hold for those rows, too
    asked   what has to be read of segments first; the plan is then made again, and this one is never run
    """

    level: FetchedLevel
    parameters: Parameters
    refers: bool = False
    clocks: tuple[Any, Any] = (None, None)
    asked: Asked | None = None

    @property
    def is_single(self) -> bool:
        """Whether a row of the plan is one finished JSON value."""
        return self.level.is_single

    @property
    def is_one_statement(self) -> bool:
        """Whether nothing is read but the plan's one statement."""
        return not self.level.children and not self.refers


class Reading:
    """The data one operation sees: one snapshot as soon as it takes more than one statement."""

    def __init__(self, database: Database, pinned: Connection | None = None) -> None:
        self._database = database
        self._pinned = pinned
        self._opened: AsyncExitStack | None = None
        self._turn = asyncio.Lock()
        self._closed = False
        self._reader: asyncio.Task[Any] | None = None
        self._segments: dict[Any, asyncio.Future[Seen]] = {}

    async def segments(self, asked: Asked, given: Mapping[str, object]) -> Seen:
        """Return the segments as they are here; whoever asks for the same ones again gets the same ones."""
        known = (asked.statement.sql, *asked.statement.values(given))
        if known not in self._segments:
            self._segments[known] = asyncio.ensure_future(self._seen(asked, given))
        return await self._segments[known]

    async def _seen(self, asked: Asked, given: Mapping[str, object]) -> Seen:
        return Seen(await self.rows(asked.statement, given, alone=False))

    async def rows(self, statement: Statement, given: Mapping[str, object], *, alone: bool) -> Sequence[Any]:
        """Return the rows of a statement; `alone` says that nothing else is read by the same operation."""
        if alone and self._pinned is None:
            return await self._database.read(statement, given)
        async with self._turn:
            if self._closed:
                raise Unavailable("The operation ended before this was read; try again.")
            if self._pinned is None:
                self._opened = AsyncExitStack()
                self._pinned = await self._opened.enter_async_context(self._database.snapshot())
            self._reader = asyncio.current_task()
            try:
                return await self._database.read(statement, given, self._pinned)
            finally:
                self._reader = None

    async def let_go(self) -> None:
        """Give the snapshot back; whatever is read later is read from another one."""
        async with self._turn:
            if self._opened is not None:
                opened, self._opened, self._pinned = self._opened, None, None
                self._segments.clear()
                await opened.aclose()

    async def close(self) -> None:
        """Give the snapshot back; a field that failed may have left others still reading, so wait for their turn."""
        self._closed = True
        await self.let_go()

    async def stop(self) -> None:
        """Read nothing more, and wait for nobody: what is being read is cancelled."""
        self._closed = True
        if self._reader is not None:
            self._reader.cancel()
        await self.let_go()


async def fetched(level: FetchedLevel, given: Mapping[str, object], reading: Reading, *, alone: bool) -> Fetched:
    """Return the rows of a level, of the levels below, and what was computed for them."""
    rows = await reading.rows(level.statement, given, alone=alone)
    below = [
        await fetched(child.level, {**given, **_keys(child.level, child.keys, rows)}, reading, alone=False)
        for child in level.children
    ]
    return with_computed(level, rows, below)


def with_computed(level: FetchedLevel, rows: Sequence[Any], below: list[Fetched] | None = None) -> Fetched:
    """Return the rows of a level with what is computed for them, and the levels below."""
    return Fetched(rows, _places(rows) if level.keys else {}, _computed(level.batches, rows), below or [])


def placed(rows: Sequence[Any]) -> Fetched:
    """Return rows of a level that is nothing but rows, with their places among the parents."""
    return Fetched(rows, _places(rows))


def _keys(level: FetchedLevel, columns: Sequence[str], rows: Sequence[Any]) -> dict[str, object]:
    return {name: [row[column] for row in rows] for name, column in zip(level.keys, columns, strict=True)}


def _places(rows: Sequence[Any]) -> dict[int, range]:
    places: dict[int, range] = {}
    start = 0
    for index, row in enumerate(rows):
        if index and row["ord"] != rows[index - 1]["ord"]:
            start = index
        places[row["ord"] - 1] = range(start, index + 1)
    return places


def _computed(batches: Sequence[Batch], rows: Sequence[Any]) -> list[Values]:
    """Return the values of batches; those that compute the same from the same columns share it."""
    if not batches:
        return []
    places, columns = _columns(rows)
    computed: dict[Any, Mapping[int, Any]] = {}
    found = []
    for batch in batches:
        known = (batch.derived.compute, tuple(batch.columns.values()))
        if known not in computed:
            values = batch.derived.compute({name: columns.get(label, ()) for name, label in batch.columns.items()})
            computed[known] = dict(zip(places, values, strict=True))
        found.append(Values(batch, batch.finished(computed[known], rows)))
    return found


def _columns(rows: Sequence[Any]) -> tuple[Sequence[int], Mapping[str, Sequence[Any]]]:
    """Return the places of the rows that there are, and their columns by label; none where there are no rows."""
    # A parent without rows is there only for the facts about its list.
    empty = bool(rows) and "rn" in rows[0] and None in map(itemgetter("rn"), rows)
    real = [index for index, row in enumerate(rows) if row["rn"] is not None] if empty else range(len(rows))
    some = [rows[index] for index in real] if empty else rows
    # Turned over at once: to look for the values of each column by its label takes twice as long.
    return real, dict(zip(some[0].keys(), zip(*some, strict=True), strict=True)) if some else {}
