"""Connections that are handed on from one user to the next, no more of them than the server is to carry."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from api.errors import Overloaded

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

__all__ = ["Connection", "Lease", "Pool", "is_dead"]

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

LEASE_SECONDS = 60.0
CLOSING_SECONDS = 5.0


@dataclass(slots=True, eq=False)
class Lease:
    """A connection taken from the driver's pool, to be used by one after another until the lease is over."""

    connection: PoolConnectionProxy[asyncpg.Record]
    is_over: bool = False


def is_dead(connection: Connection) -> bool:
    """Return whether a connection is closed; the driver takes one back by itself whose end it has noticed."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


class Pool:
    """The driver's pool, which makes, resets and closes connections, with leases of them that outlast one use.

    To take a connection from the driver's pool and to return it costs more than a small statement does. So one that
    was left in order goes to whoever comes next; in any doubt, and after a minute, it goes back to the driver.
    """

    def __init__(self, source: asyncpg.Pool[asyncpg.Record]) -> None:
        self._source = source
        # The source's own time limit would include the making of a connection, which is slow where the server restarts.
        self._turns = asyncio.Semaphore(source.get_max_size())
        self._free: list[Lease] = []
        self._timers: dict[Lease, asyncio.TimerHandle] = {}
        self._returning: set[asyncio.Task[None]] = set()

    async def borrow(self, patience: float) -> Lease:
        """Return a connection to be used alone; raise Overloaded where all stay in use for `patience` seconds."""
        await self._turn(patience)
        try:
            while self._free:
                lease = self._free.pop()
                if not is_dead(lease.connection):
                    return lease
                await self._end(lease)
            return self._lease(await self._source.acquire())
        except BaseException:
            self._turns.release()
            raise

    def hand_on(self, lease: Lease) -> bool:
        """Keep a connection for whoever comes next; return False where it must be given back instead."""
        if lease.is_over or is_dead(lease.connection) or lease.connection.is_in_transaction():
            return False
        self._free.append(lease)
        self._turns.release()
        return True

    async def give_back(self, lease: Lease) -> None:
        """Return a connection to the driver, which waits for what was cancelled on it and undoes what was begun."""
        try:
            await self._end(lease)
        finally:
            self._turns.release()

    async def renew(self) -> None:
        """Have every connection made anew before its next use: where one has died, the others may have, too."""
        await self._source.expire_connections()
        for lease in [*self._timers]:
            self._run_out(lease)

    async def close(self) -> None:
        """Close every connection as soon as it is given back."""
        for lease in [*self._timers]:
            self._run_out(lease)
        await self._source.close()

    async def _turn(self, patience: float) -> None:
        if not self._turns.locked():
            await self._turns.acquire()
            return
        try:
            async with asyncio.timeout(patience):
                await self._turns.acquire()
        except TimeoutError:
            raise Overloaded("Every database connection is in use; try again in a moment.") from None

    def _lease(self, connection: PoolConnectionProxy[asyncpg.Record]) -> Lease:
        lease = Lease(connection)
        self._timers[lease] = asyncio.get_running_loop().call_later(LEASE_SECONDS, self._run_out, lease)
        return lease

    def _run_out(self, lease: Lease) -> None:
        lease.is_over = True
        if lease in self._free:
            self._free.remove(lease)
            returning = asyncio.create_task(self._end(lease))
            self._returning.add(returning)
            returning.add_done_callback(self._returned)

    def _returned(self, task: asyncio.Task[None]) -> None:
        self._returning.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: the driver has closed a connection that could not be reset

    async def _end(self, lease: Lease) -> None:
        lease.is_over = True
        timer = self._timers.pop(lease, None)
        if timer is not None:
            timer.cancel()
        await self._source.release(lease.connection, timeout=CLOSING_SECONDS)
