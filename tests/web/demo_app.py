"""The application on a made-up population, and what each of the explorer's tabs answers there.

The population ends on a fixed day, so that the answers are the same in every run.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette

from api.app import build_app
from api.settings import Settings
from api.writes.demo import write_demo
from api.writes.product_pairs import count_pairs
from api.writes.ranking import rank
from tests.fitted import add_model
from tests.given import Given, connected
from tests.postgresql import outside_any_loop

UNTIL = datetime(2026, 6, 1, tzinfo=UTC)
CUSTOMERS = 1_000

GOLDEN = Path(__file__).parent / "golden"


def fill(dsn: str, *, customers: int = CUSTOMERS, until: datetime = UNTIL) -> None:
    """Make up the population that `regulars serve` makes up, as if on the first of June 2026."""
    outside_any_loop(lambda: _written(dsn, customers, until))


def demo_app(dsn: str, clock: Callable[[], datetime] = lambda: UNTIL) -> Starlette:
    """Return the application on a population that is made up already, on the day on which that ends."""
    # It stays that day, so nobody is ranked anew.
    return build_app(Settings(ranking_pause_seconds=0), dsn=dsn, clock=clock)


async def _written(dsn: str, customers: int, until: datetime) -> None:
    await write_demo(dsn, customers=customers, seed=1, until=until)
    # A fit of its own would differ in the last digits from machine to machine.
    connection = await connected(dsn)
    await add_model(Given(connection, start=1_000_000), trained_until=until)
    await rank(connection, until)
    await count_pairs(connection, until)
    await connection.close()


def golden(name: str, told: str | None = None) -> str:
    """Return what a golden file says; UPDATE_GOLDEN=1 writes it anew where what was told is given."""
    path = GOLDEN / f"{name}.json"
    if told is not None and os.environ.get("UPDATE_GOLDEN"):
        path.write_text(told, encoding="utf-8")
    return path.read_text(encoding="utf-8")
