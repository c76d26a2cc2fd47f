"""Rewards in points stand in the ledger: pending until the hold is over, and taken back with the referral."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from api.database import prepare
from api.domain.calendar import Duration
from api.reads.referral_checks import LAWS
from api.writes.loyalty_expiry import expire_points
from tests.referrals.shop import DAY
from tests.writes.changes import new_key
from tests.writes.points import ENROLL, account, balance, entries, program

pytestmark = pytest.mark.anyio

REDEEM = "mutation ($input: RedeemPointsInput!) { redeemPoints(input: $input) { userErrors { code } } }"
POINTS = {"referrerReward": {"points": 100}, "referredReward": {"points": 50}}


async def lots(given, customer):
    return [
        tuple(row)
        for row in await given.connection.fetch(
            "SELECT points, available_at, expires_at FROM loyalty_lots WHERE customer_id = $1", customer.key
        )
    ]


async def test_points_wait_in_the_ledger_and_are_taken_back_with_the_referral(shop, given):
    await program(given, ("0", None, None, None), expires_after=Duration(days=365))
    await shop.program(begin="2025-05-01T00:00:00Z", **POINTS)
    ann, ben, _ = await shop.joined()
    for customer in (ann, ben):
        await account(given, customer, shop.now - DAY)
    bought = await shop.buy(ben)
    assert [each["points"] for each in bought["referral"]["rewards"]] == [100, 50]
    release = shop.now + 14 * DAY
    assert await lots(given, ann) == [(100, release, release + timedelta(days=365))]
    assert (await balance(given, ann), await balance(given, ben)) == ((100, 0), (50, 0))
    assert await given.connection.fetchval("SELECT sum(counted) FROM loyalty_entries") == 0, "no tier is bought so"
    shop.later(days=1)
    reversed_ = (await shop.refund(bought["order"]["id"]))["referral"]
    assert [each["status"] for each in reversed_["rewards"]] == ["REVERSED"] * 2
    assert await entries(given, ann) == [("EARN", 100, 100), ("REVERSE", -100, 0)]
    assert (await balance(given, ann), await balance(given, ben)) == ((0, 0), (0, 0))


async def test_what_expired_unspent_is_not_taken_back_and_the_version_in_force_is_the_floor(shop, given, database):
    nothing, lives = ("0", None, None, None), Duration(days=10)
    await program(given, nothing, expires_after=lives)
    begin = shop.now + DAY / 2
    await program(given, nothing, version=2, effective_from=begin, expires_after=lives, floor=-15)
    await shop.program(begin="2025-05-01T00:00:00Z", **POINTS)
    ann, ben, _ = await shop.joined()
    for customer in (ann, ben):
        await account(given, customer, shop.now - DAY)
    order, sent_back_at = (await shop.buy(ben))["order"]["id"], shop.now + DAY
    shop.later(days=20)
    spending = {"idempotencyKey": new_key(), "customer": {"id": ben.id}, "points": 20, "reason": "Mug"}
    await shop.ask(REDEEM, input=spending)
    shop.later(days=10)
    assert await expire_points(database, shop.now) == 2
    _, other, _ = await shop.joined(ann)
    await shop.buy(other)
    late = await shop.refund(order, refundedAt=sent_back_at.isoformat())
    assert late["referral"]["status"] == "REVERSED"
    assert await entries(given, ann) == [("EARN", 100, 100), ("EXPIRE", -100, 0), ("EARN", 100, 100)]
    taken_back = [("EARN", 50, 50), ("REDEEM", -20, 30), ("EXPIRE", -30, 0), ("REVERSE", -15, -15)]
    assert (await entries(given, ben), await balance(given, ben)) == (taken_back, (-15, 5))
    assert not any([await given.connection.fetchval(prepare(check).sql) for check in LAWS.values()])


async def test_points_wait_for_who_has_no_account_until_there_is_one(shop, given):
    await program(given, ("0", None, None, None))
    await shop.program(begin="2025-05-01T00:00:00Z", **POINTS)
    ann, ben, joined = await shop.joined()
    await account(given, ben, shop.now - DAY)
    await shop.buy(ben)
    shop.later(days=20)
    waiting = await shop.read(joined["id"])
    assert [each["status"] for each in waiting["rewards"]] == ["PENDING", "ISSUED"]
    sent = {"idempotencyKey": new_key(), "customer": {"id": ann.id}}
    assert (await shop.ask(ENROLL, input=sent))["enrollLoyalty"]["userErrors"] == []
    assert await lots(given, ann) == [(100, shop.now, None)]
    assert [each["status"] for each in (await shop.read(joined["id"]))["rewards"]] == ["ISSUED"] * 2
    before = await shop.read(joined["id"], asOf=shop.now - DAY)
    assert [each["status"] for each in before["rewards"]] == ["PENDING", "ISSUED"]


async def test_points_are_lost_to_who_had_closed_their_account(shop, given):
    await program(given, ("0", None, None, None))
    await shop.program(begin="2025-05-01T00:00:00Z", **POINTS)
    ann, ben, joined = await shop.joined()
    await account(given, ann, shop.now - DAY)
    await account(given, ben, shop.now - DAY, closed_at=shop.now, closing_recorded_at=shop.now)
    bought = await shop.buy(ben)
    assert [each["status"] for each in bought["referral"]["rewards"]] == ["PENDING", "FORFEITED"]
    shop.later(days=20)
    rewards = (await shop.read(joined["id"]))["rewards"]
    lost = "The account for points was closed before the reward came."
    assert [(each["status"], each["reason"]) for each in rewards] == [("ISSUED", None), ("FORFEITED", lost)]
    assert (await balance(given, ann), await balance(given, ben)) == ((100, 0), (0, 0))
    as_ann = replace(shop, ask=shop.ask.as_customer(ann.key))
    seen = (await as_ann.read(joined["id"]))["rewards"]
    assert [each["status"] for each in seen] == ["ISSUED"], "whether Ben closed an account is his affair"


async def test_nothing_waits_any_more_of_a_referral_that_was_reversed(shop, given):
    await program(given, ("0", None, None, None))
    await shop.program(begin="2025-05-01T00:00:00Z", **POINTS)
    ann, ben, _ = await shop.joined()
    await shop.refund((await shop.buy(ben))["order"]["id"])
    await shop.ask(ENROLL, input={"idempotencyKey": new_key(), "customer": {"id": ann.id}})
    assert await balance(given, ann) == (0, 0)
