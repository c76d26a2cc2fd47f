"""`regulars check`: whether what the database holds agrees with itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from typing import TypeAlias

import typer

from api.app import open_database
from api.cli.database import found_database
from api.cli.options import Data, settings_with
from api.reads.server import OLDEST_VERSION, require_server, schema_revision
from api.settings import Settings
from api.tables.migration import head
from api.writes.business import the_business

__all__ = ["check"]

Verdict: TypeAlias = tuple[bool, str]

# All commands are imported whenever one of them runs; a server would start later for statements it never needs.
_LAWS = "api.reads.checks"


def check(data: Data = None) -> None:
    """Verify the server, the schema and that all figures agree; changes nothing."""
    settings = settings_with(data)
    with found_database(settings) as dsn:
        sound = asyncio.run(_told(settings, dsn))
    if not sound:
        raise typer.Exit(1)


async def _told(settings: Settings, dsn: str) -> bool:
    """Print a line per check and return whether all is well."""
    sound = True
    async for well, law in _verdicts(settings, dsn):
        typer.echo(f"{'ok    ' if well else 'WRONG '} {law}")
        sound = sound and well
    return sound


async def _verdicts(settings: Settings, dsn: str) -> AsyncIterator[Verdict]:
    facts = await require_server(dsn)
    yield facts.major >= OLDEST_VERSION, f"the server is PostgreSQL {OLDEST_VERSION} or newer: {facts.version}"
    for name, value in facts.durable.items():
        yield value != "off", f"the server keeps what it has committed: {name} is {value}"
    async with open_database(settings, dsn) as opened:
        revision = await schema_revision(opened)
        yield revision == head(), f"the schema is at the newest revision, {head()}: {revision}"
        if revision != head():
            return
        async with opened.connection() as connection:
            business = await the_business(connection)
            yield business is not None, f"the business is set: {business.name if business else 'run `regulars init`'}"
            for finding in await import_module(_LAWS).findings(connection):
                yield not finding.broken, f"{finding.law}: {finding.broken:,} exceptions"
