"""The rows that are asked for and the changes that are made: the same ones for every system, in every run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

VARIANTS = 200
"""Pages, customers and changes among which the requests of a workload take turns."""

BUYERS = 5_000
"""Customers who buy: so many that nobody buys a hundred times within a minute, which no shop sees."""

MANY_POINTS = 1_500
"""Points of those who spend some: enough for every request of a run."""

_CUSTOMERS = "SELECT customer_id FROM customers ORDER BY hashtextextended(customer_id::text, 1) LIMIT $1"
# A purchase of a member earns points as well, which the others do not know how to; and the bare transaction counts on
# somebody who is active, and has bought before.
_BUYERS = """
SELECT customer_id FROM customers
WHERE NOT EXISTS (SELECT FROM loyalty_accounts WHERE loyalty_accounts.customer_id = customers.customer_id)
  AND EXISTS (
    SELECT FROM active_spans JOIN customer_standing USING (customer_id)
    WHERE active_spans.customer_id = customers.customer_id AND ends_at > now() AND last_purchase_day IS NOT NULL
  )
ORDER BY hashtextextended(customer_id::text, 1) LIMIT $1
"""
_SKUS = "SELECT sku FROM products ORDER BY hashtextextended(sku, 1) LIMIT $1"
# Points that expire within days, or cannot be spent yet, are none to rely on.
_MEMBERS = """
SELECT customer_id FROM loyalty_lots
WHERE remaining > 0 AND available_at <= now() AND expires_at > now() + interval '3 days'
GROUP BY customer_id HAVING sum(remaining) >= $2
ORDER BY hashtextextended(customer_id::text, 1) LIMIT $1
"""


def _an_hour_ago() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase to record: three lines of article number, quantity and price in euros."""

    customer: UUID
    lines: Sequence[tuple[str, int, str]]
    placed_at: datetime = field(default_factory=_an_hour_ago)


@dataclass(frozen=True, slots=True)
class Spending:
    """Points to spend, and why."""

    customer: UUID
    points: int = 1
    reason: str = "A cup of coffee"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A recommendation score to record."""

    customer: UUID
    score: int
    comment: str
    submitted_at: datetime = field(default_factory=_an_hour_ago)


@dataclass(frozen=True, slots=True)
class Picks:
    """The rows that are asked for, the same for every system.

    distance  how many customers lie between two of the cursors that pages are asked for with
    """

    customers: Sequence[UUID]
    purchases: Sequence[Purchase]
    spendings: Sequence[Spending]
    opinions: Sequence[Opinion]
    distance: int


def picks(dsn: str, variants: int = VARIANTS) -> Picks:
    """Return so many rows picked all over the data, the same ones in every run."""
    return asyncio.run(_picks(dsn, variants))


async def _picks(dsn: str, variants: int) -> Picks:
    connection = await asyncpg.connect(dsn)
    try:
        count = await connection.fetchval("SELECT count(*) FROM customers")
        customers, buyers, articles, members = [
            [row[0] for row in await connection.fetch(query, most, *more)]
            for query, most, *more in (
                (_CUSTOMERS, variants),
                (_BUYERS, BUYERS),
                (_SKUS, variants),
                (_MEMBERS, variants, MANY_POINTS),
            )
        ]
    finally:
        await connection.close()
    return Picks(
        customers,
        [_purchase(buyer, place, articles) for place, buyer in enumerate(buyers)],
        # Of little data there are fewer members with so many points; they take their turns more often.
        [Spending(members[place % len(members)]) for place in range(len(customers))],
        [Opinion(customer, place % 11, f"Number {place}") for place, customer in enumerate(customers)],
        # Behind the last cursor, too, there is a whole page.
        count // (variants + 10),
    )


def _purchase(customer: UUID, place: int, articles: Sequence[str]) -> Purchase:
    lines = [(articles[(place + step) % len(articles)], 1 + step, f"{10 + step}.50") for step in range(3)]
    return Purchase(customer, lines)
