"""Bringing a database to the newest schema: forwards only, one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_LOCK = 7_341_905_526
_PACKAGED = Path(__file__).parent.parent / "_migrations"
_CHECKED_OUT = Path(__file__).parent.parent.parent / "migrations"

T = TypeVar("T")


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, with the migrations of the wheel or of the checkout."""
    found = Config()
    found.set_main_option("script_location", str(_PACKAGED if _PACKAGED.is_dir() else _CHECKED_OUT))
    found.set_main_option("path_separator", "os")
    found.attributes["connection"] = connection
    return found


def head() -> str:
    """Return the newest revision; there is exactly one."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def upgrade(dsn: str) -> str:
    """Bring the database to the newest revision and return it; call from outside a running event loop."""
    return asyncio.run(_on_connection(dsn, _upgrade))


def current(dsn: str) -> str | None:
    """Return the revision the database is at, or None before the first; call from outside a running event loop."""
    return asyncio.run(_on_connection(dsn, lambda link: MigrationContext.configure(link).get_current_revision()))


def _upgrade(connection: Connection) -> str:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.execute(text("SELECT set_config('lock_timeout', '5s', false)"))
    connection.commit()
    try:
        command.upgrade(config(connection), "head")
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()
    return head()


async def _on_connection(dsn: str, work: Callable[[Connection], T]) -> T:
    async def connect() -> Any:
        return await asyncpg.connect(dsn)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()
