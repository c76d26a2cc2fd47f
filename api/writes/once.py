"""Recording a thing exactly once: key, rows and outcome commit in one READ COMMITTED transaction, the key first.

Two calls with one key meet at the key's unique index: the later one waits, and finds the outcome of the earlier one, or
becomes the executor where the earlier one was rolled back. A refusal is an outcome too, and is repeated for its key.
Within one process they meet earlier, so that a flood of repeats takes no connections.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import count

import asyncpg
from sqlalchemy import func, select

from api.access import Principal
from api.database import Connection, Database, driver_errors_translated, prepare
from api.errors import ApiError, IdempotencyInFlight, OutcomeUnknown, Timeout, Unavailable
from api.writes.change import Change, Kept, Outcome, Overtaken, Refused, the_business
from api.writes.idempotency import Request, check_key, kept, settle, take
from api.writes.together import First
from api.writes.transaction import BEGIN, BUSINESSES, Attempt, Recorded, read_committed

__all__ = ["Recorded", "once", "tried", "undone"]

ATTEMPTS = 3
RESTART_SECONDS = 5.0
"""How long a change whose COMMIT may have gone through waits for a database that restarts."""

_AGAIN = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, Overtaken)
_BEGUN = prepare(select(func.now()))
_BUSY = "Too many changes met at the same record; send this one again with the same key."

Work = Callable[[Change], Awaitable[Sequence[Outcome]]]


@dataclass(frozen=True, slots=True)
class InFlight:
    """A change that this process is recording right now."""

    request: Request
    task: asyncio.Task[Recorded]


_in_flight: dict[tuple[int, str, str], InFlight] = {}


async def once(database: Database, request: Request, work: Work, first: First | None = None) -> Recorded:
    """Do the work once for the request's key and return its outcomes, now or as they were.

    Raises BadUserInput, IdempotencyKeyReused, IdempotencyKeyExpired, IdempotencyInFlight, BusinessNotSet, Timeout,
    Unavailable, Overloaded or OutcomeUnknown. The transaction runs to its end even where the caller goes away.

    first  makes the first attempt, together with others that arrive at the same time
    """
    check_key(request.key, request.now)
    place = (id(database), request.principal.name, request.key)
    # As long as a call waits where the other one is in another process.
    until = _now() + database.lock_timeout
    while ahead := _in_flight.get(place):
        found = await _followed(ahead, request, until)
        if found is not None:
            return found
    task = asyncio.ensure_future(_attempted(database, request, work, first))
    _in_flight[place] = InFlight(request, task)
    task.add_done_callback(lambda done: _landed(place, done))
    return await asyncio.shield(task)


def _landed(place: tuple[int, str, str], task: asyncio.Task[Recorded]) -> None:
    del _in_flight[place]
    if not task.cancelled():
        task.exception()  # looked at, so that nobody complains where the caller has gone


async def _followed(ahead: InFlight, request: Request, until: float) -> Recorded | None:
    """Return what the call ahead recorded; None where it failed, or asked for something else under the same key."""
    done, _ = await asyncio.wait([ahead.task], timeout=max(until - _now(), 0))
    if not done:
        raise IdempotencyInFlight(IdempotencyInFlight.meaning)
    if ahead.task.cancelled() or ahead.task.exception() or not request.asks_the_same(ahead.request):
        return None
    return replace(ahead.task.result(), replayed=True)


async def _attempted(database: Database, request: Request, work: Work, first: First | None) -> Recorded:
    """Try again what may be tried again; where a COMMIT may have gone through, until the database can tell."""
    failure: ApiError = Timeout(_BUSY)
    unknown, give_up = False, _now() + RESTART_SECONDS
    for number in count(1):
        attempt = Attempt()
        alone = partial(_transaction, database, request, work, attempt)
        try:
            return await (first(database, request, attempt, alone) if first and number == 1 else alone())
        except _AGAIN:
            failure = Timeout(_BUSY)
            BUSINESSES.forget(database)
        except Unavailable as error:
            failure, unknown = error, unknown or attempt.committing
        except ApiError as error:
            failure = error
            break
        if number >= ATTEMPTS and not (unknown and _now() < give_up):
            break
        await _pause(number)
    if unknown:
        raise OutcomeUnknown(OutcomeUnknown.meaning)
    raise failure


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _pause(number: int) -> None:
    """Wait a moment, longer each time, and each call for another time, so that those that met do not meet again."""
    await asyncio.sleep(min(2**number, 20) * random.uniform(0.0025, 0.025))  # noqa: S311  (guards nothing)


async def _transaction(database: Database, request: Request, work: Work, attempt: Attempt) -> Recorded:
    async with database.connection() as connection:
        known = await BUSINESSES.of(database, connection)
        change = Change(connection, request.principal, request.now, known, request.key)
        try:
            async with read_committed(database, connection):
                recorded = await _keyed(change, request, work)
                attempt.committing = True
            return recorded
        except Refused as refused:
            outcomes = refused.outcomes
        # What the work wrote is undone by now; the refusal alone is kept.
        async with read_committed(database, connection):
            return await _keyed(change, request, lambda _: _already(outcomes))


async def _already(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    return outcomes


async def _keyed(change: Change, request: Request, work: Work) -> Recorded:
    try:
        taken = await take(change, request)
    except asyncpg.LockNotAvailableError:
        raise IdempotencyInFlight(IdempotencyInFlight.meaning) from None
    if taken is None:
        found = await kept(change, request)
        return Recorded(found.outcomes, replayed=True, first_seen_at=found.first_seen_at, begun_at=found.first_seen_at)
    outcomes = await work(change)
    if not isinstance(outcomes, Kept):
        await settle(change, outcomes)
    return Recorded(outcomes, first_seen_at=taken, begun_at=taken)


async def tried(database: Database, request: Request, work: Work, closing: list[AsyncExitStack]) -> Recorded:
    """Do the work and return its outcomes without keeping anything, not even the key.

    The rows can be read on the returned connection until what was added to `closing` is closed; then they are undone.
    Raises as `once` does.
    """
    check_key(request.key, request.now)
    held = AsyncExitStack()
    closing.append(held)
    return await undone(database, request.principal, request.now, work, held)


async def undone(database: Database, principal: Principal, now: datetime, work: Work, held: AsyncExitStack) -> Recorded:
    """Do the work and return its outcomes; what it wrote can be read until `held` is closed, and then it is undone.

    Raises BusinessNotSet, Timeout, Unavailable or Overloaded.
    """
    for number in range(1, ATTEMPTS + 1):
        try:
            with driver_errors_translated():
                return await _undone(database, principal, now, work, held)
        except _AGAIN:
            await held.aclose()
            await _pause(number)
    raise Timeout(_BUSY)


async def _undone(
    database: Database, principal: Principal, now: datetime, work: Work, held: AsyncExitStack
) -> Recorded:
    connection = await held.enter_async_context(database.connection())
    # Read anew: what is kept of it is only sure where the key is taken.
    change = Change(connection, principal, now, await the_business(connection))
    await connection.execute(BEGIN + database.settings)
    held.push_async_callback(_undo, connection)
    try:
        begun_at = await connection.fetchval(_BEGUN.sql)
        return Recorded(await work(change), begun_at=begun_at, pinned=connection)
    except Refused as refused:
        return Recorded(refused.outcomes)


async def _undo(connection: Connection) -> None:
    # Where the connection is lost, the server has undone it already.
    with suppress(OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
        await connection.execute("ROLLBACK;")
