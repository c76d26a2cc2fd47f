"""Recording a thing exactly once: key, rows and outcome commit in one READ COMMITTED transaction, the key first.

Two calls with one key meet at the key's unique index: the later one waits, and finds the outcome of the earlier one, or
becomes the executor where the earlier one was rolled back. A refusal is an outcome too, and is repeated for its key.
What is kept is identifiers and codes; messages never quote an input.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import asyncpg
import orjson
from sqlalchemy import Text, bindparam, cast, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from api.access import Principal
from api.database import Connection, Database, prepare
from api.errors import (
    BadUserInput,
    IdempotencyInFlight,
    IdempotencyKeyExpired,
    IdempotencyKeyReused,
    OutcomeUnknown,
    Rejection,
    Timeout,
    Unavailable,
    UserErrorCode,
)
from api.tables.idempotency import idempotency
from api.writes.change import Business, Change, Outcome, Overtaken, Refused, the_business

KEPT_FOR = timedelta(days=30)
ATTEMPTS = 3

_KEY = re.compile(r"[A-Za-z0-9_.:-]{16,128}")
_MINE = (idempotency.c.principal == bindparam("who"), idempotency.c.key == bindparam("which"))
_TAKE = prepare(
    insert(idempotency)
    .values({name: bindparam(name) for name in ("principal", "key", "mutation", "fingerprint")})
    .on_conflict_do_nothing()
    .returning(idempotency.c.created_at)
)
_FOUND = prepare(
    select(idempotency.c.fingerprint, cast(idempotency.c.outcome, Text), idempotency.c.created_at).where(*_MINE)
)
_SETTLE = prepare(update(idempotency).values(outcome=cast(bindparam("result", type_=Text), JSONB)).where(*_MINE))
_FORGET = prepare(idempotency.delete().where(idempotency.c.created_at < bindparam("before")))

Work = Callable[[Change], Awaitable[Sequence[Outcome]]]


@dataclass(frozen=True, slots=True)
class Request:
    """A change as it was asked for.

    given  the input as the caller gave it, in plain values; the same key with another input is refused
    """

    principal: Principal
    mutation: str
    key: str
    given: Mapping[str, Any]
    now: datetime

    def fingerprint(self, business: Business) -> bytes:
        """Return what the input is recognised by; keyed, because inputs can be guessed."""
        canonical = orjson.dumps([self.mutation, self.given], option=orjson.OPT_SORT_KEYS)
        return hmac.new(business.fingerprint_key, canonical, hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The outcomes of a change, and whether they are those of an earlier call with the same key.

    first_seen_at  when the key was first used; None on a dry run, which leaves the key unused
    pinned         the connection on which a dry run's rows can still be read
    """

    outcomes: Sequence[Outcome]
    replayed: bool = False
    first_seen_at: datetime | None = None
    pinned: Connection | None = None


_in_turn: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()


async def once(database: Database, request: Request, work: Work) -> Recorded:
    """Do the work once for the request's key and return its outcomes, now or as they were.

    Raises BadUserInput, IdempotencyKeyReused, IdempotencyKeyExpired, IdempotencyInFlight, BusinessNotSet, Timeout,
    Unavailable or OutcomeUnknown. The transaction runs to its end even where the caller goes away.
    """
    check_key(request.key, request.now)
    turn = _in_turn.setdefault((request.principal.name, request.key), asyncio.Lock())
    async with turn:
        return await asyncio.shield(asyncio.ensure_future(_attempted(database, request, work)))


def check_key(key: str, now: datetime) -> None:
    """Raise BadUserInput for a key of another form, IdempotencyKeyExpired for one that says it is too old."""
    if not _KEY.fullmatch(key):
        raise BadUserInput("`idempotencyKey` takes 16 to 128 letters, digits or any of _ . : - ; a UUID is a good key.")
    made = _made_at(key)
    if made is not None and made < now - KEPT_FOR:
        raise IdempotencyKeyExpired(IdempotencyKeyExpired.meaning)


def _made_at(key: str) -> datetime | None:
    try:
        found = UUID(key)
    except ValueError:
        return None
    if found.version != 7:
        return None
    return datetime.fromtimestamp((found.int >> 80) / 1000, tz=UTC) if found.int >> 80 < 2**42 else None


