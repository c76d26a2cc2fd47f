"""A referral from the invitation to the reward, or to wherever else it goes; in one answer each."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio


async def test_a_friend_is_invited_joins_buys_and_both_are_rewarded(shop):
    ann, ben = await shop.customer(), await shop.customer()
    invited = (await shop.invite(ann, referredEmail="ben@example.com"))["referral"]
    assert (invited["status"], invited["referred"], invited["version"]) == ("INVITED", None, 1)
    joined = (await shop.accept(invited["code"].lower(), ben))["referral"]
    assert (joined["id"], joined["status"], joined["referred"]) == (invited["id"], "JOINED", {"id": ben.id})
    bought = await shop.buy(ben)
    referral = bought["referral"]
    assert (referral["status"], referral["qualifiesAt"]) == ("QUALIFIED", "2025-06-15T12:00:00.000000Z")
    told = [(each["recipient"]["id"], each["money"]["amount"], each["status"]) for each in referral["rewards"]]
    assert told == [(ann.id, "10.00", "PENDING"), (ben.id, "5.00", "PENDING")]
    assert referral["attributedValue"] == {"amount": "25.00", "currencyCode": "EUR"}
    shop.later(days=14)
    rewarded = await shop.read(referral["id"])
    assert (rewarded["status"], [each["status"] for each in rewarded["rewards"]]) == ("REWARDED", ["ISSUED"] * 2)
    assert rewarded["version"] == 3
