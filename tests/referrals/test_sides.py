"""What each side may see of a referral: its own part, and nothing of what only the business is to know."""

from __future__ import annotations

from typing import Any

import pytest

from tests.referrals.shop import READ
from tests.writes.changes import new_key

pytestmark = pytest.mark.anyio


async def test_each_side_sees_a_referral_and_what_they_get_for_it(shop):
    ann = await shop.customer(email="ann.lee@gmail.com")
    ben = await shop.customer(email="annlee+ben@gmail.com")
    joined = (await shop.accept(await shop.code(ann), ben))["referral"]
    await shop.review(joined["id"], True)
    told = (await shop.buy(ben))["referral"]
    assert (len(told["signals"]), told["note"]) == (1, "Looked at.")
    own, friends, other = (shop.ask.as_customer(each.key) for each in (ann, ben, await shop.customer()))
    for ask in (own, friends, other):
        ask.now = shop.now
    by_ann, by_ben = [(await ask(READ, id=told["id"]))["node"] for ask in (own, friends)]
    hidden: dict[str, Any] = {"signals": [], "note": None}
    assert by_ann == told | hidden | {
        "referred": None,
        "attributedValue": None,
        "rewards": told["rewards"][:1],
    }
    assert by_ben == told | hidden | {"referrer": None, "rewards": told["rewards"][1:]}
    came = "query ($b: CustomerIdentifierInput!) { customer(by: $b) { referredBy { rewards { id } } } }"
    seen = (await friends(came, b={"id": ben.id}))["customer"]["referredBy"]
    assert seen == {"rewards": [{"id": told["rewards"][1]["id"]}]}
    listed = "{ referrals { nodes { id } } }"
    assert [(await ask(listed))["referrals"]["nodes"] for ask in (own, friends, other)] == [
        [{"id": told["id"]}],
        [{"id": told["id"]}],
        [],
    ]
    reward = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    ids = [each["id"] for each in told["rewards"]]
    assert (await friends(reward, ids=ids))["nodes"] == [None, {"id": ids[1]}]
    sent = {"idempotencyKey": new_key(), "referralId": joined["id"], "accept": True, "note": "Mine."}
    review = "mutation ($input: ReviewReferralInput!) { reviewReferral(input: $input) { userErrors { code } } }"
    for ask in (own, friends):
        refused = {"reviewReferral": {"userErrors": [{"code": "NOT_FOUND"}]}}
        assert await ask(review, input=sent | {"idempotencyKey": new_key()}) == refused
