"""Ranking with terms: subscriptions, plans and contracts count as they do in a prediction, to the cent."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from math import exp, log, sqrt

import pytest

from api.domain.calendar import Duration
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR
from api.reads.checks import findings
from api.writes.ranking import rank
from tests.fitted import add_model, renewal
from tests.ranking.scores import NOW
from tests.ranking.test_lists import listed
from tests.ranking.test_ranking import figures
from tests.ranking.test_totals import amount, total

pytestmark = pytest.mark.anyio

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
RENEWALS = [renewal("CONTRACTS", "P12M", 1, 3), renewal(None, None, 1, 1)]
YEARLY = {"starts_at": NOW - 30 * WEEK, "term_ends_at": NOW + 22 * WEEK, "auto_renew": True}
LAWS = {
    "by orders": "customers are ranked as the purchases said when they were last ranked",
    "by terms": "customers with subscriptions, support plans or contracts are ranked as these said",
}


async def model(given, **columns):
    await add_model(given, trained_until=NOW - 2 * DAY, renewals=json.dumps(RENEWALS), **columns)


@pytest.fixture
async def people(given):
    """Customers with orders, with terms, with both, and with nothing that would bring anything, by what they have."""
    await given.business(zone="UTC")
    names = ("orders", "contract", "both", "everything", "elsewhere", "lost", "ended", "nothing")
    found = {name: await given.customer(created_at=NOW - 900 * DAY) for name in names}
    for name, days in {"orders": (300, 90, 3), "both": (200, 20), "everything": (90,), "lost": (800, 780, 760)}.items():
        for day in days:
            await given.order(found[name], Decimal("19.99"), placed_at=NOW - day * DAY)
    for name in ("contract", "both", "lost"):
        await given.contract(found[name], **YEARLY)
    for name in ("everything", "elsewhere"):
        await given.contract(found[name], currency="USD", **YEARLY)
    monthly = {"billing_interval": Duration(1), "price": Decimal("9.99")}
    await given.subscription(found["everything"], started_at=NOW - 20 * DAY, kind="SERVICE", **monthly)
    await given.subscription(found["everything"], started_at=NOW + 3 * DAY, changed_at=NOW - DAY)
    paid = {"paid": True, "price": Decimal(99), "currency": "EUR", "starts_at": NOW - 300 * DAY}
    await given.support_plan(found["everything"], term_ends_at=NOW + 65 * DAY, **paid)
    await given.contract(found["ended"], starts_at=NOW - 800 * DAY, term_ends_at=NOW - 400 * DAY)
    await model(given)
    return found


async def broken(database):
    async with database.connection() as connection:
        told = {found.law: found.broken for found in await findings(connection)}
    return {name: told[law] for name, law in LAWS.items()}


async def test_everybody_is_ranked_by_what_a_prediction_says_of_all_streams(ask, given, people):
    for flags in ([], ["SMALL_SAMPLE"]):
        await model(given, flags=flags)
        ranking = await rank(given.connection, NOW)
        assert ranking
        found = await figures(ask)
        ranked = {name: found[customer.id] for name, customer in people.items() if found[customer.id]["ranking"]}
        assert list(ranked) == ["orders", "contract", "both", "everything", "elsewhere", "lost"]
        for name, each in ranked.items():
            kept, predicted = each["ranking"], each["predicted"]
            assert kept["predictedValue"]["amount"] == predicted["expected"]["amount"], name
            assert kept["probabilityActive"] == predicted["probabilityActive"], name
            assert kept["churnBand"] == predicted["churnRisk"]["band"], name
        values = {name: Decimal(each["ranking"]["predictedValue"]["amount"]) for name, each in ranked.items()}
        assert ranking.customers == len(values)
        assert ranking.expected == pytest.approx(sum(values.values()), abs=Decimal("0.01"))
        assert values["elsewhere"] == 0
        assert values["both"] > values["contract"] > 700
        # Two years of silence are no risk where a contract is likely to be renewed.
        assert ranked["lost"]["ranking"]["churnBand"] == "LOW"


async def test_a_total_has_the_chance_of_renewals_in_it_and_other_errors_of_orders_alone(ask, given, people):
    await rank(given.connection, NOW)
    worth = 1200 * exp(-22 * log(1.1) / WEEKS_IN_YEAR)
    rows = await given.connection.fetch("SELECT * FROM customer_prospects WHERE scored_at IS NOT NULL")
    by_name = {name: row for row in rows for name, customer in people.items() if customer.key == row["customer_id"]}
    alone = by_name["contract"]
    assert float(alone["terms_value"]) == pytest.approx(0.75 * worth, abs=0.005)
    assert alone["variance"] == pytest.approx(0.75 * 0.25 * worth**2)
    assert by_name["both"]["terms_value"] == by_name["lost"]["terms_value"] == alone["terms_value"]
    assert by_name["both"]["variance"] > alone["variance"]
    found = await total(ask)
    orders = float(sum(row["predicted_value"] - row["terms_value"] for row in rows))
    error = await given.connection.fetchval("SELECT parameter_error FROM customer_rankings")
    assert amount(found["modelError"]) == pytest.approx(0.2 * orders, abs=0.01)
    assert amount(found["parameters"]) == pytest.approx(error * orders, abs=0.01)
    assert amount(found["chance"]) == pytest.approx(sqrt(sum(row["variance"] for row in rows)), abs=0.01)
    assert amount(found["expected"]) > 2 * 0.75 * worth + orders


async def test_lists_say_nothing_of_who_had_something_agreed_at_a_moment_of_the_past(ask, given, people):
    await rank(given.connection, NOW)
    ask.now = NOW
    names = {customer.id: name for name, customer in people.items()}

    async def listing(**asked):
        return [names[node["id"]] for node in (await listed(ask, **asked))["nodes"]]

    order = [{"field": "PREDICTED_VALUE", "direction": "DESC"}]
    whole, past = await listing(order=order), {"asOf": (NOW - DAY / 2).isoformat()}
    assert set(whole[:3]) == {"contract", "both", "lost"}
    assert (await listing(order=order, **past))[0] == "orders"
    assert await listing(filter={"predictedValue": {"gte": "0"}}, **past) == ["orders"]
    assert await listing(filter={"churnBand": ["LOW", "MEDIUM", "HIGH"]}, **past) == ["orders"]
    # Before the contracts were signed, of those who had bought by then.
    before = {"asOf": (NOW - 31 * WEEK).isoformat()}
    await add_model(given, trained_until=NOW - 40 * WEEK)
    assert set(await listing(filter={"predictedValue": {"gte": "0"}}, **before)) == {"orders", "lost"}


WRONG = ["predicted_value = predicted_value + 1", "terms_value = 7", "variance = variance * 1.01"]
WRONG += ["probability_active = 0.5", "churn_band = 'HIGH'", "scored_at = scored_at - interval 'P1D'"]


async def test_a_check_finds_terms_that_are_ranked_otherwise_than_the_facts_say(database, given, people):
    assert await broken(database) == {"by orders": 0, "by terms": 0}
    await rank(given.connection, NOW)
    assert await broken(database) == {"by orders": 0, "by terms": 0}
    for change in WRONG:
        await given.connection.execute(
            f"UPDATE customer_prospects SET {change} WHERE customer_id = $1", people["both"].key
        )
        assert (await broken(database))["by terms"] == 1, change
        await rank(given.connection, NOW)
    await given.connection.execute(
        "UPDATE customer_prospects SET terms_value = 1 WHERE customer_id = $1", people["orders"].key
    )
    assert await broken(database) == {"by orders": 1, "by terms": 0}
    await rank(given.connection, NOW)
    await given.contract(people["ended"], **YEARLY)
    assert await broken(database) == {"by orders": 1, "by terms": 1}
    await given.contract(people["orders"], **YEARLY | {"recorded_at": NOW - DAY / 48})
    assert await broken(database) == {"by orders": 1, "by terms": 1}
