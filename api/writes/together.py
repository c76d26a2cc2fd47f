"""Changes of one kind that arrive at the same time share a transaction: each with a key and an outcome of its own.

While a few transactions are under way, more of them would only make each other slower; what arrives meanwhile waits for
the next one and goes into it together, by the statements that record many at once. So nobody waits where there is
nothing to wait for, and the more arrive, the less each of them costs.

What is recorded together is what would have been recorded one after the other. Where that is not sure, or where
anything goes wrong, the shared transaction is undone and every change is made on its own, as if there had been none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from api.database import Database
from api.errors import Overloaded, Unavailable
from api.writes.change import Change, Kept, Outcome
from api.writes.idempotency import Request, settle_all, take_all
from api.writes.transaction import BUSINESSES, Attempt, Recorded, read_committed

__all__ = ["First", "Together"]

AT_ONCE = 1
"""Transactions of a kind that are under way before what arrives waits for one of them to end."""
LONG_SECONDS = 0.05
"""After so long nobody waits for a transaction any more: something else holds it up."""
MOST = 50
"""Changes that share a transaction."""
_HASTE = "SET LOCAL lock_timeout = '100ms';"
"""Who shares a transaction does not wait long for what only one of them needs."""

Item = TypeVar("Item")
Alone: TypeAlias = Callable[[], Awaitable[Recorded]]
First: TypeAlias = Callable[[Database, Request, Attempt, Alone], Awaitable[Recorded]]
"""Makes a change together with others or, where nobody else waits, alone."""


@dataclass(eq=False, slots=True)
class _Waiting(Generic[Item]):
    """A change that waits; `found` gets what was recorded, or None where it is to be made alone."""

    request: Request
    item: Item
    attempt: Attempt
    found: asyncio.Future[Recorded | None]


@dataclass(eq=False, slots=True)
class _Queue(Generic[Item]):
    """Who waits, in the order of arrival, and a mark for each transaction they wait for."""

    waiting: list[_Waiting[Item]] = field(default_factory=list)
    under_way: set[object] = field(default_factory=set)


class Together(Generic[Item]):
    """Changes of one kind, made together where several wait.

    work   records items in one change, each as if it came alone, and returns an outcome each; raises Apart where that
           is not possible
    whose  what two items must differ in to be recorded together
    """

    def __init__(
        self,
        work: Callable[[Change, Sequence[Item]], Awaitable[Sequence[Outcome]]],
        *,
        whose: Callable[[Item], Hashable],
    ) -> None:
        self._work = work
        self._whose = whose
        self._queues: WeakKeyDictionary[Database, _Queue[Item]] = WeakKeyDictionary()
        self._running = set[asyncio.Task[None]]()

    def of(self, item: Item) -> First:
        """Return what makes the change that records an item."""
        return partial(self._made, item)

    async def _made(self, item: Item, database: Database, request: Request, attempt: Attempt, alone: Alone) -> Recorded:
        queue = self._queues.setdefault(database, _Queue())
        if len(queue.under_way) >= AT_ONCE:
            waiting = _Waiting(request, item, attempt, asyncio.get_running_loop().create_future())
            queue.waiting.append(waiting)
            if recorded := await waiting.found:
                return recorded
        with self._under_way(database, queue):
            return await alone()

    @contextmanager
    def _under_way(self, database: Database, queue: _Queue[Item]) -> Iterator[None]:
        """Let others wait for a transaction until it has ended, or takes too long."""
        mark = object()
        queue.under_way.add(mark)
        too_long = asyncio.get_running_loop().call_later(LONG_SECONDS, self._over, database, queue, mark)
        try:
            yield
        finally:
            too_long.cancel()
            self._over(database, queue, mark)

    def _over(self, database: Database, queue: _Queue[Item], mark: object) -> None:
        """Begin the next transaction where somebody waits for it."""
        queue.under_way.discard(mark)
        while queue.waiting and len(queue.under_way) < AT_ONCE:
            some = self._next(queue.waiting)
            queue.waiting = [each for each in queue.waiting if each not in some]
            if len(some) == 1:
                some[0].found.set_result(None)
                return
            held = ExitStack()
            held.enter_context(self._under_way(database, queue))
            task = asyncio.ensure_future(self._shared(database, some, held))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _next(self, waiting: Sequence[_Waiting[Item]]) -> Sequence[_Waiting[Item]]:
        """Return the first who wait and can share a transaction."""
        found = dict[Hashable, _Waiting[Item]]()
        for each in waiting:
            if each.request.principal == waiting[0].request.principal and len(found) < MOST:
                found.setdefault(self._whose(each.item), each)
        return list(found.values())

    async def _shared(self, database: Database, some: Sequence[_Waiting[Item]], held: ExitStack) -> None:
        """Record what some wait for and tell each of them."""
        with held:
            try:
                found = await self._recorded(database, some)
            except Exception as error:  # noqa: BLE001  (whatever it is: who has caused it will meet it alone)
                for each in some:
                    # Where all may have been recorded, or nothing can be, each is told so, and knows what to do.
                    if each.attempt.committing or isinstance(error, (Overloaded, Unavailable)):
                        each.found.set_exception(error)
                    else:
                        each.found.set_result(None)
                return
            for each, recorded in zip(some, found, strict=True):
                each.found.set_result(recorded)

    async def _recorded(self, database: Database, some: Sequence[_Waiting[Item]]) -> Sequence[Recorded]:
        requests, items = [each.request for each in some], [each.item for each in some]
        now = max(request.now for request in requests)
        async with database.connection() as connection:
            known = await BUSINESSES.of(database, connection)
            keys = tuple(request.key for request in requests)
            change = Change(connection, requests[0].principal, now, known, keys=keys)
            async with read_committed(database, connection, _HASTE):
                begun_at = await take_all(change, requests)
                outcomes = await self._work(change, items)
                if not isinstance(outcomes, Kept):
                    await settle_all(change, outcomes)
                for each in some:
                    each.attempt.committing = True
        return [Recorded([outcome], first_seen_at=begun_at, begun_at=begun_at) for outcome in outcomes]
