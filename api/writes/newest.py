"""Bringing a database to the newest schema, with all that is worked out beforehand."""

from __future__ import annotations

import asyncio

import asyncpg

from api.tables.migration import upgrade
from api.writes.standing import is_missing, project

__all__ = ["bring_to_newest"]


def bring_to_newest(dsn: str) -> str:
    """Migrate the database and return its revision; call from outside a running event loop."""
    revision = upgrade(dsn)
    asyncio.run(_projected(dsn))
    return revision


async def _projected(dsn: str) -> None:
    """Work out how customers stand where that is missing: in a database from before, or where that was cut off."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            if await is_missing(connection):
                await project(connection)
    finally:
        await connection.close()
