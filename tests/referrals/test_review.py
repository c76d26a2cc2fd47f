"""Signs that a referral may be a fraud, and decisions on what they hold up."""

from __future__ import annotations

import pytest

from api.domain.postal_address import PostalAddress
from api.domain.referral_identity import Identity, signals
from api.domain.referral_signals import WEIGHTS, is_held, mailbox
from tests.writes.changes import told

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ada.B+x@gmail.com", "adab@googlemail.com", True),
        ("ada+x@outlook.com", "ada@outlook.com", True),
        ("a.da@outlook.com", "ada@outlook.com", False),
        ("ada+x@example.com", "ada@example.com", False),
        ("a.da@example.com", "ada@example.com", False),
        ("ADA@Example.com", "ada@example.com", True),
    ],
)
def test_addresses_are_the_same_that_lead_to_one_mailbox(one, other, same):
    assert (mailbox(one) == mailbox(other)) is same


def test_signs_are_evidence_and_only_strong_ones_hold():
    home = PostalAddress("Lindenstr. 5", "Bonn", "DE", postal_code="53111")
    friend = Identity(frozenset({"a.b@gmail.com"}), frozenset({"+49301"}), frozenset({b"1"}), frozenset({home}))
    nobody = Identity()
    assert signals(friend, around=nobody, above=nobody, lately=4) == []
    assert signals(friend, around=friend, above=friend, lately=5) == [
        "SAME_EMAIL", "SAME_PHONE", "SAME_DEVICE", "SAME_ADDRESS", "CIRCLE", "VELOCITY",
    ]  # fmt: skip
    assert all(0 < weight <= 1 for weight in WEIGHTS.values())
    assert [is_held([sign]) for sign in WEIGHTS] == [True, True, True, False, False, True, False]
    assert all(is_held([sign, "VELOCITY"]) for sign in ("SAME_DEVICE", "SAME_ADDRESS"))


def address(line1, city="Bonn", country="DE", **more):
    return {"address1": line1, "city": city, "postal_country": country, "postal_code": "53111"} | more


async def test_who_lives_at_one_address_is_noticed_and_not_held_for_that_alone(shop):
    ann = await shop.customer(**address("Château-Str. 5, 3. Stock"))
    code = await shop.code(ann)
    housemate = await shop.customer(**address("chateau str 5", "Bonn am Rhein", address2="3 Stock"))
    joined = (await shop.accept(code, housemate))["referral"]
    (sign,) = joined["signals"]
    assert (sign["code"], sign["weight"], joined["heldForReview"]) == ("SAME_ADDRESS", 0.3, False)
    assert (
        sign["explanation"]
        == "The friend lives at the address of the referrer, of another friend or of somebody before them."
    )
    for elsewhere in (
        address("Château-Str. 5, 4. Stock"),
        address("Château-Str. 5, 3. Stock", country="AT"),
        address("Château-Str. 5, 3. Stock", postal_code="53113"),
        address("Château-Str. 5, 3. Stock", postal_code=None),
    ):
        assert (await shop.accept(code, await shop.customer(**elsewhere)))["referral"]["signals"] == []
    _, elsewhere, _ = await shop.joined(housemate)
    third = await shop.customer(**address("CHATEAUSTR 5 3 STOCK"))
    referral = (await shop.accept(await shop.code(elsewhere), third))["referral"]
    assert [each["code"] for each in referral["signals"]] == ["SAME_ADDRESS"], "a family is no circle"
    assert referral["heldForReview"] is False


async def held(shop):
    """Return a referrer, a friend with the same mailbox, and the referral, which is held."""
    ann = await shop.customer(email="ann.lee@gmail.com")
    ben = await shop.customer(email="annlee+ben@gmail.com")
    return ann, ben, (await shop.accept(await shop.code(ann), ben))["referral"]


