"""What is asked: six workloads, in the words of each system, with variables that change from request to request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

VARIANTS = 200
"""Pages, customers and purchases among which the requests of a workload take turns."""

_QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True, eq=False, slots=True)
class Workload:
    """A question and how fast Regulars is meant to answer it.

    required  per other system the least ratio of our requests a second to its
    aims      the ratio that is aimed at where less is required
    wanted    what every good answer holds as text
    longer    who is measured how many times longer, because requests under way at the end count where there are few
    instead   who is asked something else, which takes less
    """

    name: str
    title: str
    required: Mapping[str, float]
    aims: Mapping[str, float] = field(default_factory=dict)
    wanted: str = '"data":'
    longer: Mapping[str, int] = field(default_factory=dict)
    instead: Mapping[str, Workload] = field(default_factory=dict)

    def asked(self, system: str) -> Workload:
        """Return what a system is asked for this."""
        return self.instead.get(system, self)

    def document(self, system: str) -> str:
        """Return the question in the words of a system."""
        return self._file(system).read_text(encoding="utf-8")

    def suits(self, system: str) -> bool:
        """Return whether a system can be asked this at all."""
        return self._file(system).exists()

    def _file(self, system: str) -> Path:
        return _QUERIES / self.name / f"{system}.graphql"


ORDERS_AND_LINES = Workload(
    "orders_and_lines",
    "50 customers × 5 latest orders × lines",
    {"idiomatic": 20, "postgraphile": 2.5, "limit": 0.85},
    aims={"postgraphile": 3},
    longer={"idiomatic": 3},
)
WITH_SUMMARY = Workload(
    "with_summary",
    "the same, with each customer's purchase summary",
    {"idiomatic": 12, "postgraphile": 2, "limit": 0.6},
    longer={"idiomatic": 3},
)
ACTIVE_STATUS = Workload(
    "active_status",
    "50 customers × whether they are active: six rules, why, 3 pieces of evidence each",
    {"idiomatic": 15},
    longer={"idiomatic": 3},
)
WITH_PREDICTION = Workload(
    "with_prediction",
    "50 customers × 5 latest orders × lines, with what each is expected to bring; the limit without it",
    {"limit": 0.6},
    wanted='"expectedPurchases":',
    instead={"limit": ORDERS_AND_LINES},
)
ONE_CUSTOMER = Workload(
    "one_customer", "one customer by id, 5 fields", {"idiomatic": 2, "postgraphile": 1, "limit": 0.5}
)
RECORD_PURCHASE = Workload(
    "record_purchase",
    "recordPurchase, 3 lines",
    {"idiomatic": 1.5, "limit": 0.5},
    wanted='"order":{"id":"',
)
WORKLOADS = (ORDERS_AND_LINES, WITH_SUMMARY, ACTIVE_STATUS, WITH_PREDICTION, ONE_CUSTOMER, RECORD_PURCHASE)


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase to record: three lines of article number, quantity and price in euros."""

    customer: UUID
    lines: Sequence[tuple[str, int, str]]
    placed_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Picks:
    """The rows that are asked for, the same for every system.

    distance  how many customers lie between two of the cursors that pages are asked for with
    """

    customers: Sequence[UUID]
    purchases: Sequence[Purchase]
    distance: int


def picks(dsn: str, variants: int = VARIANTS) -> Picks:
    """Return so many rows picked all over the data, the same ones in every run."""
    return asyncio.run(_picks(dsn, variants))


async def _picks(dsn: str, variants: int) -> Picks:
    connection = await asyncpg.connect(dsn)
    try:
        count = await connection.fetchval("SELECT count(*) FROM customers")
        customers = await connection.fetch(
            "SELECT customer_id FROM customers ORDER BY hashtextextended(customer_id::text, 1) LIMIT $1", variants
        )
        skus = await connection.fetch("SELECT sku FROM products ORDER BY hashtextextended(sku, 1) LIMIT $1", variants)
    finally:
        await connection.close()
    # Behind the last cursor, too, there is a whole page.
    distance = count // (variants + 10)
    chosen = [row["customer_id"] for row in customers]
    articles = [row["sku"] for row in skus]
    return Picks(chosen, [_purchase(customer, place, articles) for place, customer in enumerate(chosen)], distance)


def _purchase(customer: UUID, place: int, articles: Sequence[str]) -> Purchase:
    lines = [(articles[(place + step) % len(articles)], 1 + step, f"{10 + step}.50") for step in range(3)]
    return Purchase(customer, lines)
