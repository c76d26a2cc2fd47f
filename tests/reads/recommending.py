"""A shop in which customers are made, and asked what is recommended for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from api.database import database as open_database
from tests.asking import Ask, WatchedDatabase
from tests.given import Given, Made, connected

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RECOMMENDED = """query ($id: ID!, $first: Int, $asOf: DateTime, $knownAt: DateTime) {
  customer(by: { id: $id }, asOf: $asOf, knownAt: $knownAt) {
    recommendations(first: $first) {
      kind title reason expectedValue { low { amount currencyCode } high { amount currencyCode } }
      basis { id } blockedBy { code message } boughtTogether { lift }
    }
  }
}"""


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop in which examples are made, and how it is asked."""

    ask: Ask
    given: Given

    async def recommended(self, customer: Made, *, first: int = 20, **clocks: datetime) -> list[Any]:
        told: dict[str, Any] = {name: moment.isoformat() for name, moment in clocks.items()}
        answer = await self.ask(RECOMMENDED, id=customer.id, first=first, **told)
        found: list[Any] = answer["customer"]["recommendations"]
        return found

    async def kinds(self, customer: Made, **clocks: Any) -> list[str]:
        return [each["kind"] for each in await self.recommended(customer, **clocks)]

    async def buyer(
        self, *days_ago: int, amount: int = 10, agrees: bool = True, **columns: Any
    ) -> tuple[Made, list[Made]]:
        """Make a customer with an e-mail address, who by default agrees to its use, and who bought so many days ago."""
        created_at = NOW - max(days_ago, default=0) * DAY
        address: dict[str, Any] = {"email": f"buyer{self.given.made}@example.com", "created_at": created_at}
        customer = await self.given.customer(**address | columns)
        if agrees:
            await self.given.consent(customer, at=created_at)
        async with self.given.standing_at_the_end():
            orders = [
                await self.given.order(customer, amount + place, placed_at=NOW - days * DAY)
                for place, days in enumerate(days_ago)
            ]
        return customer, orders


@asynccontextmanager
async def open_shop(url: str) -> AsyncIterator[Shop]:
    """Yield a shop on a database, asked at NOW."""
    connection = await connected(url)
    async with open_database(url, pool_size=2) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        ask.now = NOW
        yield Shop(ask, Given(connection))
    await connection.close()
