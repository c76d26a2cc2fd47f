"""Referrals of the crooked population: chains, some of each state, steps that were recorded late."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from tests.given import Given, Made
from tests.referrals.rows import add_code, add_program, add_referral, add_reward, invited, joined, over, qualified

LATE = timedelta(days=40)


async def populate_referrals(
    given: Given, random: Random, customers: list[Made], moments: list[datetime]
) -> list[Made]:
    """Make two versions of the program, codes, and a referral of each customer but the first by the one before."""
    first, since = await add_program(given), moments[4]
    known = {"effective_from": since, "recorded_at": since + LATE}
    made = [first, await add_program(given, version=2, referrer_money=None, referrer_points=7, **known)]
    for number, (referrer, friend) in enumerate(pairwise(customers[:10])):
        await add_code(
            given, referrer, f"CODE0{number}", moments[1], recorded_at=random.choice((moments[1], moments[3]))
        )
        made += await _referral(given, random, number, (first, referrer, friend), moments)
    return made


async def _referral(
    given: Given, random: Random, number: int, of: tuple[Made, Made, Made], moments: list[datetime]
) -> list[Made]:
    program, referrer, friend = of
    order, placed_at = await _order_of(given, friend)
    steps = _steps(number, friend, order, moments[2], placed_at)
    late = timedelta(0)
    for step in steps:
        late = max(late, random.choice((timedelta(0), LATE)))
        step["recorded_at"] = step["changed_at"] + late
    referral = await add_referral(given, program, referrer, f"CODE0{number}", *steps, at=moments[2])
    made = [referral]
    if number % 3 == 0:
        await _signal(given, referrer, referral, steps[1])
    if steps[-1]["change"] in ("QUALIFIED", "REVERSED"):
        when = {"at": placed_at, "version": 3, "recorded_at": steps[2]["recorded_at"]}
        sides: list[tuple[str, dict[str, Any]]] = [
            ("REFERRER", {}),
            ("REFERRED", {"points": 5, "money": None, "currency": None}),
        ]
        made += [await add_reward(given, referral, referrer, friend, side, **when | worth) for side, worth in sides]
    return made


def _steps(number: int, friend: Made, order: Made, at: datetime, placed_at: datetime) -> list[dict[str, Any]]:
    """Return the steps of one of five referrals in turn: invited, joined, held, qualified, reversed or rejected."""
    start = [invited(at), joined(friend, at, in_review=number % 5 == 2)]
    if number % 5 < 3:
        return [*start, over("REJECTED", "VELOCITY", placed_at)] if number > 5 else start
    bought = [*start, qualified(order, placed_at)]
    return [*bought, over("REVERSED", "REFUNDED", placed_at)] if number % 5 == 4 else bought


async def _order_of(given: Given, customer: Made) -> tuple[Made, datetime]:
    row = await given.connection.fetchrow(
        "SELECT order_id, placed_at FROM orders WHERE customer_id = $1 ORDER BY order_id LIMIT 1", customer.key
    )
    return Made("ord", row["order_id"]), row["placed_at"]


async def _signal(given: Given, referrer: Made, referral: Made, step: dict[str, Any]) -> None:
    whose = {"customer_id": referrer.key, "referral_id": referral.key, "version": 2, "signal_id": given.key()}
    when = {"noticed_at": step["changed_at"], "recorded_at": step["recorded_at"]}
    await given.insert("referral_signals", **whose, code="VELOCITY", weight=0.3, **when)