async def _attempted(database: Database, request: Request, work: Work) -> Recorded:
    for attempt in range(ATTEMPTS):
        committing = [False]
        try:
            return await _transaction(database, request, work, committing)
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, Overtaken):
            await asyncio.sleep(random.uniform(0.005, 0.05))  # noqa: S311  (spreads retries, guards nothing)
        except Unavailable:
            if attempt + 1 == ATTEMPTS and committing[0]:
                raise OutcomeUnknown(OutcomeUnknown.meaning) from None
            if attempt + 1 == ATTEMPTS:
                raise
    raise Timeout("Too many changes met at the same record; send this one again with the same key.")


async def _transaction(database: Database, request: Request, work: Work, committing: list[bool]) -> Recorded:
    async with database.connection() as connection:
        business = await the_business(connection)
        change = Change(connection, request.principal, request.now, business)
        try:
            async with connection.transaction():
                recorded = await _keyed(change, request, lambda: work(change))
                committing[0] = True
            return recorded
        except Refused as refused:
            outcomes = refused.outcomes
        async with connection.transaction():
            return await _keyed(change, request, lambda: _already(outcomes))


async def _already(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    return outcomes


async def _keyed(change: Change, request: Request, work: Callable[[], Awaitable[Sequence[Outcome]]]) -> Recorded:
    fingerprint = request.fingerprint(change.business)
    mine = {"who": request.principal.name, "which": request.key}
    taken = {"principal": request.principal.name, "key": request.key, "mutation": request.mutation}
    try:
        new = await change.rows(_TAKE, **taken, fingerprint=fingerprint)
    except asyncpg.LockNotAvailableError:
        raise IdempotencyInFlight(IdempotencyInFlight.meaning) from None
    if new:
        outcomes = await work()
        await change.rows(_SETTLE, **mine, result=_as_text(outcomes))
        return Recorded(outcomes, first_seen_at=new[0]["created_at"])
    found = await change.rows(_FOUND, **mine)
    if not found:
        raise Overtaken
    if not hmac.compare_digest(found[0]["fingerprint"], fingerprint):
        raise IdempotencyKeyReused(IdempotencyKeyReused.meaning)
    return Recorded(_from_text(found[0]["outcome"]), replayed=True, first_seen_at=found[0]["created_at"])


async def tried(database: Database, request: Request, work: Work, closing: list[AsyncExitStack]) -> Recorded:
    """Do the work and return its outcomes without keeping anything.

    The rows can be read on the returned connection until what was added to `closing` is closed; then they are undone.
    """
    check_key(request.key, request.now)
    held = AsyncExitStack()
    closing.append(held)
    connection = await held.enter_async_context(database.connection())
    transaction = connection.transaction()
    await transaction.start()
    held.push_async_callback(transaction.rollback)
    change = Change(connection, request.principal, request.now, await the_business(connection))
    try:
        return Recorded(await work(change), pinned=connection)
    except Refused as refused:
        return Recorded(refused.outcomes)


async def forget_expired(database: Database, now: datetime) -> None:
    """Delete the keys that are no longer kept; what was recorded stays, and so do its external identifiers."""
    async with database.connection() as connection:
        await connection.execute(_FORGET.sql, *_FORGET.values({"before": now - KEPT_FOR}))


def _as_text(outcomes: Sequence[Outcome]) -> str:
    return orjson.dumps([_plain(outcome) for outcome in outcomes]).decode()


def _plain(outcome: Outcome) -> dict[str, Any]:
    errors = [
        {"code": error.code.value, "message": error.message, "field": error.field, "version": error.current_version}
        for error in outcome.errors
    ]
    return {"ids": {name: str(key) for name, key in outcome.ids.items()}, "new": outcome.created, "errors": errors}


def _from_text(text: str) -> Sequence[Outcome]:
    return [
        Outcome(
            {name: UUID(key) for name, key in kept["ids"].items()},
            kept["new"],
            tuple(
                Rejection(UserErrorCode(error["code"]), error["message"], _field(error["field"]), error["version"])
                for error in kept["errors"]
            ),
        )
        for kept in orjson.loads(text)
    ]


def _field(kept: list[str] | None) -> tuple[str, ...] | None:
    return None if kept is None else tuple(kept)
