"""Ranking all customers, and telling what came of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from api.app import open_database
from api.domain.lifetime_value.ranked_by import HORIZON
from api.domain.money import in_minor_units
from api.settings import Settings
from api.writes.ranking import Ranking, rank

BUSY = "Another process is ranking the customers right now."


def run(settings: Settings, dsn: str) -> str:
    """Rank the customers now and return what was done; raise BadUserInput where there is no model to rank by."""
    ranking = asyncio.run(_ranked(settings, dsn))
    return told(ranking) if ranking else BUSY


def told(ranking: Ranking) -> str:
    """Return in a sentence or two what a ranking found."""
    expected = f"{in_minor_units(ranking.expected, ranking.currency):,} {ranking.currency}"
    return (
        f"Ranked {ranking.customers:,} customers by version {ranking.version} ({ranking.method}): within "
        f"{HORIZON.months} months they are expected to bring {expected}."
    )


async def _ranked(settings: Settings, dsn: str) -> Ranking | None:
    async with open_database(settings, dsn) as opened, opened.connection() as connection:
        return await rank(connection, datetime.now(UTC))
