"""Which database a command works on, and bringing it to the newest schema."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from api.app import open_database
from api.cli.options import Data, settings_with, tell
from api.embedded import default_data_dir, running_server, start
from api.errors import Unavailable
from api.reads.server import require_server, schema_revision
from api.settings import Settings
from api.tables.migration import head
from api.writes.newest import bring_to_newest
from api.writes.standing import is_missing

__all__ = ["found_database", "migrate", "migrated", "owned_database"]

# A server that is only just starting, or recovering from a crash, is worth waiting for.
PATIENCE_SECONDS = 30


def migrate(data: Data = None) -> None:
    """Bring the database to the newest schema."""
    with found_database(settings_with(data)) as dsn:
        typer.echo(f"The schema is at revision {bring_to_newest(dsn)}.")


@contextmanager
def migrated(data: Path | None) -> Iterator[tuple[Settings, str]]:
    """Give the settings and the address of a database with the newest schema."""
    settings = settings_with(data)
    with found_database(settings) as dsn:
        bring_up_to_date(settings, dsn)
        yield settings, dsn


@contextmanager
def found_database(settings: Settings) -> Iterator[str]:
    """Give the address of DATABASE_URL's database, of the embedded server that runs already, or of one started now."""
    running = None if settings.database_url else running_server(_folder(settings))
    if running is None:
        with owned_database(settings) as dsn:
            yield dsn
    else:
        _wait_for(running)
        yield running


@contextmanager
def owned_database(settings: Settings) -> Iterator[str]:
    """Give the address of DATABASE_URL's database, or of an embedded server that ends with the block.

    Raise Unavailable where that cannot be used, EmbeddedServerError where another process has the data folder.
    """
    if settings.database_url:
        asyncio.run(require_server(settings.database_url))
        yield settings.database_url
        return
    with start(_folder(settings), report=tell) as server:
        yield server.dsn


def bring_up_to_date(settings: Settings, dsn: str) -> None:
    """Migrate the database; raise Unavailable instead in production, where that is a step of its own."""
    if settings.environment != "production":
        bring_to_newest(dsn)
        return
    asyncio.run(_require_newest(settings, dsn))


async def _require_newest(settings: Settings, dsn: str) -> None:
    async with open_database(settings, dsn) as opened:
        found = await schema_revision(opened)
        if found != head():
            raise Unavailable(
                f"The schema is at revision {found}, this version needs {head()}: run `regulars migrate`."
            )
        async with opened.connection() as connection:
            if await is_missing(connection):
                raise Unavailable("How customers stand is not worked out for all of them: run `regulars migrate`.")


def _folder(settings: Settings) -> Path:
    return settings.data or default_data_dir()


def _wait_for(dsn: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            asyncio.run(require_server(dsn))
        except Unavailable:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return
