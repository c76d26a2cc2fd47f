"""Chunks: transactions that are done again when somebody else recorded the same thing in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from api.database import Connection
from api.writes.importing.results import ImportRefused

T = TypeVar("T")

_LOCK = 7_341_905_528
_ATTEMPTS = 5
_OVERTAKEN = (
    asyncpg.UniqueViolationError,
    asyncpg.CheckViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


async def in_chunk(connection: Connection, work: Callable[[], Awaitable[T]]) -> T:
    """Do the work in one transaction and return what it returns.

    Imports take turns, chunk by chunk. The API does not wait for them: where it was faster with a customer, an order
    or a refund of the chunk, a constraint refuses the chunk, and the next attempt finds the record there.
    """
    code = None
    for _ in range(_ATTEMPTS):
        try:
            async with connection.transaction():
                await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
                return await work()
        except _OVERTAKEN as error:
            code = error.sqlstate
    raise ImportRefused(
        f"The database refused a part of the file {_ATTEMPTS} times ({code}). What was recorded before it stays; "
        "import the file again to continue."
    )
