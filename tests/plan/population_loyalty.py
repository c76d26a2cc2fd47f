"""Points of the crooked population: programs, accounts, and entries that were recorded late or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from api.domain.calendar import Duration
from tests.given import Given, Made
from tests.points import Account, Entry, Points
from tests.writes.points import program

MOMENTS = [datetime(2025, month, 3, 9, 30, 0, 250_000, tzinfo=UTC) for month in range(1, 9)]


async def populate_loyalty(given: Given, random: Random, customers: Sequence[Made]) -> list[Made]:
    """Add two versions of a program and accounts with entries; return all that has an identifier."""
    lengths: dict[str, Any] = {
        "tier_window": Duration(2),
        "tier_grace": Duration(days=10),
        "expires_after": Duration(4),
    }
    tiers = (("bronze", 0), ("silver", 60), ("gold", 150))
    rules = (("1", None, None, None), ("2.50", "drinks", "BUSINESS", "gold"))
    programs = [
        await program(given, *rules, tiers=tiers, effective_from=MOMENTS[0], recorded_at=MOMENTS[0], **lengths),
        await program(
            given, tiers=tiers, version=2, effective_from=MOMENTS[4], recorded_at=MOMENTS[5], tier_basis="SPEND"
        ),
    ]
    points = Points(given)
    made = [*programs, *[one for customer in customers for one in await _account(given, random, points, customer)]]
    await points.write()
    return made


async def _account(given: Given, random: Random, points: Points, customer: Made) -> list[Made]:
    opened = random.choice(MOMENTS[:3])
    account = points.account(customer, opened, floor=-20, recorded_at=opened + random.choice((timedelta(), _LATE)))
    rows = await given.connection.fetch(
        "SELECT order_id FROM orders WHERE customer_id = $1 ORDER BY order_id", customer.key
    )
    orders = [row["order_id"] for row in rows]
    recorded, entries = account.columns["recorded_at"], list[Entry]()
    for at in sorted(random.choices([moment for moment in MOMENTS if moment >= opened], k=random.randint(1, 6))):
        recorded = max(recorded, at + random.choice((timedelta(), timedelta(), _LATE)))
        entry = _posted(random, points, account, entries, at, recorded, orders)
        entries += [entry] if entry else []
    spent = [entry for entry in entries if entry.kind == "REDEEM"]
    if spent and account.latest_at:
        entries.append(points.give_back(account, spent[0], account.latest_at + _LATE, recorded_at=recorded + _LATE))
    return [account.made, *[entry.made for entry in entries]]


_LATE = timedelta(days=40)


def _posted(
    random: Random,
    points: Points,
    account: Account,
    entries: Sequence[Entry],
    at: datetime,
    recorded_at: datetime,
    orders: list[object],
) -> Entry | None:
    """Earn, spend, take back or put right; None where there is nothing to do it with."""
    there = sum(lot.remaining for lot in account.lots)
    kind = random.choice(("EARN", "EARN", "EARN", "REDEEM", "REVERSE", "ADJUST"))
    if kind in ("REDEEM", "ADJUST") and there:
        # Only points that can be spent are spent; any can be put right.
        open_ones = [lot for lot in account.lots if lot.remaining]
        can_be_spent = all(lot.available_at <= at and (not lot.expires_at or lot.expires_at > at) for lot in open_ones)
        kind = kind if can_be_spent else "ADJUST"
        return points.spend(account, random.randint(1, there), at, kind, recorded_at=recorded_at)
    own = [entry for entry in entries if entry.lots]
    if kind == "REVERSE" and own:
        return points.take_back(account, random.choice(own), 20, at, recorded_at=recorded_at, counts_from=at)
    if not orders:
        return None
    order = orders.pop(random.randrange(len(orders)))
    wait, life = random.choice((timedelta(), timedelta(days=20))), random.choice((None, timedelta(days=70)))
    times = {"available_at": at + wait, "expires_at": life and at + life}
    return points.earn(account, random.choice((20, 50, 90)), at, recorded_at=recorded_at, source_id=order, **times)