async def test_a_referral_that_looks_odd_waits_until_somebody_accepts_it(shop):
    _, ben, joined = await held(shop)
    assert (joined["status"], joined["heldForReview"]) == ("JOINED", True)
    (sign,) = joined["signals"]
    assert (sign["code"], sign["weight"], "mailbox" in sign["explanation"]) == ("SAME_EMAIL", 0.6, True)
    bought = (await shop.buy(ben))["referral"]
    assert (bought["status"], bought["heldForReview"], bought["rewards"]) == ("QUALIFIED", True, [])
    waiting = "{ referrals(filter: {heldForReview: true}) { nodes { id } totalCount { count } } }"
    assert (await shop.ask(waiting))["referrals"]["nodes"] == [{"id": joined["id"]}]
    shop.later(days=20)
    assert (await shop.read(joined["id"]))["status"] == "QUALIFIED", "time alone gives nothing"
    conflict = await shop.review(joined["id"], True, expectedVersion=1)
    assert (told(conflict["userErrors"][0]), conflict["userErrors"][0]["currentVersion"]) == (
        ("CONFLICT", "input.expectedVersion"),
        2,
    )
    accepted = (await shop.review(joined["id"], True, expectedVersion=2))["referral"]
    assert (accepted["status"], accepted["heldForReview"], accepted["note"]) == ("REWARDED", False, "Looked at.")
    assert accepted["qualifiesAt"] == shop.now.isoformat().replace("+00:00", ".000000Z")
    assert [each["status"] for each in accepted["rewards"]] == ["ISSUED"] * 2
    again = await shop.review(joined["id"], False)
    assert told(again["userErrors"][0]) == ("INVALID_STATE", "input.referralId")


async def test_a_referral_that_is_rejected_gives_nothing(shop):
    _, ben, joined = await held(shop)
    bought = await shop.buy(ben)
    rejected = (await shop.review(joined["id"], False))["referral"]
    assert (rejected["status"], rejected["heldForReview"]) == ("REJECTED", False)
    assert (rejected["rejectionReasons"], rejected["rewards"]) == (["SHARED_IDENTITY"], [])
    assert (await shop.refund(bought["order"]["id"]))["referral"] is None
    cid = await shop.customer()
    assert told((await shop.accept(await shop.code(cid), ben))["userErrors"][0])[0] == "ALREADY_REFERRED"


async def test_what_is_accepted_before_the_friend_buys_counts_by_itself(shop):
    _, ben, joined = await held(shop)
    accepted = (await shop.review(joined["id"], True))["referral"]
    assert (accepted["status"], accepted["heldForReview"], accepted["rewards"]) == ("JOINED", False, [])
    assert len((await shop.buy(ben))["referral"]["rewards"]) == 2


async def test_a_purchase_made_before_joining_rejects_what_is_held(shop):
    _, ben, _ = await held(shop)
    shop.later(days=1)
    assert (await shop.buy(ben))["referral"]["heldForReview"] is True
    shop.later(days=30)
    rejected = (await shop.buy(ben, placedAt="2025-05-01T00:00:00Z"))["referral"]
    assert (rejected["status"], rejected["rejectionReasons"]) == ("REJECTED", ["ALREADY_CUSTOMER"])


async def test_a_refund_of_what_is_held_rejects_it(shop):
    _, ben, _ = await held(shop)
    bought = await shop.buy(ben)
    shop.later(days=60)
    rejected = (await shop.refund(bought["order"]["id"]))["referral"]
    assert (rejected["status"], rejected["rejectionReasons"], rejected["rewards"]) == ("REJECTED", ["REFUNDED"], [])


async def test_devices_numbers_crowds_and_circles_are_noticed(shop, given):
    ann = await shop.customer()
    code = await shop.code(ann, deviceId="phone-1")
    _, _, once = await shop.joined(ann, deviceId="phone-1")
    assert [sign["code"] for sign in once["signals"]] == ["SAME_DEVICE"]
    assert once["heldForReview"] is False
    for number in range(4):
        ben = await shop.customer(email=f"b{number}@example.com")
        crowd = (await shop.accept(code, ben, deviceId=f"phone-2{number}"))["referral"]
    assert crowd["signals"] == []
    crowd = (await shop.accept(code, await shop.customer(), deviceId="phone-23"))["referral"]
    assert [sign["code"] for sign in crowd["signals"]] == ["SAME_DEVICE", "VELOCITY"]
    assert crowd["heldForReview"] is True
    # Somebody whom Ann was merged with, and a friend of Ben's friend who has Ann's number.
    await shop.customer(phone="+4930111", merged_into=ann.key)
    _, cid, _ = await shop.joined(ben)
    dan = await shop.customer(phone="+4930111")
    circle = (await shop.accept(await shop.code(cid), dan))["referral"]
    assert [sign["code"] for sign in circle["signals"]] == ["CIRCLE"]
    eve = await shop.customer(email="b.0@example.com")
    await given.connection.execute("UPDATE customers SET phone = NULL WHERE customer_id = $1", dan.key)
    await given.connection.execute("UPDATE customers SET phone = '+4930111' WHERE customer_id = $1", eve.key)
    shop.later(days=2)
    same = (await shop.accept(code, eve))["referral"]
    assert [sign["code"] for sign in same["signals"]] == ["SAME_PHONE"]
