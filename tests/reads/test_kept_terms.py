"""How long things with a term were kept: what fits see of them, and that nothing later is seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from api.domain.calendar import Duration
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.training_renewals import KeptTerms
from api.reads.kept_terms import kept_terms

pytestmark = pytest.mark.anyio

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
GOODS, PLANS, CONTRACTS = Stream.PRODUCT_SUBSCRIPTIONS, Stream.SUPPORT_PLANS, Stream.CONTRACTS


@pytest.fixture
async def kept(given, database):
    """Returns how long things had been kept by so many days after the start."""
    await given.business(zone="UTC")

    async def read(day: float) -> list[KeptTerms]:
        async with database.snapshot() as connection:
            found = await kept_terms(connection, START + day * DAY)
        return sorted(found, key=lambda each: (each.stream, each.term, each.renewals, each.ended))

    return read


def renewed(*days: int) -> list[dict[str, Any]]:
    """Return versions that renew a subscription for 30 days on some days after the start."""
    return [
        {
            "change": "RENEWED",
            "changed_at": START + day * DAY,
            "period_start": START + day * DAY,
            "period_end": START + (day + 30) * DAY,
        }
        for day in days
    ]


def cancelled(day: int, end: int) -> dict[str, Any]:
    """Return the version in which a subscription is cancelled for a later day."""
    end_at = START + end * DAY
    columns = {"cancel_at": end_at, "ends_at": end_at, "cancellation_reason": "OTHER"}
    return {"change": "CANCELLED", "changed_at": START + day * DAY, **columns}


async def test_nothing_was_kept_where_nothing_was_agreed(kept):
    assert await kept(100) == []


async def test_a_subscription_has_ended_once_a_period_was_over_that_nobody_renewed(given, kept):
    customer = await given.customer()
    await given.subscription(customer, *renewed(30, 60), started_at=START)
    running, late, lapsed = [await kept(day) for day in (70, 95, 110)]
    assert running == [KeptTerms(GOODS, "P30D", 2, 2, ended=False)]
    assert late == [KeptTerms(GOODS, "P30D", 3, 2, ended=False)]
    assert lapsed == [KeptTerms(GOODS, "P30D", 3, 2, ended=True)]


async def test_who_stops_within_a_period_has_left_when_that_would_be_over(given, kept):
    customer = await given.customer()
    await given.subscription(customer, *renewed(30), cancelled(40, 45), started_at=START)
    assert [(each.renewals, each.ended) for day in (44, 50, 61) for each in await kept(day)] == [
        (1, False),
        (1, False),
        (1, True),
    ]


async def test_those_that_were_kept_alike_are_counted_together_and_later_ones_are_not_seen(given, kept):
    for day in (0, 2, 40):
        await given.subscription(await given.customer(), started_at=START + day * DAY)
    await given.subscription(await given.customer(), started_at=START, billing_interval=Duration(3), kind="SERVICE")
    assert await kept(20) == [
        KeptTerms(GOODS, "P30D", 0, 0, ended=False, number=2),
        KeptTerms(Stream.SERVICE_SUBSCRIPTIONS, "P3M", 0, 0, ended=False),
    ]


async def test_contracts_that_renew_by_themselves_are_kept_until_they_are_ended(given, kept):
    stopped, going_on, single = [await given.customer() for _ in range(3)]
    end = datetime(2026, 1, 1, tzinfo=UTC)
    term = {"starts_at": START, "term_ends_at": datetime(2025, 1, 1, tzinfo=UTC), "auto_renew": True}
    notice = {"change": "TERMINATED", "changed_at": end - 90 * DAY, "terminate_at": end, "termination_reason": "Moved"}
    await given.contract(stopped, notice, **term)
    await given.contract(going_on, **term)
    await given.contract(single, **{**term, "auto_renew": False})
    days = (end - START) / DAY
    assert await kept(days - 1) == [KeptTerms(CONTRACTS, "P12M", 1, 1, ended=False, number=2)]
    assert await kept(days + 100) == [
        KeptTerms(CONTRACTS, "P12M", 2, 1, ended=True),
        KeptTerms(CONTRACTS, "P12M", 2, 2, ended=False),
    ]


async def test_a_contract_that_is_ended_early_says_nothing_of_the_renewal_to_come(given, kept):
    customer = await given.customer()
    stop = {"change": "TERMINATED", "changed_at": START + 50 * DAY, "terminate_at": START + 60 * DAY}
    term = {"starts_at": START, "term_ends_at": datetime(2025, 1, 1, tzinfo=UTC), "auto_renew": True}
    await given.contract(customer, stop | {"termination_reason": "Moved"}, **term)
    assert [(each.renewals, each.ended) for day in (70, 360, 367) for each in await kept(day)] == [
        (0, False),
        (0, False),
        (0, True),
    ]


async def test_plans_in_turn_are_one_that_was_kept_for_longer(given, kept):
    loyal, gone = await given.customer(), await given.customer()
    paid = {"paid": True, "price": Decimal(39), "currency": "EUR"}
    ends = [datetime(year, 1, 1, tzinfo=UTC) for year in (2024, 2025, 2026)]
    for customer, number in ((loyal, 2), (gone, 1)):
        for start, end in list(pairwise(ends))[:number]:
            await given.support_plan(customer, **paid, starts_at=start, term_ends_at=end)
    await given.support_plan(gone, starts_at=START, term_ends_at=ends[1])
    days = (ends[1] - START) / DAY
    assert await kept(days - 1) == [KeptTerms(PLANS, "P12M", 0, 0, ended=False, number=2)]
    # For 30 days the next one can still come.
    assert [(each.renewals, each.ended) for each in await kept(days + 29)] == [(0, False), (1, False)]
    assert [(each.renewals, each.ended) for each in await kept(days + 31)] == [(0, True), (1, False)]


async def test_a_payment_after_a_trial_is_no_renewal_and_who_only_tried_is_left_out(given, kept):
    customer, trial = await given.customer(), {"trial_ends_at": START + 30 * DAY}
    await given.subscription(customer, *renewed(30, 60), started_at=START, **trial)
    await given.subscription(customer, started_at=START, **trial)
    assert [(each.renewals, each.number) for each in await kept(70)] == [(1, 1)]


async def test_a_plan_that_has_not_begun_was_not_kept(given, kept):
    customer = await given.customer()
    term = {"changed_at": START, "starts_at": START + 20 * DAY, "term_ends_at": START + 50 * DAY}
    await given.support_plan(customer, paid=True, price=Decimal(10), currency="EUR", **term)
    assert await kept(10) == []
    assert len(await kept(25)) == 1
