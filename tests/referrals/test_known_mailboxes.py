"""Friends whose mail goes where that of a customer goes: noticed, held for review, and told to the business alone."""

from __future__ import annotations

from random import Random

import pytest

from api.domain.referral_signals import mailbox
from api.writes.referral_signals import KNOWN
from tests.referrals.shop import CREATE
from tests.writes.changes import new_key

pytestmark = pytest.mark.anyio

DOMAINS = [
    *(
        "gmail.com",
        "googlemail.com",
        "GoogleMail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "icloud.com",
        "me.com",
    ),
    *("fastmail.com", "proton.me", "ProtonMail.com", "example.com", "mail.gmail.com", "gmail.com.example.org"),
]


async def test_the_database_and_the_rules_agree_on_what_a_mailbox_is(given):
    random = Random(5)
    addresses = [
        f"{''.join(random.choices('aB.+-ü', k=random.randrange(1, 8)))}@{domain}"
        for domain in DOMAINS
        for _ in range(40)
    ]
    found = await given.connection.fetch(
        "SELECT mailbox(a) FROM unnest($1::text[]) WITH ORDINALITY AS t (a)", addresses
    )
    assert [row[0] for row in found] == [mailbox(address) for address in addresses]
    async with given.connection.transaction():
        await given.connection.execute("SET LOCAL enable_seqscan = off")
        plan = await given.connection.fetch(f"EXPLAIN {KNOWN.sql}", *KNOWN.values({"friend": None, "invited": "a@b.c"}))
    assert "ix_customers_mailbox" in str(plan)


async def test_a_customer_who_joins_by_another_spelling_of_their_mailbox_is_noticed(shop, given):
    carol, bob = await shop.customer(), await shop.customer(email="bob.X@gmail.com")
    new = await shop.customer(email="b.obx@gmail.com")
    assert (await shop.accept(await shop.code(await shop.customer()), new))["referral"]["signals"] == []
    await shop.buy(bob)
    again = await shop.customer(email="b.obX+2@gmail.com")
    joined = (await shop.accept(await shop.code(carol), again))["referral"]
    (sign,) = joined["signals"]
    assert (sign["code"], sign["weight"], joined["status"], joined["heldForReview"]) == (
        "KNOWN_MAILBOX",
        0.6,
        "JOINED",
        True,
    )
    assert sign["explanation"] == (
        "Mail to the friend, or to the address that was invited, reaches a mailbox of somebody who is a customer"
        " already."
    )
    assert (await shop.buy(again))["referral"]["rewards"] == []
    rejected = (await shop.review(joined["id"], False))["referral"]
    assert (rejected["status"], rejected["rejectionReasons"]) == ("REJECTED", ["ALREADY_CUSTOMER"])
    for number, agreed in enumerate((given.contract, given.subscription, given.support_plan)):
        await agreed(await shop.customer(email=f"dora{number}@outlook.com"))
        friend = await shop.customer(email=f"Dora{number}+new@outlook.com")
        bought = (await shop.buy(friend, referralCode=await shop.code(await shop.customer())))["referral"]
        assert ([each["code"] for each in bought["signals"]], bought["rewards"]) == (["KNOWN_MAILBOX"], [])
    friend = await shop.customer(email="eve@outlook.com")
    bought = (await shop.buy(friend, referralCode=await shop.code(await shop.customer())))["referral"]
    assert (bought["signals"], bought["heldForReview"]) == ([], False), "what is bought on joining makes nobody known"


async def test_who_invites_a_customer_is_not_told_and_the_business_is(shop, given):
    ann, bob = await shop.customer(), await shop.customer(email="bob.x@gmail.com")
    await shop.buy(bob)
    by_ann = shop.ask.as_customer(ann.key)
    by_ann.now = shop.now
    told, known = [], []
    for address in ("bobX+7@gmail.com", "bob.x@gmail.com", "nobody@gmail.com"):
        sent = {"idempotencyKey": new_key(), "referral": {"referrer": {"id": ann.id}, "referredEmail": address}}
        answer = (await by_ann(CREATE, input=sent))["createReferral"]
        known.append(await shop.read(answer["referral"]["id"]))
        told.append(answer | {"referral": answer["referral"] | {"id": "", "code": ""}})
    assert told[0] == told[1] == told[2]
    assert (told[0]["referral"]["status"], told[0]["userErrors"]) == ("INVITED", [])
    noticed = [([sign["code"] for sign in each["signals"]], each["heldForReview"]) for each in known]
    assert noticed == [(["KNOWN_MAILBOX"], False), (["KNOWN_MAILBOX"], False), ([], False)]
    by_business = (await shop.invite(ann, referredEmail="b.ob.x@gmail.com"))["referral"]
    assert [sign["code"] for sign in by_business["signals"]] == ["KNOWN_MAILBOX"]
    # What was noticed stays noticed, and once.
    joined = [(await shop.accept(known[0]["code"], await shop.customer()))["referral"]]
    await given.connection.execute("UPDATE customers SET email = NULL WHERE customer_id = $1", bob.key)
    joined += [(await shop.accept(each["code"], await shop.customer()))["referral"] for each in known[1:]]
    assert [([sign["code"] for sign in each["signals"]], each["heldForReview"]) for each in joined] == [
        (["KNOWN_MAILBOX"], True),
        (["KNOWN_MAILBOX"], True),
        ([], False),
    ]
