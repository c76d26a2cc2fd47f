"""Connections: one asyncpg pool a process, statements compiled once, transactions.

SQLAlchemy Core builds the statements and asyncpg runs them: on a small statement an engine costs ten times what the
driver costs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from api.errors import Overloaded, Timeout, Unavailable

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy
    from sqlalchemy.sql.elements import ClauseElement

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

_DIALECT = asyncpg_dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ObjectNotInPrerequisiteStateError,
)
_SLOW = (TimeoutError, asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text with the names of its parameters in the order of `$1`, `$2`, …"""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, object] = field(default_factory=dict)

    def values(self, given: Mapping[str, object]) -> list[object]:
        """Return the parameters in order; what is not given is the constant the statement was built with."""
        return [given[name] if name in given else self.constants[name] for name in self.names]


def prepare(clause: ClauseElement) -> Statement:
    """Return a Core expression as SQL text for asyncpg."""
    compiled = clause.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    names: Sequence[str] = getattr(compiled, "positiontup", None) or ()
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return Statement(str(compiled), tuple(names), constants)


def _renumbered(first: int, found: re.Match[str]) -> str:
    return f"${int(found[1]) + first}"


def joined(statements: Sequence[Statement]) -> Statement:
    """Return one statement for several that give a place `ord` and one text `c0` each; `part` tells them apart.

    The parameters of statement number n are named `n.name`.
    """
    parts, names, constants = [], list[str](), dict[str, object]()
    for number, statement in enumerate(statements):
        first = len(names)
        text = re.sub(r"\$(\d+)", partial(_renumbered, first), statement.sql)
        parts.append(f"SELECT {number} AS part, ord, c0 FROM ({text}) AS part_{number}")  # noqa: S608  (our own text)
        names += [f"{number}.{name}" for name in statement.names]
        constants |= {f"{number}.{name}": value for name, value in statement.constants.items()}
    return Statement(" UNION ALL ".join(parts) + " ORDER BY part, ord", tuple(names), constants)


class Database:
    """A pool of connections; everything read or written goes through it.

    patience      seconds to wait for a connection while all are in use, to read and to write
    lock_timeout  seconds for which a statement waits for a lock
    """

    def __init__(
        self,
        pool: asyncpg.Pool[asyncpg.Record],
        *,
        read_timeout: float,
        session: Mapping[str, str] | None = None,
        patience: tuple[float, float] = (0.5, 2.0),
        lock_timeout: float = 2.0,
    ) -> None:
        self.lock_timeout = lock_timeout
        self._pool = pool
        self._read_patience, self._write_patience = patience
        # The pool's own time limit would include the making of a connection, which is slow where the server restarts.
        self._turns = asyncio.Semaphore(pool.get_max_size())
        self._read_timeout = read_timeout
        self._local = "".join(f"SET LOCAL {name} = '{value}';" for name, value in (session or {}).items())

    async def settle_in(self, connection: Connection) -> None:
        """Give the transaction on a connection its settings, where a pooler keeps the session from having them."""
        if self._local:
            await connection.execute(self._local)

    @asynccontextmanager
    async def connection(self, *, patience: float | None = None) -> AsyncIterator[Connection]:
        """Borrow a connection; raise Overloaded, Unavailable or Timeout instead of the driver's errors.

        patience  seconds to wait where all are in use; by default as long as a change waits
        """
        await self._turn(self._write_patience if patience is None else patience)
        try:
            with driver_errors_translated():
                async with self._pool.acquire() as borrowed:
                    yield borrowed
        finally:
            self._turns.release()

    async def _turn(self, patience: float) -> None:
        if not self._turns.locked():
            await self._turns.acquire()
            return
        try:
            async with asyncio.timeout(patience):
                await self._turns.acquire()
        except TimeoutError:
            raise Overloaded("Every database connection is in use; try again in a moment.") from None

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """Borrow a connection on which every statement sees the same data and nothing can be changed."""
        async with (
            self.connection(patience=self._read_patience) as borrowed,
            borrowed.transaction(isolation="repeatable_read", readonly=True),
        ):
            await self.settle_in(borrowed)
            yield borrowed

    async def read(
        self, statement: Statement, given: Mapping[str, object], connection: Connection | None = None
    ) -> list[asyncpg.Record]:
        """Return the rows of a reading statement, on a connection of its own unless one is passed."""
        if connection is None:
            async with self.connection(patience=self._read_patience) as borrowed:
                return await borrowed.fetch(statement.sql, *statement.values(given), timeout=self._read_timeout)
        with driver_errors_translated():
            return await connection.fetch(statement.sql, *statement.values(given), timeout=self._read_timeout)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()


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
    session = {name: str(int(seconds * 1000)) for name, seconds in milliseconds.items()}
    session |= {"TimeZone": "UTC", "IntervalStyle": "iso_8601", "jit": "off", "synchronous_commit": "on"}
    session |= {"idle_in_transaction_session_timeout": "10000", "application_name": "regulars"}
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=pool_size,
        server_settings={} if behind_pooler else session,
        statement_cache_size=0 if behind_pooler else 500,
        max_inactive_connection_lifetime=1800,
        reset=_as_it_is,
    )
    opened = Database(
        pool,
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


class driver_errors_translated:  # noqa: N801  (a context manager reads as a verb phrase)
    """Turn the driver's errors about reaching the server into ours; its texts hold row values and are dropped."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, _SLOW):
            raise Timeout("The database took too long; ask for less, or try again.") from None
        # A value that the driver cannot send is nothing that trying again would mend.
        if isinstance(error, _LOST) and not isinstance(error, ValueError):
            raise Unavailable("The database cannot be reached at the moment; try again.") from None
