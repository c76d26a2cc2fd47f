"""`regulars demo`: a made-up population."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from api.app import open_database
from api.cli.database import migrated
from api.cli.fitting import FITTING
from api.cli.options import Data
from api.errors import BadUserInput
from api.settings import Settings
from api.writes.demo import DemoResult, is_empty, write_demo
from api.writes.product_pairs import count_pairs

__all__ = ["demo", "make_up", "unused"]

CUSTOMERS, SEED = 1_000, 1


def demo(
    customers: Annotated[int, typer.Option(metavar="N", help="How many customers there are to be.")] = CUSTOMERS,
    seed: Annotated[int, typer.Option(metavar="S", help="Number the population grows from.")] = SEED,
    data: Data = None,
) -> None:
    """Make up a population; the same seed gives the same customers."""
    with migrated(data) as (settings, dsn):
        result = make_up(settings, dsn, customers=customers, seed=seed)
    typer.echo(
        f"Made up {result.customers:,} customers with {result.orders:,} orders of {result.lines:,} lines "
        f"and {result.refunds:,} refunds."
    )


def make_up(settings: Settings, dsn: str, *, customers: int = CUSTOMERS, seed: int = SEED) -> DemoResult:
    """Bring a database to a made-up population of this size, fit a model and rank by it; return what was added."""
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    result = _written(dsn, customers, seed, until)
    if result.customers:
        asyncio.run(_paired(settings, dsn))
        # A handful of customers is too few for a model; they can be looked at without one.
        with suppress(BadUserInput):
            import_module(FITTING).keep_fit(settings, dsn, until)
    return result


def _written(dsn: str, customers: int, seed: int, until: datetime) -> DemoResult:
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Making up customers", total=customers)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return asyncio.run(write_demo(dsn, customers=customers, seed=seed, until=until, report=show))


async def _paired(settings: Settings, dsn: str) -> None:
    async with open_database(settings, dsn) as opened, opened.connection() as connection:
        await count_pairs(connection, datetime.now(UTC))


def unused(settings: Settings, dsn: str) -> bool:
    """Return whether nobody has begun to use the database."""
    return asyncio.run(_unused(settings, dsn))


async def _unused(settings: Settings, dsn: str) -> bool:
    async with open_database(settings, dsn) as opened, opened.connection() as connection:
        return await is_empty(connection)
