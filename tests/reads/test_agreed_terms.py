"""What is on record of things with a term when they are forecast: what is due, when, and how often it was renewed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select

from api.database import prepare
from api.domain.calendar import Duration
from api.domain.lifetime_value.agreed_terms import AgreedTerm, agreed_terms
from api.domain.lifetime_value.streams import Stream
from api.reads import agreed_terms as reads
from api.reads.customers import customers
from api.reads.json import parameter
from api.reads.relation import Lens, Row

pytestmark = pytest.mark.anyio

START = datetime(2025, 1, 1, tzinfo=UTC)
WEEK, DAY = timedelta(weeks=1), timedelta(days=1)
NOW = START + 10 * WEEK


@pytest.fixture
async def seen(given):
    """Returns what is on record of a customer at a moment, as far as it was known at another."""
    await given.business(zone="UTC")

    async def read(customer, moment=NOW, known_at=None) -> tuple[AgreedTerm, ...]:
        then = parameter("moment", "moment")
        lens = Lens(moment=then, as_of=then, known_at=parameter("known_at", "moment") if known_at else None)
        row = Row(customers, lens)
        statement = prepare(select(reads.agreed_terms(row)).where(row.key == parameter("key", "uuid")))
        values = statement.values({"moment": moment, "known_at": known_at, "key": customer.key})
        text = await given.connection.fetchval(statement.sql, *values)
        return () if text is None else agreed_terms(json.loads(text), moment.timestamp())

    return read


def weeks(moment: datetime, since: datetime = NOW) -> Any:
    return pytest.approx((moment - since) / WEEK, abs=1e-9)


def figures(term: AgreedTerm) -> tuple[Any, ...]:
    """Return how often it was renewed, when it is next, and when it ends otherwise."""
    return term.renewals, term.due, term.until


def renewed(*periods: datetime) -> list[dict[str, Any]]:
    """Return the versions that renew a subscription at the first, second … of some moments, until the next of them."""
    pairs = pairwise(periods)
    return [
        {"change": "RENEWED", "changed_at": start, "period_start": start, "period_end": end} for start, end in pairs
    ]


async def test_nothing_is_on_record_of_who_has_agreed_to_nothing(given, seen):
    assert await seen(await given.customer()) == ()


async def test_a_subscription_is_due_when_its_period_ends_and_counts_its_renewals(given, seen):
    customer = await given.customer()
    periods = [START + 30 * number * DAY for number in (1, 2, 3)]
    await given.subscription(customer, *renewed(*periods), started_at=START, kind="SERVICE", price=Decimal("19.90"))
    (term,) = await seen(customer)
    told = term.stream, term.length, term.amount, term.currency, term.committed
    assert told == (Stream.SERVICE_SUBSCRIPTIONS, "P30D", 19.9, "EUR", ())
    assert figures(term) == (2, weeks(periods[2]), weeks(periods[2]))
    (before,) = await seen(customer, START + 45 * DAY)
    assert figures(before) == (1, weeks(periods[1], START + 45 * DAY), weeks(periods[1], START + 45 * DAY))


async def test_periods_that_another_system_had_counted_are_renewals_too(given, seen):
    customer = await given.customer()
    period = {"period_start": START + 60 * DAY, "period_end": START + 90 * DAY}
    await given.subscription(customer, started_at=START, **period)
    assert [figures(term)[0] for term in await seen(customer)] == [2]


async def test_a_subscription_that_is_cancelled_lapsed_or_paused_for_good_brings_no_renewal(given, seen):
    cancelled, lapsed, paused = [await given.customer() for _ in range(3)]
    end = {"cancel_at": START + 80 * DAY, "cancellation_reason": "OTHER", "ends_at": START + 80 * DAY}
    period = {"period_start": START + 60 * DAY, "period_end": START + 90 * DAY}
    first = {"started_at": START, **period}
    await given.subscription(cancelled, {"change": "CANCELLED", "changed_at": START + 65 * DAY, **end}, **first)
    await given.subscription(lapsed, started_at=START)
    pause = [asyncpg.Range(START + 62 * DAY, None)]
    stopped = {"change": "PAUSED", "changed_at": START + 62 * DAY, "pauses": pause, "ends_at": None}
    await given.subscription(paused, stopped, **first)
    assert [figures(term) for term in await seen(cancelled)] == [(2, None, weeks(START + 80 * DAY))]
    assert (await seen(lapsed), await seen(paused)) == ((), ())
    assert [figures(term)[1] for term in await seen(cancelled, START + 64 * DAY)] == [
        weeks(START + 90 * DAY, START + 64 * DAY)
    ]


async def test_a_subscription_that_begins_later_owes_its_first_payment_unless_it_is_on_trial_or_has_paid(given, seen):
    plain, trial, paid = [await given.customer() for _ in range(3)]
    begin = NOW + 3 * WEEK
    later = {"started_at": begin, "changed_at": NOW - DAY}
    await given.subscription(plain, **later)
    await given.subscription(trial, **later, trial_ends_at=begin + WEEK, period_end=begin + WEEK)
    await given.payment(paid, await given.subscription(paid, **later), paid_at=NOW - DAY)
    found = [(await seen(customer))[0] for customer in (plain, trial, paid)]
    assert [term.committed for term in found] == [((pytest.approx(3), 10.0),), (), ()]
    assert [figures(term)[:2] for term in found] == [
        (0, weeks(begin + 30 * DAY)),
        (0, weeks(begin + WEEK)),
        (0, weeks(begin + 30 * DAY)),
    ]


async def test_a_payment_that_is_late_is_due_and_not_over(given, seen):
    customer = await given.customer()
    await given.subscription(customer, started_at=NOW - 35 * DAY)
    assert [figures(term)[:2] for term in await seen(customer)] == [(0, weeks(NOW - 5 * DAY))]


async def test_a_contract_that_was_agreed_is_booked_and_renews_at_its_end(given, seen):
    customer = await given.customer()
    await given.contract(customer, starts_at=START, auto_renew=True, billing_interval=Duration(1))
    (term,) = await seen(customer)
    assert (term.stream, term.length, term.amount, term.committed) == (Stream.CONTRACTS, "P12M", 1200.0, ())
    end = datetime(2026, 1, 1, tzinfo=UTC)
    assert figures(term) == (0, weeks(end), weeks(end))


async def test_a_term_that_a_contract_renewed_for_by_itself_is_owed_in_instalments(given, seen):
    customer = await given.customer()
    await given.contract(
        customer, starts_at=START, term_ends_at=START + 365 * DAY, auto_renew=True, billing_interval=Duration(3)
    )
    moment = datetime(2028, 5, 15, tzinfo=UTC)
    (term,) = await seen(customer, moment)
    end = datetime(2029, 1, 1, tzinfo=UTC)
    assert figures(term) == (3, weeks(end, moment), weeks(end, moment))
    # Of the instalments of January, April, July and October, two are to come.
    begun = (moment - datetime(2028, 1, 1, tzinfo=UTC)) / WEEK
    quarter = 365.25 / 28
    assert term.committed == (
        (pytest.approx(2 * quarter - begun), 300.0),
        (pytest.approx(3 * quarter - begun), 300.0),
    )


async def test_renewals_that_were_agreed_and_those_by_itself_are_counted_together(given, seen):
    customer = await given.customer()
    end = datetime(2029, 1, 1, tzinfo=UTC)
    agreed = {
        "change": "RENEWED",
        "changed_at": datetime(2027, 6, 1, tzinfo=UTC),
        "term_starts_at": datetime(2028, 1, 1, tzinfo=UTC),
        "term_ends_at": end,
        "value": Decimal(1500),
    }
    await given.contract(customer, agreed, starts_at=START, auto_renew=True)
    before, agreed_ahead, much_later = [
        (await seen(customer, datetime(year, 9, 1, tzinfo=UTC)))[0] for year in (2026, 2027, 2030)
    ]
    assert [term.renewals for term in (before, agreed_ahead, much_later)] == [1, 3, 5]
    assert agreed_ahead.due == weeks(end, datetime(2027, 9, 1, tzinfo=UTC))
    assert [term.amount for term in (before, agreed_ahead, much_later)] == [1200, 1500, 1500]


async def test_a_contract_under_notice_or_for_one_term_is_not_renewed(given, seen):
    noticed, single = [await given.customer() for _ in range(2)]
    end = START + 200 * DAY
    given_notice = {"change": "TERMINATED", "changed_at": NOW - DAY, "terminate_at": end, "termination_reason": "Moved"}
    await given.contract(noticed, given_notice, starts_at=START, auto_renew=True)
    await given.contract(single, starts_at=START)
    assert [figures(term)[1:] for term in await seen(noticed)] == [(None, weeks(end))]
    assert [figures(term)[1:] for term in await seen(single)] == [(None, weeks(datetime(2026, 1, 1, tzinfo=UTC)))]
    assert (await seen(noticed, end), await seen(single, datetime(2026, 1, 1, tzinfo=UTC))) == ((), ())


async def test_a_support_plan_is_renewed_by_the_next_one_of_its_name(given, seen):
    customer = await given.customer()
    ends = [START + 26 * number * WEEK for number in (-1, 0, 1)]
    for start, end in pairwise(ends):
        await given.support_plan(
            customer, paid=True, price=Decimal(39), currency="EUR", starts_at=start, term_ends_at=end
        )
    (term,) = await seen(customer)
    assert (term.stream, term.length, term.amount) == (Stream.SUPPORT_PLANS, "P6M1D", 39.0)
    assert figures(term) == (1, weeks(ends[2]), weeks(ends[2]))
    # The next one is agreed ahead: what is booked already is not expected again.
    await given.support_plan(
        customer,
        paid=True,
        price=Decimal(39),
        currency="EUR",
        starts_at=ends[2],
        term_ends_at=ends[2] + 26 * WEEK,
        changed_at=NOW - DAY,
    )
    assert [figures(term)[:2] for term in await seen(customer)] == [(0, None), (2, weeks(ends[2] + 26 * WEEK))]


async def test_a_plan_that_is_free_cancelled_endless_or_of_an_order_is_not_renewed(given, seen):
    customer = await given.customer()
    paid = {"paid": True, "price": Decimal(39), "currency": "EUR", "starts_at": START}
    end = START + 52 * WEEK
    order = await given.order(customer, 10, placed_at=START)
    line = await given.connection.fetchval("SELECT line_id FROM order_lines WHERE order_id = $1", order.key)
    await given.support_plan(customer, starts_at=START, term_ends_at=end)
    assert await seen(customer) == ()
    await given.support_plan(customer, **paid, term_ends_at=end, order_id=order.key, line_id=line)
    await given.support_plan(customer, **paid)
    stopped = {"change": "CANCELLED", "changed_at": NOW - DAY, "cancel_at": NOW + WEEK, "cancellation_reason": "OTHER"}
    await given.support_plan(customer, stopped, **paid, term_ends_at=end)
    found = sorted((figures(term) for term in await seen(customer)), key=lambda each: each[2] or 0)
    assert found == [(0, None, None), (0, None, pytest.approx(1)), (0, None, weeks(end))]


async def test_what_was_recorded_later_is_not_known_earlier(given, seen):
    customer = await given.customer()
    late = NOW + 5 * WEEK
    periods = START + 30 * DAY, START + 90 * DAY
    (renewal,) = renewed(*periods)
    await given.subscription(customer, renewal | {"recorded_at": late}, started_at=START, ends_at=START + 100 * DAY)
    assert [figures(term)[0] for term in await seen(customer)] == [1]
    known = await seen(customer, known_at=late - DAY)
    assert [figures(term)[:2] for term in known] == [(0, weeks(periods[0]))]
    assert await seen(customer, known_at=START - DAY) == ()


async def test_of_others_nothing_is_on_record(given, seen):
    customer, other = await given.customer(), await given.customer()
    await given.contract(other, starts_at=START)
    assert await seen(customer) == ()
