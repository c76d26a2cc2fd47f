"""What cannot be referred: one code each, and nothing is left behind but the refusal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.given import Made
from tests.referrals.shop import SET_PROGRAM, program
from tests.writes.changes import counts, told

pytestmark = pytest.mark.anyio

MONEY = {"money": {"amount": "10", "currencyCode": "EUR"}}
BAD_PROGRAMS: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is wrong: what is changed; code, path below `input.program`
    "two kinds": ({"referrerReward": MONEY | {"points": 5}}, "INVALID", "referrerReward"),
    "no kind": ({"referredReward": {}}, "INVALID", "referredReward"),
    "no points": ({"referrerReward": {"points": 0}}, "OUT_OF_RANGE", "referrerReward.points"),
    "too many": ({"referrerReward": {"points": 1_000_001}}, "OUT_OF_RANGE", "referrerReward.points"),
    "no money": (
        {"referredReward": {"money": {"amount": "0", "currencyCode": "EUR"}}},
        "OUT_OF_RANGE",
        "referredReward.money.amount",
    ),
    "other money": (
        {"minimumPurchase": {"amount": "1", "currencyCode": "USD"}},
        "CURRENCY_MISMATCH",
        "minimumPurchase.currencyCode",
    ),
    "no window": ({"mostRewarded": 3}, "INVALID", "limitWindow"),
    "nobody": ({"mostInvited": 0}, "OUT_OF_RANGE", "mostInvited"),
    "everybody": ({"mostInvited": 10_001}, "OUT_OF_RANGE", "mostInvited"),
    "never": ({"mostRewarded": 0, "limitWindow": "P1M"}, "OUT_OF_RANGE", "mostRewarded"),
    "no time": ({"qualifyWithin": "P0D"}, "OUT_OF_RANGE", "qualifyWithin"),
    "hours": ({"hold": "PT1H"}, "INVALID", "hold"),
}


async def test_a_bad_program_is_refused_and_leaves_nothing(shop, given):
    customer = shop.ask.as_customer((await shop.customer()).key)
    customer.now = shop.now
    before = await counts(given.connection)
    for changed, code, path in BAD_PROGRAMS.values():
        answer = await shop.program(begin="2025-05-01T00:00:00Z", **changed)
        assert (answer["program"], told(answer["userErrors"][0])) == (None, (code, f"input.program.{path}")), changed
    others: list[tuple[dict[str, Any], str, str]] = [
        ({"expected": 2}, "CONFLICT", "input.expectedVersion"),
        ({"begin": "2025-01-01T00:00:00Z"}, "OUT_OF_RANGE", "input.effectiveFrom"),
    ]
    for more, code, path in others:
        answer = await shop.program(**{"begin": "2025-05-01T00:00:00Z"} | more)
        assert told(answer["userErrors"][0]) == (code, path)
    assert answer["userErrors"][0]["currentVersion"] is None
    refused = (await customer(SET_PROGRAM, input=program(begin="2025-05-01T00:00:00Z")))["setReferralProgram"]
    assert told(refused["userErrors"][0]) == ("NOT_FOUND", "input")
    refusals = len(BAD_PROGRAMS) + 3
    assert await counts(given.connection) == before | {"idempotency": before["idempotency"] + refusals}


async def test_a_program_in_force_is_kept_as_it_was_given(shop):
    answer = await shop.program(
        begin="2025-05-01T00:00:00Z",
        expected=1,
        referrerReward={"points": 500},
        referredReward=None,
        minimumPurchase=None,
        hold="P0D",
        mostInvited=7,
        mostRewarded=10,
        limitWindow="P1Y",
        activeReferrersOnly=True,
    )
    assert answer["userErrors"] == []
    assert answer["program"] | {"id": ""} == {
        "id": "",
        "version": 2,
        "effectiveFrom": "2025-05-01T00:00:00.000000Z",
        "referrerReward": {"points": 500, "money": None},
        "referredReward": None,
        "minimumPurchase": {"amount": "0.00", "currencyCode": "EUR"},
        "qualifyWithin": "P30D",
        "hold": "P0D",
        "invitationLifetime": "P30D",
        "mostInvited": 7,
        "mostRewarded": 10,
        "limitWindow": "P12M",
        "activeReferrersOnly": True,
    }


async def test_nobody_is_referred_before_there_is_a_program(shop):
    ann = await shop.customer()
    code = await shop.code(ann)
    shop.later(days=-300)
    ben = await shop.customer()
    assert told((await shop.invite(ann))["userErrors"][0]) == ("INVALID_STATE", "input")
    shop.later(days=300)
    assert (await shop.accept(code, ben))["userErrors"] == []


async def test_who_cannot_join_is_told_why_and_nothing_is_left(shop, given):
    ann = await shop.customer(email="ann.lee@gmail.com")
    ann_code, used = await shop.code(ann), (await shop.invite(ann))["referral"]["code"]
    ben = await shop.customer(email="ben@example.com")
    await shop.accept(used, ben)
    ben_code = await shop.code(ben)
    cid, old, new = await shop.customer(), await shop.customer(email="old@example.com"), await shop.customer()
    await shop.accept(ben_code, cid)
    cid_code = await shop.code(cid)
    await shop.buy(old)
    bound = [await shop.customer() for _ in range(3)]
    for agreed, friend in zip((given.contract, given.subscription, given.support_plan), bound, strict=True):
        await agreed(friend)
    before = await counts(given.connection)
    stranger = Made("cus", UUID(int=1))
    refused = [
        (shop.accept("NOSUCHCODE", new), "CODE_UNKNOWN", "code"),
        (shop.accept(" ", new), "CODE_UNKNOWN", "code"),
        (shop.accept(used, new), "CODE_EXPIRED", "code"),
        (shop.accept(ann_code, ann), "SELF_REFERRAL", "customer"),
        (shop.accept(ben_code, ann), "SELF_REFERRAL", "customer"),
        (shop.accept(cid_code, ann), "SELF_REFERRAL", "customer"),
        (shop.accept(ann_code, ben), "ALREADY_REFERRED", "customer"),
        (shop.accept(ann_code, old), "ALREADY_CUSTOMER", "customer"),
        *[(shop.accept(ann_code, friend), "ALREADY_CUSTOMER", "customer") for friend in bound],
        (shop.buy(bound[0], referralCode=ann_code), "ALREADY_CUSTOMER", "purchase.referralCode"),
        (shop.buy(new, referralCode="NOSUCHCODE"), "CODE_UNKNOWN", "purchase.referralCode"),
        (shop.buy(new, referralCode=used), "CODE_EXPIRED", "purchase.referralCode"),
        (shop.buy(ann, referralCode=cid_code), "SELF_REFERRAL", "purchase.referralCode"),
        (shop.buy(cid, referralCode=ann_code), "ALREADY_REFERRED", "purchase.referralCode"),
        (shop.buy(old, referralCode=ann_code), "ALREADY_CUSTOMER", "purchase.referralCode"),
        (shop.invite(ann, referredEmail="AnnLee+friend@googlemail.com"), "SELF_REFERRAL", "referral.referredEmail"),
        (shop.invite(ann, referredEmail="old@example.com"), "ALREADY_CUSTOMER", "referral.referredEmail"),
        (shop.invite(ann, referredEmail="ben@example.com"), "ALREADY_REFERRED", "referral.referredEmail"),
        (shop.invite(ann, referredEmail="nobody"), "INVALID", "referral.referredEmail"),
        (shop.invite(ann, referred={"id": ann.id}), "SELF_REFERRAL", "referral.referred"),
        (shop.invite(ann, referred={"id": old.id}), "ALREADY_CUSTOMER", "referral.referred"),
        (shop.invite(ann, code=ben_code), "TAKEN", "referral.code"),
        (shop.invite(ann, code="short"), "INVALID", "referral.code"),
        (shop.invite(stranger), "NOT_FOUND", "referral.referrer"),
        (shop.review("rfl_" + "0" * 32, True), "NOT_FOUND", "referralId"),
        (shop.review(ann.id, True), "NOT_FOUND", "referralId"),
    ]
    for asked, code, path in refused:
        answer = await asked
        assert [told(error) for error in answer["userErrors"]] == [(code, f"input.{path}")]
        assert answer.get("referral") is answer.get("order") is None
    after = await counts(given.connection)
    assert after == before | {"idempotency": before["idempotency"] + len(refused)}


async def test_nobody_has_more_invitations_open_than_the_program_allows(shop, given):
    ann, ben = await shop.customer(), await shop.customer()
    assert await given.connection.fetchval("SELECT most_invited FROM referral_programs") == 50
    await shop.program(begin="2025-05-01T00:00:00Z", mostInvited=2)
    first = (await shop.invite(ann))["referral"]
    shop.later(days=1)
    second = (await shop.invite(ann))["referral"]
    before = await counts(given.connection)
    refused = await shop.invite(ann)
    assert [told(error) for error in refused["userErrors"]] == [("LIMIT_EXCEEDED", "input.referral.referrer")]
    assert await counts(given.connection) == before | {"idempotency": before["idempotency"] + 1}
    assert (await shop.invite(ben))["userErrors"] == [], "somebody else's count for themselves"
    known = await shop.invite(ann, referred={"id": (await shop.customer()).id})
    assert known["userErrors"] == [], "who joins at once leaves nothing open"
    await shop.accept(second["code"], await shop.customer())
    assert (await shop.invite(ann))["userErrors"] == []
    shop.later(days=29, microseconds=-1)
    assert first["expiresAt"] == "2025-07-01T12:00:00.000000Z"
    assert [error["code"] for error in (await shop.invite(ann))["userErrors"]] == ["LIMIT_EXCEEDED"]
    shop.later(microseconds=1)
    assert (await shop.invite(ann))["userErrors"] == [], "the first one has lapsed"


async def test_a_purchase_made_before_joining_that_is_recorded_later_rejects_the_referral(shop):
    _, ben, joined = await shop.joined()
    shop.later(days=1)
    rejected = (await shop.buy(ben, placedAt="2025-05-01T00:00:00Z"))["referral"]
    assert (rejected["id"], rejected["status"], rejected["rejectionReasons"], rejected["rewards"]) == (
        joined["id"],
        "REJECTED",
        ["ALREADY_CUSTOMER"],
        [],
    )
    assert (await shop.buy(ben))["referral"] is None


@pytest.mark.parametrize(("hours", "status"), [(1, "REVERSED"), (14 * 24 - 1, "REVERSED"), (14 * 24, "REWARDED")])
async def test_a_purchase_made_before_joining_takes_rewards_back_only_while_they_wait(shop, given, hours, status):
    _, ben, joined = await shop.joined()
    await shop.buy(ben)
    shop.later(hours=hours)
    late = (await shop.buy(ben, "0.01", placedAt="2025-05-31T00:00:00Z"))["referral"]
    read = await shop.read(joined["id"])
    assert late == (read if status == "REVERSED" else None)
    assert (read["status"], read["rejectionReasons"]) == (status, ["ALREADY_CUSTOMER"] * (status == "REVERSED"))
    assert {each["status"] for each in read["rewards"]} == {{"REWARDED": "ISSUED"}.get(status, status)}
    owed = await given.connection.fetchval("SELECT sum(amount) FROM customer_costs")
    assert owed == {"REVERSED": 0, "REWARDED": 15}[status]
    shop.later(hours=-1)
    assert (await shop.read(joined["id"], asOf=shop.now))["status"] == "QUALIFIED"
