"""What is only supposed: carried out where nobody else sees it, read there as everything is read, and undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from graphql import GraphQLField, get_named_type

from api.access import Principal
from api.database import Database, driver_errors_translated
from api.domain.what_if import Event, Waited
from api.errors import BadUserInput, Unavailable
from api.graph.declare import Reference
from api.graph.sources import Derived, Supposed
from api.plan.forming import Hole, Run
from api.plan.tree import Computed
from api.plan.values import at_run
from api.writes.change import Change, Outcome
from api.writes.once import undone
from api.writes.what_if import suppose

MOST_SUPPOSED = 100
"""How many customers one request may suppose something of: as many as a page holds."""


@dataclass(frozen=True, slots=True)
class Supposition(Reference):
    """A row as if events had happened; it is read where they are carried out, and then they are undone."""

    events: Sequence[Event] = ()


class World(Protocol):
    """What supposing needs of the operation that asks for it."""

    database: Database
    principal: Principal
    now: datetime

    async def let_go(self) -> None:
        """Give back the connections on which nothing more is read."""

    async def forget(self, pinned: Any) -> None:
        """Read nothing more on a connection, and know nothing any more of what was read on it."""


def supposed(selecting: Any, key: str, field: GraphQLField, below: Any, source: Supposed) -> Computed:
    """Return the item that stands for a row as if the events of its argument had happened."""
    given, type_ = selecting.arguments(field, below), field.type
    view = get_named_type(type_).extensions["strawberry-definition"].origin
    selecting.referred.append(type_)

    def project(rows: Sequence[Any], run: Run) -> list[Hole]:
        return [form(row, run) for row in rows]

    def form(row: Any, run: Run) -> Hole:
        if isinstance(row, Exception):
            raise row
        events = source.read(at_run(given["events"], run.variables))
        run.holes.append(Hole(Supposition(view, row, events=events), type_, below))
        return run.holes[-1]

    return Computed(key, Derived(source.needs, source.compute), (), project, nullable=False, refers=True)


class Supposing:
    """What one operation supposes: one thing after the other, when all that is really there has been read.

    By then the operation needs no other connection, so that it never holds one and waits for another.
    """

    def __init__(self) -> None:
        self._reading = 0
        self._read = asyncio.Event()
        self._turn = asyncio.Lock()
        self._left = MOST_SUPPOSED
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep what is supposed waiting."""
        self._reading += 1
        self._read.clear()
        try:
            yield
        finally:
            self._reading -= 1
            if not self._reading:
                self._read.set()

    @asynccontextmanager
    async def turn(self, world: World, given: Supposition) -> AsyncIterator[None]:
        """Wait until it is this one's turn; raise BadUserInput where it can have none."""
        _check(given)
        self._left -= 1
        if self._left < 0:
            raise BadUserInput(
                f"One request can suppose something of {MOST_SUPPOSED} customers at most; ask for fewer."
            )
        async with self._turn:
            await self._read.wait()
            if self._closed:
                raise Unavailable("The operation ended before this was supposed; try again.")
            await world.let_go()
            yield

    async def close(self) -> None:
        """Wait for the one whose turn it is, and let no other begin."""
        self._closed = True
        self._read.set()
        async with self._turn:
            pass


def _check(given: Supposition) -> None:
    if given.known_at is not None:
        raise BadUserInput("`whatIf` supposes what is recorded now: leave knownAt out.")
    if given.pinned is not None:
        raise BadUserInput("`whatIf` cannot stand below another one, or below a dry run: list all events together.")


async def seen_so(
    world: World, given: Supposition, plan: Callable[[Reference], object], read: Callable[[Reference], Awaitable[Any]]
) -> Any:
    """Return what is read of a row as if the events had happened.

    plan  makes ready what reads a reference, before anything is locked
    read  reads it
    """
    row = Reference(given.view, given.key, given.as_of)
    if any(isinstance(event, Waited) for event in given.events):
        row = replace(row, as_of=given.as_of or world.now)
    plan(row)
    # Real changes of the customer wait as long as this lasts, and must not give up meanwhile.
    async with AsyncExitStack() as held:
        with driver_errors_translated():
            async with asyncio.timeout(world.database.lock_timeout * 0.75):
                there = await _carried_out(world, given, row, held)
                try:
                    return await read(there)
                finally:
                    await world.forget(there.pinned)


async def _carried_out(world: World, given: Supposition, row: Reference, held: AsyncExitStack) -> Reference:
    """Carry the events out and return the reference to the row as it is then, until `held` is closed."""
    reached: list[datetime] = []

    async def work(change: Change) -> Sequence[Outcome]:
        patience = world.database.lock_timeout * 0.25
        back = given.as_of is not None
        reached.append(await suppose(change, given.events, looking_back=back, patience=patience))
        return []

    # Nothing of another customer's can be named.
    principal = Principal(world.principal.name, given.key)
    recorded = await undone(world.database, principal, given.as_of or world.now, work, held)
    return replace(row, as_of=row.as_of and reached[-1], pinned=recorded.pinned)


def supposed_in(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[Hole, Sequence[str | int]]]:
    """Yield the places of an answer that wait for a row as it is supposed, each with the way to it."""
    if type(value) is Hole:
        if isinstance(value.reference, Supposition):
            yield value, way
    elif isinstance(value, Mapping | list):
        for step, part in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from supposed_in(part, (*way, step))
