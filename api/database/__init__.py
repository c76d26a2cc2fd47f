"""Connections: one asyncpg pool a process, statements compiled once, transactions.

SQLAlchemy Core builds the statements and asyncpg runs them: on a small statement an engine costs ten times what the
driver costs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import TracebackType

import asyncpg

from api.database.losses import LOST, driver_errors_translated, raise_translated
from api.database.pool import Connection, Lease, Pool, is_dead
from api.database.statement import Statement, joined, prepare, prepare_later

__all__ = [
    "Connection",
    "Database",
    "Statement",
    "database",
    "driver_errors_translated",
    "joined",
    "prepare",
    "prepare_later",
]

LARGEST_KEPT = 128 * 1024
"""Characters of the longest statement whose plan is kept: that of recommendations takes 70 kB, and long to plan.

The driver's own 15 kB are less than a status takes.
"""


class Database:
    """A pool of connections; everything read or written goes through it.

    patience      seconds to wait for a connection while all are in use, to read and to write
    lock_timeout  seconds for which a statement waits for a lock
    """

    def __init__(
        self,
        pool: Pool,
        *,
        read_timeout: float,
        session: Mapping[str, str] | None = None,
        patience: tuple[float, float] = (0.5, 2.0),
        lock_timeout: float = 2.0,
    ) -> None:
        self.lock_timeout = lock_timeout
        self._pool = pool
        self._read_patience, self._write_patience = patience
        self._read_timeout = read_timeout
        self.settings = "".join(f"SET LOCAL {name} = '{value}';" for name, value in (session or {}).items())
        """What gives a transaction its settings, where a pooler keeps the session from having them."""

    def connection(self, *, patience: float | None = None) -> AbstractAsyncContextManager[Connection]:
        """Borrow a connection; raise Overloaded, Unavailable or Timeout instead of the driver's errors.

        patience  seconds to wait where all are in use; by default as long as a change waits
        """
        return _Borrowing(self._pool, self._write_patience if patience is None else patience)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """Borrow a connection on which every statement sees the same data and nothing can be changed."""
        async with AsyncExitStack() as held:
            borrowed = await self._begun(held, is_last=False)
            if self.settings:
                await borrowed.execute(self.settings)
            yield borrowed

    async def read(
        self, statement: Statement, given: Mapping[str, object], connection: Connection | None = None
    ) -> list[asyncpg.Record]:
        """Return the rows of a reading statement, on a connection of its own unless one is passed.

        One whose own connection has died is read once more on a new one.
        """
        values = statement.values(given)
        if connection is None:
            return await self._read_apart(statement.sql, values, is_last=False)
        with driver_errors_translated():
            return await connection.fetch(statement.sql, *values, timeout=self._read_timeout)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    async def _read_apart(self, sql: str, values: list[object], *, is_last: bool) -> list[asyncpg.Record]:
        async with self.connection(patience=self._read_patience) as borrowed:
            try:
                return await borrowed.fetch(sql, *values, timeout=self._read_timeout)
            except LOST as error:
                if is_last or not _has_died(borrowed, error):
                    raise
        await self._pool.renew()
        return await self._read_apart(sql, values, is_last=True)

    async def _begun(self, held: AsyncExitStack, *, is_last: bool) -> Connection:
        borrowed = await held.enter_async_context(self.connection(patience=self._read_patience))
        try:
            await held.enter_async_context(borrowed.transaction(isolation="repeatable_read", readonly=True))
        except LOST as error:
            if is_last or not _has_died(borrowed, error):
                raise
        else:
            return borrowed
        await held.aclose()
        await self._pool.renew()
        return await self._begun(held, is_last=True)


def _has_died(connection: Connection, error: BaseException) -> bool:
    # What took too long the first time is not worth the same time again.
    return isinstance(error, asyncpg.InternalClientError) or (
        not isinstance(error, TimeoutError) and is_dead(connection)
    )


class _Borrowing:
    """A connection for the length of a block; a generator in its place would cost a small query a tenth more."""

    __slots__ = ("_lease", "_patience", "_pool")
    _lease: Lease

    def __init__(self, pool: Pool, patience: float) -> None:
        self._pool = pool
        self._patience = patience

    async def __aenter__(self) -> Connection:
        with driver_errors_translated():
            self._lease = await self._pool.borrow(self._patience)
        return self._lease.connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self._pool.hand_on(self._lease):
            return
        with driver_errors_translated():
            await self._pool.give_back(self._lease)
        if error is not None:
            raise_translated(error)


@asynccontextmanager
async def database(
    dsn: str,
    *,
    pool_size: int = 10,
    read_patience: float = 0.5,
    write_patience: float = 2.0,
    read_timeout: float = 5.0,
    write_timeout: float = 10.0,
    lock_timeout: float = 2.0,
    behind_pooler: bool = False,
) -> AsyncIterator[Database]:
    """Open the pool; a pooler in transaction mode forbids prepared statements and session settings."""
    milliseconds = {"statement_timeout": write_timeout, "lock_timeout": lock_timeout}
    # Between two statements of a transaction a request is planned and judged, which no statement should outlast.
    milliseconds["idle_in_transaction_session_timeout"] = max(read_timeout, write_timeout)
    session = {name: str(int(seconds * 1000)) for name, seconds in milliseconds.items()}
    session |= {"TimeZone": "UTC", "IntervalStyle": "iso_8601", "jit": "off", "synchronous_commit": "on"}
    session |= {"application_name": "regulars"}
    source = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=pool_size,
        server_settings={} if behind_pooler else session,
        statement_cache_size=0 if behind_pooler else 500,
        max_cacheable_statement_size=LARGEST_KEPT,
        max_inactive_connection_lifetime=1800,
        reset=_as_it_is,
    )
    opened = Database(
        Pool(source),
        read_timeout=read_timeout,
        session=session if behind_pooler else None,
        patience=(read_patience, write_patience),
        lock_timeout=lock_timeout,
    )
    try:
        yield opened
    finally:
        await opened.close()


async def _as_it_is(connection: Connection) -> None:
    """Take a connection back without the round trip in which a pool resets it.

    The driver has ended whatever transaction was open. Nothing here outlives one: settings are made by SET LOCAL, and
    whoever takes an advisory lock gives it back.
    """
