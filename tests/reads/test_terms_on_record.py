"""What customers have agreed to is kept with how they stand, and read from there as long as nothing of it changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from api.writes.standing import keep_terms_current, rebuilt
from tests.fitted import add_model, renewal
from tests.given import Made

pytestmark = pytest.mark.anyio

WEEK = timedelta(weeks=1)
ALL = """query ($asOf: DateTime) { customers(first: 50, asOf: $asOf) { nodes { id lifetimeValue { predicted {
  ... on PredictedValue { expected { amount } probabilityActive byStream { stream expected { amount } } flags }
} } } } }"""
TOLD = "SELECT agreed_terms FROM customer_standing WHERE customer_id = $1"


@pytest.fixture
async def now(ask, given) -> datetime:
    """The moment of all answers: after everything that the test makes, as the database's clock has it."""
    await given.business(zone="UTC")
    then = datetime.now(UTC)
    renewals = [renewal("CONTRACTS", "P12M", 1, 3), renewal("SUPPORT_PLANS", None, 1, 1)]
    await add_model(given, trained_until=then - WEEK, renewals=json.dumps(renewals))
    ask.now = then + timedelta(minutes=5)
    return then


async def customers_with_terms(given, now: datetime) -> list[Made]:
    """Return customers with terms of all kinds: running, ending, paused, to come, renewed in advance, and over."""
    made = [await given.customer() for _ in range(8)]
    contract = {"auto_renew": True}
    await given.contract(made[0], starts_at=now - 30 * WEEK, term_ends_at=now + 22 * WEEK, **contract)
    await given.contract(made[1], starts_at=now - 150 * WEEK, term_ends_at=now - 98 * WEEK, **contract)
    await given.contract(made[2], starts_at=now + WEEK, term_ends_at=now + 53 * WEEK, changed_at=now - WEEK)
    await given.subscription(made[3], started_at=now - 2 * WEEK)
    cancelled = {"cancel_at": now + WEEK, "ends_at": now + WEEK, "cancellation_reason": "OTHER"}
    await given.subscription(made[4], started_at=now - 10 * WEEK, **cancelled)
    for customer, start in ((made[5], -60), (made[5], -8), (made[6], -60)):
        begins, ends = now + start * WEEK, now + (start + 52) * WEEK
        paid = {"paid": True, "price": Decimal(90), "currency": "EUR"}
        await given.support_plan(customer, starts_at=begins, term_ends_at=ends, ends_at=ends, **paid)
    return made


async def answers(ask, moment: datetime | None = None) -> dict[str, Any]:
    found = await ask(ALL, asOf=moment and moment.isoformat())
    return {node["id"]: node["lifetimeValue"]["predicted"] for node in found["customers"]["nodes"]}


async def test_what_is_kept_is_what_would_be_worked_out(ask, given, now):
    made = await customers_with_terms(given, now)
    kept = await answers(ask)
    # Looking back, everything is worked out from the facts.
    assert kept == await answers(ask, ask.now)
    assert sum(bool(value and float(value["expected"]["amount"])) for value in kept.values()) == 4
    told = [json.loads(await given.connection.fetchval(TOLD, one.key) or "[]") for one in made]
    assert [len(terms) for terms in told] == [1, 1, 1, 1, 1, 2, 0, 0]


async def test_what_is_kept_is_read_until_something_begins_ends_or_falls_due(ask, given, now):
    (customer, *_) = await customers_with_terms(given, now)
    before = (await answers(ask))[customer.id]
    await given.connection.execute(
        "UPDATE customer_standing SET agreed_terms = replace(agreed_terms, '\"amount\":', '\"amount\":1')"
    )
    assert (await answers(ask))[customer.id]["expected"] != before["expected"]
    assert len(ask.statements) == 1
    ask.now = now + 22 * WEEK + timedelta(seconds=1)
    after = (await answers(ask))[customer.id]
    assert len(ask.statements) == 2
    assert after == (await answers(ask, ask.now))[customer.id]


@pytest.mark.parametrize("weeks", [1, 22, 30, 44, 53, 80])
async def test_whatever_changes_by_itself_ends_what_is_kept(ask, given, now, weeks):
    await customers_with_terms(given, now)
    for moment in (now + weeks * WEEK - timedelta(seconds=1), now + weeks * WEEK + timedelta(seconds=1)):
        ask.now = moment
        assert await answers(ask) == await answers(ask, moment)


async def test_equal_terms_are_kept_in_equal_texts(given, now):
    customer = await given.customer()
    for weeks in (5, 3, 9):
        await given.contract(customer, starts_at=now - weeks * WEEK, term_ends_at=now + weeks * WEEK)
    told = await given.connection.fetchval(TOLD, customer.key)
    assert [term["begins"] for term in json.loads(told)] == [(now - weeks * WEEK).timestamp() for weeks in (9, 5, 3)]
    await given.connection.execute("SET TIME ZONE 'Asia/Tokyo'; SET enable_indexscan = off; SET enable_nestloop = off")
    await given.stand(customer)
    assert await given.connection.fetchval(TOLD, customer.key) == told


async def test_what_is_outdated_is_worked_out_again_in_the_background(ask, given, now, database):
    (customer, *others) = await customers_with_terms(given, now)
    told = await given.connection.fetchval(TOLD, customer.key)
    outdated = "UPDATE customer_standing SET agreed_terms = '[]', agreed_during = '[2020-01-01Z, 2020-02-01Z)'"
    await given.connection.execute(f"{outdated} WHERE customer_id = $1", customer.key)
    await given.connection.execute(
        "UPDATE customer_standing SET agreed_terms = '[0]' WHERE customer_id = $1", others[0].key
    )
    assert await keep_terms_current(database) == 1
    assert await given.connection.fetchval(TOLD, customer.key) == told
    assert await given.connection.fetchval(TOLD, others[0].key) == "[0]"


async def test_a_database_from_before_is_asked_for_the_facts_and_brought_up_to_date(ask, given, now, database):
    made = await customers_with_terms(given, now)
    found = await answers(ask)
    await given.connection.execute("UPDATE customer_standing SET agreed_terms = NULL, agreed_during = NULL")
    assert await answers(ask) == found
    await rebuilt(database)
    assert await given.connection.fetchval(TOLD, made[0].key) is not None
