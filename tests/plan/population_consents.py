"""Where and whether the crooked population wants to be reached: often changed, some for a time, some recorded late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from api.domain.consents import CHANNELS
from tests.given import Given, Made

MOMENTS = [datetime(2025, month, 3, 9, 30, 0, 250_000, tzinfo=UTC) for month in range(2, 9)]
"""Few enough that several decisions fall on one moment."""


_MOVE = """UPDATE customers SET address1 = $2, city = $3, postal_country = $4, address2 = $5, postal_code = $6
  WHERE customer_id = $1"""
_ADDRESSES = (("Lindenstraße 5", "Bonn", "DE", None, "53111"), ("12 Church Lane", "York", "GB", "Flat 2", None))


async def populate_consents(given: Given, random: Random, customers: Sequence[Made]) -> None:
    """Add a few decisions of each customer, and an address of some."""
    for customer in customers:
        if random.random() < 0.5:
            await given.connection.execute(_MOVE, customer.key, *random.choice(_ADDRESSES))
        for _ in range(random.choice((0, 1, 3, 6))):
            await _decide(given, random, customer)


async def _decide(given: Given, random: Random, customer: Made) -> None:
    at, granted = random.choice(MOMENTS), random.random() < 0.7
    # A moment at which something is asked, too.
    end = random.choice([moment for moment in [*MOMENTS, at + timedelta(days=300)] if moment > at])
    await given.consent(
        customer,
        random.choice(CHANNELS),
        at=at,
        granted=granted,
        expires_at=end if granted and random.random() < 0.5 else None,
        source=random.choice(("Form at the checkout", "Letter", "Telephone")),
        recorded_at=at + random.choice((timedelta(0), timedelta(days=40))),
    )
