"""What points that were spent and money for referrals cost: taken off what the customer brings, and given back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from api.reads.checks import findings
from tests.graph.test_mutations_loyalty import DOCUMENTS, PROGRAM
from tests.referrals.shop import Shop
from tests.writes.changes import new_key

pytestmark = pytest.mark.anyio

VALUE = """query ($id: ID!, $since: DateTime!, $asOf: DateTime) {
  customer(by: { id: $id }, asOf: $asOf) { lifetimeValue {
  historic { net { amount } costs { amount } byStream { stream net { amount } } }
  changes(since: $since) { stream amount { amount } cause { __typename } }
  } } }"""
LISTED = '{ customers(first: 9, filter: { historicNet: { lt: "0" } }) { nodes { id } } }'
LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture
async def shop(ask, given):
    ask.now = datetime(2025, 6, 10, 12, tzinfo=UTC)
    await given.business()
    return Shop(ask, given)


async def value(shop, customer, **clocks):
    answer = await shop.ask(VALUE, id=customer.id, since=LONG_AGO, **clocks)
    found = answer["customer"]["lifetimeValue"]
    streams = {part["stream"]: part["net"]["amount"] for part in found["historic"]["byStream"]}
    changes = [(one["stream"], one["amount"]["amount"], one["cause"]["__typename"]) for one in found["changes"]]
    return found["historic"]["net"]["amount"], found["historic"]["costs"]["amount"], streams, changes


async def changed(shop, mutation, **given: Any):
    answer = await shop.ask(DOCUMENTS[mutation], input={"idempotencyKey": new_key(), **given})
    assert answer[mutation]["userErrors"] == []
    return answer[mutation]


async def test_points_cost_what_the_program_says_when_they_are_spent(shop):
    customer = await shop.customer()
    whose = {"customer": {"id": customer.id}}
    begin = {"effectiveFrom": LONG_AGO}
    await changed(shop, "setLoyaltyProgram", program=PROGRAM | {"pointValue": "0.015"}, **begin)
    await changed(shop, "enrollLoyalty", **whose)
    await changed(shop, "adjustPoints", **whose, points=500, reason="Welcome")
    assert (await value(shop, customer))[0] == "0.00", "what is not spent costs nothing"
    before = shop.now.isoformat()
    shop.later(days=1)
    await changed(shop, "redeemPoints", **whose, points=121, reason="A mug")
    net, costs, streams, changes = await value(shop, customer)
    assert (net, costs, streams["LOYALTY"], streams["REFERRALS"]) == ("-1.82", "1.82", "-1.82", "0.00")
    assert changes == [("LOYALTY", "-1.82", "LoyaltyEntry")]
    assert (await value(shop, customer, asOf=before))[:2] == ("0.00", "0.00")
    assert (await shop.ask(LISTED))["customers"]["nodes"] == [{"id": customer.id}]
    assert not any(one.broken for one in await findings(shop.given.connection))


async def test_points_cost_nothing_where_the_program_does_not_say_what_they_are_worth(shop):
    customer = await shop.customer()
    whose = {"customer": {"id": customer.id}}
    await changed(shop, "setLoyaltyProgram", program=PROGRAM, effectiveFrom=LONG_AGO)
    await changed(shop, "enrollLoyalty", **whose)
    await changed(shop, "adjustPoints", **whose, points=500, reason="Welcome")
    await changed(shop, "redeemPoints", **whose, points=120, reason="A mug")
    assert (await value(shop, customer))[:2] == ("0.00", "0.00")


async def test_money_for_a_referral_costs_each_side_until_it_is_taken_back(shop):
    await shop.program()
    referrer, friend, _ = await shop.joined()
    order = (await shop.buy(friend))["order"]["id"]
    assert (await value(shop, referrer))[0] == "-10.00"
    assert (await value(shop, referrer))[3] == [("REFERRALS", "-10.00", "Reward")]
    assert (await value(shop, friend))[:2] == ("20.00", "5.00")
    assert (await shop.ask(LISTED))["customers"]["nodes"] == [{"id": referrer.id}]
    rewarded_at = shop.now.isoformat()
    shop.later(days=1)
    await shop.refund(order)
    assert (await value(shop, referrer))[:2] == ("0.00", "0.00")
    assert (await value(shop, friend))[:2] == ("0.00", "0.00")
    assert (await value(shop, referrer, asOf=rewarded_at))[:2] == ("-10.00", "10.00")
    assert not any(one.broken for one in await findings(shop.given.connection))
