"""Changes of one kind that arrive at the same time share a transaction: each with a key and an outcome of its own.

While a transaction is under way, another for each that arrives would only make all slower; they wait for the next one
and go into it together, by the statements that record many at once. So nobody waits where there is nothing to wait for,
and the more arrive, the less each of them costs.

What is recorded together is what would have been recorded one after the other. Where that is not sure, or where one of
them is refused or fails, nothing is kept of the shared transaction and every change is made on its own, as if there had
been none. Where there is no connection to be had, each is told so, as if it had come alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import asyncpg

from api.database import Database
from api.errors import ApiError, Overloaded, Unavailable
from api.writes.change import Apart, Change, Kept, Outcome, Overtaken, Refused
from api.writes.idempotency import Request, settle_all, take_all
from api.writes.transaction import BUSINESSES, Attempt, Recorded, read_committed

__all__ = ["First", "Together"]

AT_ONCE = 2
"""Transactions under way where many wait: while the database is at one, the answers of the other are made."""
MANY = 4
"""So many others wait no longer than until one of two transactions ends; fewer, until none is under way."""
LONG_SECONDS = 0.05
"""After so long nobody waits for a transaction any more: something else holds it up."""
MOST = 50
"""Changes that share a transaction."""
_HASTE = "SET LOCAL lock_timeout = '100ms';"
"""Who shares a transaction does not wait long for what only one of them needs."""
_MET = (asyncpg.IntegrityConstraintViolationError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
_USUAL = (Apart, Overtaken, Refused, ApiError, *_MET)
"""Why changes are made apart; nobody need hear of it."""

Item = TypeVar("Item")
Alone: TypeAlias = Callable[[], Awaitable[Recorded]]
First: TypeAlias = Callable[[Database, Request, Attempt, Alone], Awaitable[Recorded]]
"""Makes a change: alone where no other one is under way, otherwise together with those that wait as well."""


@dataclass(eq=False, slots=True)
class _Waiting(Generic[Item]):
    """A change that waits until somebody says in `found` what was recorded."""

    request: Request
    item: Item
    attempt: Attempt
    alone: Alone
    found: asyncio.Future[Recorded]


@dataclass(eq=False, slots=True)
class _Queue(Generic[Item]):
    """Who waits, in the order of arrival, and a mark for each transaction they wait for, with those whose it is."""

    waiting: list[_Waiting[Item]] = field(default_factory=list)
    under_way: dict[object, Set[Hashable]] = field(default_factory=dict)


class Together(Generic[Item]):
    """Changes of one kind, made together where several wait.

    work   records items in one change, each as if it came alone, and returns an outcome each; raises Apart or Refused
           where that is not possible
    like   what two items must have in common to be recorded together
    whose  what they must differ in
    """

    def __init__(
        self,
        work: Callable[[Change, Sequence[Item]], Awaitable[Sequence[Outcome]]],
        *,
        like: Callable[[Item], Hashable],
        whose: Callable[[Item], Hashable],
    ) -> None:
        self._work = work
        self._like = like
        self._whose = whose
        self._queues: WeakKeyDictionary[Database, dict[Hashable, _Queue[Item]]] = WeakKeyDictionary()
        self._running = set[asyncio.Task[None]]()

    def of(self, item: Item) -> First:
        """Return what makes the change that records an item."""
        return partial(self._made, item)

    async def _made(self, item: Item, database: Database, request: Request, attempt: Attempt, alone: Alone) -> Recorded:
        place = (request.principal, self._like(item))
        queue = self._queues.setdefault(database, {}).setdefault(place, _Queue())
        if not queue.under_way:
            with self._under_way(database, place, queue, {self._whose(item)}):
                return await alone()
        waiting = _Waiting(request, item, attempt, alone, asyncio.get_running_loop().create_future())
        queue.waiting.append(waiting)
        self._begin(database, place, queue)
        return await waiting.found

    @contextmanager
    def _under_way(
        self, database: Database, place: Hashable, queue: _Queue[Item], whose: Set[Hashable]
    ) -> Iterator[None]:
        """Let others wait for a transaction until it has ended, or takes too long."""
        mark = object()
        over = partial(self._over, database, place, queue, mark)
        queue.under_way[mark] = whose
        too_long = asyncio.get_running_loop().call_later(LONG_SECONDS, over)
        try:
            yield
        finally:
            too_long.cancel()
            over()

    def _over(self, database: Database, place: Hashable, queue: _Queue[Item], mark: object) -> None:
        """Wait for a transaction no longer."""
        queue.under_way.pop(mark, None)
        self._begin(database, place, queue)
        if not queue.under_way and self._queues[database].get(place) is queue:
            del self._queues[database][place]

    def _begin(self, database: Database, place: Hashable, queue: _Queue[Item]) -> None:
        """Begin the next transaction where nobody need wait any longer for those under way."""
        while len(queue.under_way) < AT_ONCE and (some := self._next(queue)):
            queue.waiting = [each for each in queue.waiting if each not in some.values()]
            held = ExitStack()
            held.enter_context(self._under_way(database, place, queue, some.keys()))
            task = asyncio.ensure_future(self._answered(database, list(some.values()), held))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _next(self, queue: _Queue[Item]) -> Mapping[Hashable, _Waiting[Item]]:
        """Return the first who wait and can share a transaction, none where they have to wait longer."""
        queue.waiting = [each for each in queue.waiting if not each.found.done()]
        taken, found = set().union(*queue.under_way.values()), dict[Hashable, _Waiting[Item]]()
        for each in queue.waiting:
            whose = self._whose(each.item)
            # Two of one customer would only wait for each other.
            if len(found) < MOST and whose not in taken:
                found.setdefault(whose, each)
        return found if len(found) >= MANY or not queue.under_way else {}

    async def _answered(self, database: Database, some: Sequence[_Waiting[Item]], held: ExitStack) -> None:
        """Record what some wait for, and tell each of them."""
        with held:
            try:
                shared = await self._shared(database, some) if len(some) > 1 else None
                if shared is None:
                    await asyncio.gather(*map(_made_alone, some))
                else:
                    for each, recorded in zip(some, shared, strict=True):
                        _tell(each, recorded)
            finally:
                for each in some:
                    each.found.cancel()  # who has been told is not

    async def _shared(self, database: Database, some: Sequence[_Waiting[Item]]) -> Sequence[Recorded | ApiError] | None:
        """Return what was recorded in one transaction; None where each is to be made alone."""
        try:
            return await self._recorded(database, some)
        except (Overloaded, Unavailable) as error:
            # Alone, each would only wait as long again; and `once` repeats those whose COMMIT may have gone through.
            return [error] * len(some)
        except Exception as error:  # noqa: BLE001  (whoever has caused it will meet it alone)
            if not isinstance(error, _USUAL):
                logging.getLogger("regulars").warning("changes are made apart: %s", type(error).__qualname__)
            return None

    async def _recorded(self, database: Database, some: Sequence[_Waiting[Item]]) -> Sequence[Recorded]:
        requests = [each.request for each in some]
        # What is too early for the first of them is refused here, and may be right alone.
        now, keys = min(request.now for request in requests), tuple(request.key for request in requests)
        async with database.connection() as connection:
            known = await BUSINESSES.of(database, connection)
            change = Change(connection, requests[0].principal, now, known, keys=keys)
            async with read_committed(database, connection, _HASTE):
                begun_at = await take_all(change, requests)
                outcomes = await self._work(change, [each.item for each in some])
                if not isinstance(outcomes, Kept):
                    await settle_all(change, outcomes)
                for each in some:
                    each.attempt.committing = True
        return [Recorded([outcome], first_seen_at=begun_at, begun_at=begun_at) for outcome in outcomes]


async def _made_alone(each: _Waiting[Item]) -> None:
    try:
        found: Recorded | Exception = await each.alone()
    except Exception as error:  # noqa: BLE001  (it is for whoever waits)
        found = error
    _tell(each, found)


def _tell(each: _Waiting[Item], found: Recorded | Exception) -> None:
    if each.found.done():
        return
    if isinstance(found, Exception):
        each.found.set_exception(found)
    else:
        each.found.set_result(found)
