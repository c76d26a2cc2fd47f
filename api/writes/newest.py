"""Bringing a database to the newest schema, with all that is worked out beforehand."""

from __future__ import annotations

import asyncio

import asyncpg

from api.tables.migration import current, head, upgrade
from api.writes.standing import project

__all__ = ["bring_to_newest"]


def bring_to_newest(dsn: str) -> str:
    """Migrate the database and return its revision; call from outside a running event loop."""
    before = current(dsn)
    upgrade(dsn)
    # A database that was there before this version has customers whose standing nobody has worked out.
    if before not in (None, head()):
        asyncio.run(_projected(dsn))
    return head()


async def _projected(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await project(connection)
    finally:
        await connection.close()
