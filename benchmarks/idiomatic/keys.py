"""What makes a change happen once: its key is taken first, and its outcome is kept under it, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.idiomatic.loading import Sessions
from benchmarks.idiomatic.rows import KeyRow

PRINCIPAL = "idiomatic"
T = TypeVar("T")


class NewRecord(Protocol):
    """Something to record under a key."""

    @property
    def key(self) -> str:
        """A text that no other change has."""


class Refused(Exception):
    """The change cannot be made; the message says why."""


async def once(
    sessions: Sessions,
    mutation: str,
    given: NewRecord,
    made: type[T],
    work: Callable[[AsyncSession], Awaitable[tuple[UUID, T]]],
) -> T | str:
    """Return what is recorded under a key, now or earlier; or what is wrong.

    work  records it and returns its key and row
    """
    try:
        async with sessions.begin() as session:
            kept = await _take(session, mutation, given)
            if kept is not None:
                return await _replayed(session, kept, given, made)
            identifier, row = await work(session)
            mine = await session.get_one(KeyRow, (PRINCIPAL, given.key))
            mine.outcome = {"made": str(identifier)}
            return row
    except Refused as refused:
        return str(refused)


def _fingerprint(given: NewRecord) -> bytes:
    return hashlib.sha256(repr(given).encode()).digest()


async def _take(session: AsyncSession, mutation: str, given: NewRecord) -> KeyRow | None:
    """Take the key for this transaction; return what is kept under it where it is taken already."""
    values: dict[str, Any] = {"principal": PRINCIPAL, "key": given.key, "mutation": mutation}
    taking = insert(KeyRow).values(**values, fingerprint=_fingerprint(given)).on_conflict_do_nothing()
    if await session.scalar(taking.returning(KeyRow)):
        return None
    return await session.get_one(KeyRow, (PRINCIPAL, given.key))


async def _replayed(session: AsyncSession, kept: KeyRow, given: NewRecord, made: type[T]) -> T:
    if kept.fingerprint != _fingerprint(given) or kept.outcome is None:
        raise Refused("This key was used for something else.")
    return await session.get_one(made, UUID(kept.outcome["made"]))
