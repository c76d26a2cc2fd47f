"""What the crooked population says: scores, complaints, and what they are about; some of it recorded late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from api.domain.feedback import SCALES
from tests.given import Given, Made

MOMENTS = [datetime(2025, month, 3, 9, 30, 0, 250_000, tzinfo=UTC) for month in range(2, 9)]
"""Nobody says anything before all customers are there."""

KINDS = ("NPS", "NPS", "NPS", "CSAT", "CSAT", "CES", "REVIEW", "COMPLAINT", "COMPLAINT", "COMMENT")


async def populate_feedback(given: Given, random: Random, customers: Sequence[Made]) -> list[Made]:
    """Add a few pieces of feedback of each customer, with answers; return all that has an identifier."""
    return [
        made
        for customer in customers
        for _ in range(random.choice((0, 1, 2, 5)))
        for made in await _told(given, random, customer)
    ]


async def _told(given: Given, random: Random, customer: Made) -> list[Made]:
    kind, happened = random.choice(KINDS), random.choice(MOMENTS)
    scale = SCALES.get(kind)
    about = await _about(given, random, customer)
    asked = await _asked(given, random, customer, kind, happened) if scale and random.random() < 0.4 else []
    from_elsewhere = random.random() < 0.3
    told = await given.feedback(
        customer,
        kind,
        random.randint(*scale) if scale else None,
        at=happened,
        recorded_at=_late(random, happened),
        reason_codes=random.sample(("LATE", "PRICE", "SPEED"), random.randint(0, 2)),
        source="surveys" if from_elsewhere else None,
        external_id=f"F{given.made}" if from_elsewhere else None,
        survey_id=asked[0].key if asked and random.random() < 0.7 else None,
        **about,
    )
    return [told, *asked, *await _answers(given, random, customer, told, kind, happened)]


async def _asked(given: Given, random: Random, customer: Made, kind: str, happened: datetime) -> list[Made]:
    """Make the link that feedback answers, or may answer."""
    about = await _about(given, random, customer)
    return [await given.survey_link(customer, kind, created_at=happened, recorded_at=happened, **about)]


async def _about(given: Given, random: Random, customer: Made) -> dict[str, Any]:
    name, table = random.choice(
        (
            ("order_id", "orders"),
            ("product_id", "products"),
            ("subscription_id", "subscriptions"),
            ("support_plan_id", "support_plans"),
            ("contract_id", "contracts"),
            ("product_id", None),
        )
    )
    if table is None:
        return {}
    whose = "" if table == "products" else f" WHERE customer_id = '{customer.key}'"
    found = await given.connection.fetch(f"SELECT DISTINCT {name} FROM {table}{whose} ORDER BY {name}")
    return {name: random.choice(found)[name]} if found else {}


async def _answers(
    given: Given, random: Random, customer: Made, told: Made, kind: str, happened: datetime
) -> list[Made]:
    replies = []
    for author in random.sample(("BUSINESS", "CUSTOMER", "BUSINESS"), random.randint(0, 3)):
        at = random.choice([moment for moment in MOMENTS if moment >= happened])
        replies.append(
            await given.reply(
                customer, told, at=at, author=author, recorded_at=max(_late(random, at), _late(random, happened))
            )
        )
    if kind == "COMPLAINT" and random.random() < 0.5:
        at = random.choice([moment for moment in MOMENTS if moment >= happened])
        await given.resolution(
            customer, told, at=at, note=random.choice((None, "Sent a new one")), recorded_at=at + timedelta(days=40)
        )
    return replies


def _late(random: Random, happened: datetime) -> datetime:
    return happened + random.choice((timedelta(0), timedelta(days=40)))
