"""Support plans and contracts of a crooked population: in versions, some recorded late, some that end early."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from api.domain.calendar import Duration
from tests.given import Given, Made

LATE = (timedelta(0), timedelta(0), timedelta(days=40))
LENGTHS = (Duration(1), Duration(months=1, days=15), Duration(days=1), Duration(days=1, minutes=90), Duration(12))


async def populate_terms(given: Given, random: Random, customer: Made, starts: Sequence[datetime]) -> list[Made]:
    """Make support plans with their uses, and contracts, of a customer; each begins at one of the moments."""
    made: list[Made] = []
    for _ in range(random.choice((0, 1, 2))):
        made += await _support_plan(given, random, customer, random.choice(starts))
        made.append(await _contract(given, random, customer, random.choice(starts)))
    return made


async def _support_plan(given: Given, random: Random, customer: Made, start: datetime) -> list[Made]:
    paid = random.random() < 0.5
    price = (
        {"price": Decimal(random.choice(("9.99", "0.05"))), "currency": random.choice(("EUR", "JPY"))} if paid else {}
    )
    changes = [_cancelled(random, start)] if random.random() < 0.4 else []
    plan = await given.support_plan(
        customer,
        *changes,
        plan_name=random.choice(("Gold", "Silver")),
        paid=paid,
        starts_at=start,
        term_ends_at=random.choice((None, start + timedelta(days=90), start + timedelta(days=400))),
        included_incidents=random.choice((None, 0, 5, 20)),
        response_target=random.choice((None, Duration(minutes=240), Duration(days=2))),
        recorded_at=start + random.choice(LATE),
        **(price if paid else {}),
        **_external(random, given),
        **await _line(given, random, customer),
    )
    used = [start + timedelta(days=random.choice((0, 31, 60))) for _ in range(random.randint(0, 3))]
    late = timedelta(days=40)
    return [plan, *[await given.support_usage(customer, plan, used_at=at, recorded_at=at + late) for at in used]]


async def _line(given: Given, random: Random, customer: Made) -> dict[str, Any]:
    found = await given.connection.fetchrow(
        "SELECT order_id, line_id FROM order_lines WHERE customer_id = $1 ORDER BY line_id LIMIT 1", customer.key
    )
    return dict(found) if found and random.random() < 0.5 else {}


def _cancelled(random: Random, start: datetime) -> dict[str, Any]:
    changed = start + timedelta(days=random.choice((0, 20)))
    return {
        "change": "CANCELLED",
        "cancel_at": changed + timedelta(days=random.choice((0, 30))),
        "cancellation_reason": random.choice(("UNUSED", "REFUNDED")),
        "changed_at": changed,
        "recorded_at": changed + timedelta(days=40),
    }


async def _contract(given: Given, random: Random, customer: Made, start: datetime) -> Made:
    end = start + timedelta(days=random.choice((1, 31, 120)))
    changes = [_renewed(end), _terminated(random, end + timedelta(days=2))][: random.choice((0, 1, 2))]
    return await given.contract(
        customer,
        *changes,
        name=random.choice(("Care", "Lease")),
        value=Decimal(random.choice(("1200", "99.95"))),
        billing_interval=random.choice((None, Duration(1))),
        signed_at=start,
        starts_at=start,
        term_ends_at=end,
        auto_renew=random.random() < 0.6,
        renewal_interval=random.choice(LENGTHS),
        notice=random.choice((Duration(), Duration(3))),
        recorded_at=start + random.choice(LATE),
        **_external(random, given),
    )


def _renewed(end: datetime) -> dict[str, Any]:
    changed = end - timedelta(hours=6)
    known = {"changed_at": changed, "recorded_at": changed + timedelta(days=41), "change": "RENEWED"}
    return {**known, "term_starts_at": end, "term_ends_at": end + timedelta(days=45), "value": Decimal(1300)}


def _terminated(random: Random, at: datetime) -> dict[str, Any]:
    known = {"changed_at": at, "recorded_at": at + timedelta(days=42), "change": "TERMINATED"}
    end = {"terminate_at": at + timedelta(days=random.choice((0, 20))), "termination_reason": "Moved"}
    return {**known, **end, "penalty": random.choice((None, Decimal(50)))}


def _external(random: Random, given: Given) -> dict[str, Any]:
    return {"source": "shop", "external_id": f"T{given.made}"} if random.random() < 0.5 else {}
