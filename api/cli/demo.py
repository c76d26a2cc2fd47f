"""`regulars demo`: a made-up population."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from api.app import open_database
from api.cli.database import migrated
from api.cli.options import Data
from api.settings import Settings
from api.writes.demo import DemoResult, is_empty, write_demo

__all__ = ["demo", "make_up", "unused"]

CUSTOMERS, SEED = 1_000, 1


def demo(
    customers: Annotated[int, typer.Option(metavar="N", help="How many customers there are to be.")] = CUSTOMERS,
    seed: Annotated[int, typer.Option(metavar="S", help="Number the population grows from.")] = SEED,
    data: Data = None,
) -> None:
    """Make up a population; the same seed gives the same customers."""
    with migrated(data) as (_, dsn):
        result = make_up(dsn, customers=customers, seed=seed)
    typer.echo(
        f"Made up {result.customers:,} customers with {result.orders:,} orders of {result.lines:,} lines "
        f"and {result.refunds:,} refunds."
    )


def make_up(dsn: str, *, customers: int = CUSTOMERS, seed: int = SEED) -> DemoResult:
    """Bring a database to a made-up population of this size, with a progress bar; return what was added."""
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Making up customers", total=customers)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return asyncio.run(write_demo(dsn, customers=customers, seed=seed, until=datetime.now(UTC), report=show))


def unused(settings: Settings, dsn: str) -> bool:
    """Return whether nobody has begun to use the database."""
    return asyncio.run(_unused(settings, dsn))


async def _unused(settings: Settings, dsn: str) -> bool:
    async with open_database(settings, dsn) as opened, opened.connection() as connection:
        return await is_empty(connection)
