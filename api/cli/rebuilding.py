"""`regulars rebuild`: what is worked out beforehand, worked out anew."""

from __future__ import annotations

import asyncio

import typer

from api.app import open_database
from api.cli.database import migrated
from api.cli.options import Data
from api.settings import Settings
from api.writes.standing import rebuilt

__all__ = ["rebuild"]


def rebuild(data: Data = None) -> None:
    """Work out anew how all customers stand; changes wait until it is done."""
    with migrated(data) as (settings, dsn):
        count = asyncio.run(_rebuilt(settings, dsn))
    typer.echo(f"The standing of {count:,} customers is what the facts say.")


async def _rebuilt(settings: Settings, dsn: str) -> int:
    async with open_database(settings, dsn) as opened:
        return await rebuilt(opened)
