"""Subscriptions of the crooked population, in versions of which some were recorded late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import asyncpg

from api.domain.calendar import Duration
from tests.given import Given, Made

CHANGES = [datetime(2025, month, 3, 9, 30, 0, 250_000, tzinfo=UTC) for month in range(3, 9)]
LENGTHS = (Duration(1), Duration(14, days=3, minutes=61), Duration(days=30), Duration(minutes=90))


async def subscription(given: Given, random: Random, customer: Made, number: int) -> Made:
    """Add a subscription with one to four versions."""
    changes = sorted(random.sample(CHANGES, random.randint(1, 4)))
    started = changes[0] + random.choice((timedelta(0), timedelta(0), timedelta(days=31)))
    recorded = [changed + random.choice((timedelta(0), timedelta(days=40))) for changed in changes]
    later = [
        {"changed_at": changed, "recorded_at": max(recorded[: place + 1]), **_change(random, changed, started)}
        for place, changed in enumerate(changes[1:], 1)
    ]
    from_shop = random.random() < 0.5
    return await given.subscription(
        customer,
        *later,
        started_at=started,
        changed_at=changes[0],
        recorded_at=recorded[0],
        kind=random.choice(("PRODUCT", "SERVICE")),
        price=Decimal(random.choice(("9.99", "10", "0.005"))),
        billing_interval=random.choice(LENGTHS),
        grace=random.choice((Duration(), Duration(days=14))),
        trial_ends_at=random.choice((None, None, started + timedelta(days=20))),
        source="shop" if from_shop else None,
        external_id=f"U{number}" if from_shop else None,
    )


def _change(random: Random, changed: datetime, started: datetime) -> dict[str, Any]:
    """Return what one change makes different."""
    kind = random.choice(("RENEWED", "PAUSED", "RESUMED", "CHANGED", "CANCELLED"))
    moment = max(changed, started)
    paused = random.choice((None, moment + timedelta(days=25)))
    made: dict[str, dict[str, Any]] = {
        "RENEWED": {"period_start": moment, "period_end": moment + timedelta(days=31)},
        "PAUSED": {"pauses": [asyncpg.Range(moment, paused)], **({} if paused else {"ends_at": None})},
        "RESUMED": {"pauses": [asyncpg.Range(moment, moment + timedelta(hours=1))]},
        "CHANGED": {"plan_name": "Tools", "price": Decimal(12)},
        "CANCELLED": {
            "cancel_at": moment + random.choice((timedelta(0), timedelta(days=31))),
            "cancellation_reason": random.choice(("QUALITY", "OTHER")),
            "comment": random.choice((None, "Too strong")),
        },
    }
    return {"change": kind, **made[kind]}
