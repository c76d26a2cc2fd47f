"""What subscriptions, support plans and contracts are expected to bring, beside orders and together with history."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import exp, log

import pytest

from api.domain.calendar import Duration
from api.domain.lifetime_value import prediction
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR
from tests.fitted import add_model, renewal

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
RATE = log(1.1) / WEEKS_IN_YEAR
CLOCKS = "$asOf: DateTime, $knownAt: DateTime"

FORECAST = """
  asOf historic { net { amount } byStream { stream net { amount } } }
  total(horizon: $horizon) { amount currencyCode }
  predicted(horizon: $horizon) {
    __typename
    ... on PredictionUnavailable { code }
    ... on PredictedValue {
      expected { amount } byStream { stream expected { amount currencyCode } }
      inOtherCurrencies { amount currencyCode }
      expectedPurchases expectedOrderValue { amount } probabilityActive churnRisk { probability band basis }
      nextPurchase { expectedOn } interval { low { amount } high { amount } method }
      drivers { name explanation effect { amount } } flags
    }
  }
"""
ONE = f"""query ($id: ID!, $horizon: Duration! = "P12M", {CLOCKS}) {{
  customer(by: {{id: $id}}, asOf: $asOf, knownAt: $knownAt) {{ lifetimeValue {{ {FORECAST} }} }}
}}"""
MANY = f"""query ($horizon: Duration! = "P12M", {CLOCKS}) {{
  customers(first: 50, asOf: $asOf, knownAt: $knownAt) {{ nodes {{ id lifetimeValue {{ {FORECAST} }} }} }}
}}"""
RENEWALS = [
    renewal("CONTRACTS", "P12M", 1, 3),
    renewal("PRODUCT_SUBSCRIPTIONS", "P1M", 1, 19),
    renewal("SUPPORT_PLANS", None, 1, 1),
]


@pytest.fixture
async def shop(ask, given):
    """A business whose model was fitted a year and a half ago, and again yesterday."""
    ask.now = NOW
    await given.business(zone="UTC")
    for moment in (NOW - 80 * WEEK, NOW - DAY):
        await add_model(given, trained_until=moment, renewals=json.dumps(RENEWALS))
    return given


@pytest.fixture
def value(ask):
    """Returns the lifetime value of a customer."""

    async def read(customer, **variables):
        return (await ask(ONE, id=customer.id, **variables))["customer"]["lifetimeValue"]

    return read


def streams(found) -> dict[str, Decimal]:
    """Return what each stream is expected to bring, as far as that is anything."""
    parts = {part["stream"]: Decimal(part["expected"]["amount"]) for part in found["predicted"]["byStream"]}
    assert len(parts) == 5
    assert sum(parts.values()) == Decimal(found["predicted"]["expected"]["amount"])
    assert Decimal(found["total"]["amount"]) == net(found) + sum(parts.values())
    return {stream: amount for stream, amount in parts.items() if amount}


def net(found) -> Decimal:
    return Decimal(found["historic"]["net"]["amount"])


async def orders(given, customer, *days):
    for day in days:
        await given.order(customer, 40, placed_at=NOW - day * DAY)


async def test_a_contract_brings_its_value_when_it_is_renewed(shop, value):
    customer = await shop.customer()
    await orders(shop, customer, 300, 200, 100)
    alone = streams(await value(customer))
    await shop.contract(customer, starts_at=NOW - 30 * WEEK, term_ends_at=NOW + 22 * WEEK, auto_renew=True)
    found = await value(customer)
    by_hand = 1200 * 0.75 * exp(-RATE * 22)
    assert streams(found) == alone | {"CONTRACTS": round(Decimal(by_hand), 2)}
    assert net(found) == 3 * 40 + 1200


async def test_moving_past_a_renewal_moves_its_value_from_what_is_expected_to_what_was_brought(shop, value):
    customer = await shop.customer(created_at=NOW - 90 * WEEK)
    begin, end = NOW - 60 * WEEK, NOW - 8 * WEEK
    renewed = {"change": "RENEWED", "changed_at": end - WEEK, "term_starts_at": end, "term_ends_at": end + 52 * WEEK}
    await shop.contract(customer, renewed, starts_at=begin, term_ends_at=end, auto_renew=True)
    before, after = [
        await value(customer, asOf=(end - WEEK + step).isoformat(), horizon="P6M") for step in (-DAY, timedelta(0))
    ]
    assert [net(before), net(after)] == [1200, 2400]
    assert streams(before) == {"CONTRACTS": round(Decimal(1200 * 0.75 * exp(-RATE * 8 / 7)), 2)}
    assert streams(after) == {}


async def test_a_payment_is_expected_until_it_is_recorded_and_then_it_is_history(shop, value):
    customer = await shop.customer(created_at=NOW - 90 * WEEK)
    start, paid = NOW - 50 * DAY, NOW - 20 * DAY
    renewed = {"change": "RENEWED", "changed_at": paid, "period_start": paid, "period_end": paid + 30 * DAY}
    subscription = await shop.subscription(customer, renewed, started_at=start)
    for moment in (start, paid):
        await shop.payment(customer, subscription, paid_at=moment)
    before, after = [await value(customer, asOf=(paid + step).isoformat(), horizon="P1W") for step in (-DAY, DAY)]
    by_hand = 10 * 19 / 20 * exp(-RATE / 7)
    assert [net(before), net(after)] == [10, 20]
    assert streams(before) == {"PRODUCT_SUBSCRIPTIONS": round(Decimal(by_hand), 2)}
    assert streams(after) == {}


async def test_what_was_not_known_then_is_not_expected_then(shop, value):
    customer = await shop.customer(created_at=NOW - 90 * WEEK)
    begin, learnt = NOW - 30 * WEEK, NOW - 10 * WEEK
    await shop.contract(customer, starts_at=begin, term_ends_at=NOW + 4 * WEEK, auto_renew=True, recorded_at=learnt)
    moment = NOW - 5 * WEEK
    known, unknown = [
        await value(customer, asOf=moment.isoformat(), knownAt=at.isoformat()) for at in (learnt, learnt - DAY)
    ]
    assert streams(known) == {"CONTRACTS": round(Decimal(1200 * 0.75 * exp(-RATE * 9)), 2)}
    assert (unknown["predicted"]["code"], unknown["total"]) == ("NO_PURCHASES", None)
    assert (await value(customer, asOf=(begin - DAY).isoformat()))["predicted"]["code"] == "NO_PURCHASES"


async def test_of_who_has_placed_no_order_terms_alone_are_expected_and_it_says_so(shop, value):
    customer, nobody = await shop.customer(), await shop.customer()
    await shop.support_plan(
        customer,
        paid=True,
        price=Decimal(80),
        currency="EUR",
        starts_at=NOW - 48 * WEEK,
        term_ends_at=NOW + 4 * WEEK,
    )
    found = await value(customer)
    assert streams(found) == {"SUPPORT_PLANS": round(Decimal(80 / 2 * exp(-RATE * 4)), 2)}
    forecast = found["predicted"]
    assert (forecast["expectedPurchases"], forecast["nextPurchase"], forecast["probabilityActive"]) == (0, None, 0.5)
    assert "ORDERS_UNKNOWN" in forecast["flags"]
    first, second = sorted(forecast["drivers"], key=lambda driver: driver["name"])
    assert first["explanation"] == "Has placed no order yet, so nothing is expected of orders."
    assert second["explanation"] == "1 support plan; the next renewal is due in 4 weeks, with a chance of 50 %."
    assert second["effect"]["amount"] == forecast["expected"]["amount"]
    refused = await value(nobody)
    assert (refused["predicted"]["code"], refused["total"]) == ("NO_PURCHASES", None)


async def test_drivers_still_explain_what_is_expected(shop, value):
    buyer, both, new = [await shop.customer() for _ in range(3)]
    for customer in (buyer, both):
        await orders(shop, customer, 300, 200, 100)
    await orders(shop, new, 0)
    await shop.contract(both, starts_at=NOW - 30 * WEEK, term_ends_at=NOW + 22 * WEEK, auto_renew=True)
    without, found = [(await value(customer))["predicted"]["drivers"] for customer in (buyer, both)]
    assert found[0]["name"] == "TERMS"
    assert found[1:] == without
    assert found[0]["effect"]["amount"] == f"{1200 * 0.75 * exp(-RATE * 22):.2f}"


async def test_a_price_in_another_currency_is_shown_apart_and_counted_nowhere(shop, value):
    customer = await shop.customer()
    await orders(shop, customer, 100)
    alone = await value(customer)
    ends = {"starts_at": NOW - 30 * WEEK, "term_ends_at": NOW + 22 * WEEK}
    await shop.contract(customer, **ends, auto_renew=True, currency="USD", value=Decimal(100))
    found = await value(customer)
    assert streams(found) == streams(alone)
    elsewhere = {"amount": f"{75 * exp(-RATE * 22):.2f}", "currencyCode": "USD"}
    assert found["predicted"]["inOtherCurrencies"] == [elsewhere]
    assert alone["predicted"]["inOtherCurrencies"] == []
    # It is renewed in whatever currency, so there is something to come.
    assert found["predicted"]["probabilityActive"] > 0.75 > alone["predicted"]["probabilityActive"]


@pytest.mark.parametrize(("horizon", "active"), [("P12M", 0.75), ("P1M", 1.0)])
async def test_what_runs_to_the_end_of_the_horizon_or_is_renewed_makes_a_customer_active(shop, value, horizon, active):
    customer = await shop.customer()
    await shop.contract(customer, starts_at=NOW - 30 * WEEK, term_ends_at=NOW + 22 * WEEK, auto_renew=True)
    found = (await value(customer, horizon=horizon))["predicted"]
    assert found["probabilityActive"] == active
    assert found["churnRisk"] == {"probability": 1 - active, "band": "LOW", "basis": "MODEL"}


async def test_orders_and_terms_are_independent_chances(shop, value):
    customer = await shop.customer()
    await orders(shop, customer, 300, 200)
    alone = (await value(customer))["predicted"]["probabilityActive"]
    await shop.contract(customer, starts_at=NOW - 30 * WEEK, term_ends_at=NOW + 22 * WEEK, auto_renew=True)
    found = (await value(customer))["predicted"]["probabilityActive"]
    assert found == pytest.approx(1 - (1 - alone) * 0.25, abs=2e-6)


async def test_where_losses_cannot_be_told_terms_can_lower_a_risk_that_silence_tells(ask, given, value):
    ask.now = NOW
    await given.business(zone="UTC")
    await add_model(given, trained_until=NOW, flags=["SMALL_SAMPLE"], renewals=json.dumps(RENEWALS))
    silent, kept, unknown = [await given.customer() for _ in range(3)]
    for customer in (silent, kept):
        for day in range(400, 380, -2):
            await given.order(customer, 40, placed_at=NOW - day * DAY)
    for customer in (kept, unknown):
        await given.contract(customer, starts_at=NOW - 30 * WEEK, term_ends_at=NOW + 22 * WEEK, auto_renew=True)
    risks = [(await value(customer))["predicted"]["churnRisk"] for customer in (silent, kept, unknown)]
    assert [(risk["band"], risk["basis"]) for risk in risks] == [
        ("HIGH", "SILENCE"),
        ("LOW", "MODEL"),
        ("LOW", "MODEL"),
    ]


async def test_ranges_of_customers_without_terms_are_what_they_were_and_others_say_how_they_were_made(ask, shop):
    customers = [await shop.customer() for _ in range(3)]
    for customer in customers[:2]:
        await orders(shop, customer, 300, 200, 100)
    before = {node["id"]: node for node in (await ask(MANY))["customers"]["nodes"]}
    for customer in customers[1:]:
        await shop.contract(customer, starts_at=NOW - 30 * WEEK, term_ends_at=NOW + 22 * WEEK, auto_renew=True)
    after = {node["id"]: node for node in (await ask(MANY))["customers"]["nodes"]}
    assert before[customers[0].id] == after[customers[0].id]
    ranges = [after[customer.id]["lifetimeValue"]["predicted"]["interval"] for customer in customers]
    assert [each["method"] for each in ranges] == ["APPROXIMATE", "COMBINED", "COMBINED"]
    both, contract = ([Decimal(each[end]["amount"]) for end in ("low", "high")] for each in ranges[1:])
    # A quarter of the contracts is not renewed, which is more than a tenth, and all others bring the same.
    assert contract == [0, round(Decimal(1200 * exp(-RATE * 22)), 2)]
    assert both[0] == 0 < contract[1] < both[1]


async def test_a_customer_alone_is_what_they_are_in_a_list(ask, shop, value):
    customers = [await shop.customer() for _ in range(3)]
    await orders(shop, customers[0], 300, 100)
    for customer in customers[:2]:
        await shop.subscription(customer, started_at=NOW - 20 * DAY)
    nodes = {node["id"]: node["lifetimeValue"] for node in (await ask(MANY))["customers"]["nodes"]}
    for customer in customers:
        assert nodes[customer.id] == await value(customer)


async def test_value_and_total_are_scored_once_in_one_statement(ask, shop, value, monkeypatch):
    customer = await shop.customer()
    await orders(shop, customer, 100)
    batches = []
    made = prediction.Batch.__init__

    def noted(self, *given):
        batches.append(given)
        made(self, *given)

    monkeypatch.setattr(prediction.Batch, "__init__", noted)
    await value(customer)
    assert (len(batches), len(ask.statements)) == (1, 1)


async def test_a_model_says_how_long_terms_are_kept(ask, shop):
    customer = await shop.customer()
    await orders(shop, customer, 100)
    told = "stream termLength renewedFirst renewedSecond renewedThird method seen restsOnPrior"
    query = f"""query ($id: ID!) {{ customer(by: {{id: $id}}) {{ lifetimeValue {{ predicted {{
      ... on PredictedValue {{ model {{ renewals {{ {told} }} }} }} }} }} }} }}"""
    found = (await ask(query, id=customer.id))["customer"]["lifetimeValue"]["predicted"]["model"]["renewals"]
    rest = {"method": "sBG", "seen": 400, "restsOnPrior": False}
    shares = ((0.75, 0.8, 5 / 6), (0.95, 20 / 21, 21 / 22), (0.5, 2 / 3, 0.75))
    named = [("CONTRACTS", "P12M"), ("PRODUCT_SUBSCRIPTIONS", "P1M"), ("SUPPORT_PLANS", None)]
    assert found == [
        {"stream": stream, "termLength": term}
        | dict(zip(("renewedFirst", "renewedSecond", "renewedThird"), map(pytest.approx, each), strict=True))
        | rest
        for (stream, term), each in zip(named, shares, strict=True)
    ]


async def test_an_earlier_model_that_saw_no_terms_rests_on_what_is_usual(ask, given, value):
    ask.now = NOW
    await given.business(zone="UTC")
    await add_model(given, trained_until=NOW)
    customer, plan = await given.customer(), await given.customer()
    await given.contract(customer, starts_at=NOW - 30 * WEEK, term_ends_at=NOW + 22 * WEEK, auto_renew=True)
    await given.contract(plan, starts_at=NOW - 30 * WEEK, term_ends_at=NOW + 22 * WEEK)
    found = await value(customer)
    assert streams(found) == {"CONTRACTS": round(Decimal(1200 * 0.8 * exp(-RATE * 22)), 2)}
    assert found["predicted"]["flags"] == ["ORDERS_UNKNOWN", "RENEWALS_UNKNOWN"]
    assert (await value(plan))["predicted"]["flags"] == ["ORDERS_UNKNOWN"]


async def test_what_is_owed_of_a_term_that_is_not_booked_is_expected_for_sure(shop, value):
    customer = await shop.customer()
    await shop.contract(
        customer,
        starts_at=datetime(2024, 1, 1, tzinfo=UTC),
        term_ends_at=datetime(2025, 1, 1, tzinfo=UTC),
        auto_renew=True,
        billing_interval=Duration(6),
    )
    found = await value(customer, horizon="P3M")
    begun = (NOW - datetime(2026, 1, 1, tzinfo=UTC)) / WEEK
    assert net(found) == 1200
    assert streams(found) == {"CONTRACTS": round(Decimal(600 * exp(-RATE * (WEEKS_IN_YEAR / 2 - begun))), 2)}
    interval = found["predicted"]["interval"]
    assert interval["low"] == interval["high"] == {"amount": found["predicted"]["expected"]["amount"]}
