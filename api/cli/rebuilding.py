"""`regulars rebuild`: what is worked out beforehand, worked out anew."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import typer

from api.app import open_database
from api.cli.database import migrated
from api.cli.options import Data
from api.settings import Settings
from api.writes.product_pairs import count_pairs
from api.writes.standing import rebuilt

__all__ = ["rebuild"]


def rebuild(data: Data = None) -> None:
    """Work out anew how all customers stand, while changes wait, and which products go together."""
    with migrated(data) as (settings, dsn):
        count, pairs = asyncio.run(_rebuilt(settings, dsn))
    typer.echo(f"The standing of {count:,} customers is what the facts say.")
    if pairs is not None:
        typer.echo(f"Of all pairs of products, {pairs:,} go together.")


async def _rebuilt(settings: Settings, dsn: str) -> tuple[int, int | None]:
    async with open_database(settings, dsn) as opened:
        count = await rebuilt(opened)
        async with opened.connection() as connection:
            return count, await count_pairs(connection, datetime.now(UTC))
