"""A referral from the invitation to the reward, or to wherever else it goes; in one answer each."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.referrals.shop import BUY, DAY
from tests.writes.changes import batch, counts, line, new_key, purchase

pytestmark = pytest.mark.anyio

INSTANT = timedelta(microseconds=1)


def rewards(referral):
    """Return who gets what, and how that stands."""
    return [
        (each["recipient"]["id"], each["points"] or each["money"]["amount"], each["status"])
        for each in referral["rewards"]
    ]


async def test_a_friend_is_invited_joins_buys_and_both_are_rewarded(shop):
    ann, ben = await shop.customer(), await shop.customer()
    invited = (await shop.invite(ann, referredEmail="ben@example.com"))["referral"]
    assert (invited["status"], invited["referred"], invited["version"]) == ("INVITED", None, 1)
    shop.later(days=1)
    accepted = await shop.accept(f" {invited['code'][:5]}-{invited['code'][5:].lower()}", ben)
    joined = accepted["referral"]
    assert (joined["id"], joined["status"], joined["referred"]) == (invited["id"], "JOINED", {"id": ben.id})
    assert accepted["customer"] == {"id": ben.id, "referredBy": {"id": joined["id"]}}
    assert (await shop.buy(ben, "19.99"))["referral"] is None, "less than the program asks for"
    shop.later(days=1)
    bought = await shop.buy(ben)
    referral = bought["referral"]
    assert (referral["status"], referral["version"]) == ("QUALIFIED", 3)
    assert bought["referralBefore"] == {"id": joined["id"], "status": "JOINED", "version": 2}
    assert (referral["qualifiedAt"], referral["qualifiesAt"]) == tuple(
        f"2025-06-{day}T12:00:00.000000Z" for day in ("03", "17")
    )
    assert rewards(referral) == [(ann.id, "10.00", "PENDING"), (ben.id, "5.00", "PENDING")]
    assert referral["attributedValue"] == {"amount": "44.99", "currencyCode": "EUR"}
    once_more = await shop.buy(ben)
    assert (once_more["referral"], once_more["referralBefore"]) == (None, None), "it counts once"
    shop.later(days=14, microseconds=-1)
    assert (await shop.read(referral["id"]))["status"] == "QUALIFIED"
    shop.later(microseconds=1)
    rewarded = await shop.read(referral["id"])
    assert (rewarded["status"], rewarded["version"]) == ("REWARDED", 3)
    assert rewards(rewarded) == [(ann.id, "10.00", "ISSUED"), (ben.id, "5.00", "ISSUED")]
    stage = "query ($by: CustomerIdentifierInput!) { customer(by: $by) { lifecycle { stage since because } } }"
    assert (await shop.ask(stage, by={"id": ann.id}))["customer"]["lifecycle"] == {
        "stage": "ADVOCACY",
        "since": "2025-06-17T12:00:00.000000Z",
        "because": ["A friend they brought counted on 17 June 2025."],
    }


async def test_a_purchase_with_a_code_joins_qualifies_and_rewards_in_one_answer_however_often_it_is_sent(shop, given):
    ann, ben = await shop.customer(), await shop.customer()
    code, key = await shop.code(ann), new_key()
    assert await shop.code(ann) == code, "a customer has one code"
    before = await counts(given.connection)
    tried = await shop.ask(
        BUY,
        input={
            "idempotencyKey": key,
            "dryRun": True,
            "purchase": purchase(line("25"), customer={"id": ben.id}, placedAt=shop.now.isoformat(), referralCode=code),
        },
    )
    assert tried["recordPurchase"]["referral"]["status"] == "QUALIFIED"
    assert await counts(given.connection) == before
    bought = await shop.buy(ben, key=key, referralCode=code)
    referral = bought["referral"]
    assert (referral["status"], referral["joinedAt"]) == ("QUALIFIED", "2025-06-01T12:00:00.000000Z")
    assert bought["referralBefore"] is tried["recordPurchase"]["referralBefore"] is None, "there was none"
    assert len(referral["rewards"]) == 2
    # `buy` makes the same input again: the clock stands still.
    again = await shop.buy(ben, key=key, referralCode=code)
    assert again == bought | {"idempotency": {"replayed": True}}
    assert (await shop.buy(ben, referralCode=code))["userErrors"] == [], "a friend may go on using the code"
    rows = await counts(given.connection)
    assert (rows["referrals"], rows["referral_rewards"]) == (2, 2)


async def test_many_purchases_move_each_referral_once(shop):
    ann = await shop.customer()
    code, friends = await shop.code(ann), [await shop.customer() for _ in range(3)]
    await shop.accept(code, friends[0])
    text = """mutation ($input: RecordPurchasesInput!) { recordPurchases(input: $input) { recorded results {
      referral { referred { id } status } userErrors { code field } } } }"""

    def bought(friend, price, minutes, **more):
        at = (shop.now - timedelta(minutes=minutes)).isoformat()
        return purchase(line(price), customer={"id": friend.id}, placedAt=at, **more)

    shop.later(hours=1)
    sent = [
        bought(friends[0], "30", 1),
        bought(friends[0], "30", 2),
        bought(friends[0], "10", 3),
        bought(friends[1], "30", 1, referralCode=code),
        bought(friends[2], "30", 1, referralCode="NOSUCHCODE"),
    ]
    answer = (await shop.ask(text, input=batch(*sent)))["recordPurchases"]
    told = [each["referral"] and each["referral"]["referred"]["id"] for each in answer["results"]]
    assert (answer["recorded"], told) == (4, [None, friends[0].id, None, friends[1].id, None])
    wrong = answer["results"][4]["userErrors"]
    assert wrong == [{"code": "CODE_UNKNOWN", "field": ["input", "purchases", "4", "referralCode"]}]


async def test_who_does_not_join_or_buy_in_time_is_not_referred(shop):
    ann = await shop.customer()
    invited = (await shop.invite(ann))["referral"]
    _, ben, joined = await shop.joined(ann)
    end = datetime.fromisoformat(joined["expiresAt"])
    assert end - shop.now == 30 * DAY
    for referral, status in ((invited, "INVITED"), (joined, "JOINED")):
        assert (await shop.read(referral["id"], asOf=end - INSTANT))["status"] == status
        assert (await shop.read(referral["id"], asOf=end))["status"] == "EXPIRED"
    shop.later(days=40)
    refused = await shop.accept(invited["code"], await shop.customer())
    assert [error["code"] for error in refused["userErrors"]] == ["CODE_EXPIRED"]
    assert (await shop.buy(ben))["referral"] is None
    costs = []
    for buyer in (ben, await shop.customer()):
        await shop.buy(buyer)
        costs.append(len(shop.ask.statements))
    assert costs[0] == costs[1], "a referral that is not open any more costs nothing"
    assert (await shop.read(joined["id"]))["status"] == "EXPIRED"
    late = await shop.buy(ben, placedAt=(end - INSTANT).isoformat())
    assert late["referral"]["status"] == "QUALIFIED", "what was bought in time counts, however late it is recorded"


async def test_a_refund_within_the_hold_takes_the_rewards_back(shop):
    ann, ben, joined = await shop.joined()
    order = (await shop.buy(ben))["order"]["id"]
    shop.later(days=1)
    assert (await shop.refund(order, "5.00"))["referral"] is None, "20 is left, as the program asks for"
    paid_back = await shop.refund(order, "0.01")
    reversed_ = paid_back["referral"]
    assert paid_back["referralBefore"]["status"] == "QUALIFIED"
    assert (reversed_["status"], reversed_["rejectionReasons"]) == ("REVERSED", ["REFUNDED"])
    assert rewards(reversed_) == [(ann.id, "10.00", "REVERSED"), (ben.id, "5.00", "REVERSED")]
    assert (await shop.refund(order, "1.00"))["referral"] is None
    assert (await shop.buy(ben))["referral"] is None, "a friend counts once"
    shop.later(days=30)
    assert (await shop.read(joined["id"]))["status"] == "REVERSED"
    assert (await shop.read(joined["id"], asOf=shop.now - 30 * DAY - INSTANT))["status"] == "QUALIFIED"


async def test_a_refund_after_the_hold_changes_nothing_and_one_within_it_counts_however_late_it_is_recorded(shop):
    _, ben, joined = await shop.joined()
    bought = await shop.buy(ben)
    end = datetime.fromisoformat(bought["referral"]["qualifiesAt"])
    shop.later(days=20)
    assert (await shop.refund(bought["order"]["id"], "10", refundedAt=end.isoformat()))["referral"] is None
    assert (await shop.read(joined["id"]))["status"] == "REWARDED"
    late = await shop.refund(bought["order"]["id"], "10", refundedAt=(end - INSTANT).isoformat())
    assert late["referral"]["status"] == "REVERSED"
    assert (await shop.read(joined["id"], asOf=end - 2 * INSTANT))["status"] == "QUALIFIED"
    assert (await shop.read(joined["id"], asOf=end))["status"] == "REVERSED"


async def test_a_referrer_is_rewarded_as_often_as_the_program_allows(shop):
    await shop.program(begin="2025-05-01T00:00:00Z", mostRewarded=2, limitWindow="P1M", qualifyWithin="P60D")
    ann, *_ = first = await shop.joined()
    others = [await shop.joined(ann) for _ in range(3)]
    states = [(await shop.buy(friend))["referral"] for _, friend, _ in (first, *others[:2])]
    assert [each["status"] for each in states] == ["QUALIFIED", "QUALIFIED", "REJECTED"]
    assert (states[2]["rejectionReasons"], states[2]["rewards"]) == (["LIMIT_REACHED"], [])
    # A month after noon on 1 June is noon on 1 July.
    shop.later(days=30, microseconds=-1)
    assert (await shop.buy(others[2][1]))["referral"]["status"] == "REJECTED"
    shop.later(microseconds=1)
    _, friend, _ = await shop.joined(ann)
    assert (await shop.buy(friend))["referral"]["status"] == "QUALIFIED"


async def test_only_active_referrers_count_where_the_program_says_so(shop):
    await shop.program(begin="2025-05-01T00:00:00Z", activeReferrersOnly=True)
    ann, ben, _ = await shop.joined()
    rejected = (await shop.buy(ben))["referral"]
    assert (rejected["status"], rejected["rejectionReasons"]) == ("REJECTED", ["REFERRER_INACTIVE"])
    assert rejected["attributedValue"] == {"amount": "25.00", "currencyCode": "EUR"}
    await shop.buy(ann, "1.00")
    _, cid, _ = await shop.joined(ann)
    assert (await shop.buy(cid))["referral"]["status"] == "QUALIFIED"


async def test_value_is_attributed_five_deep(shop):
    people = [await shop.customer()]
    found = []
    for depth in range(6):
        _, friend, referral = await shop.joined(people[-1])
        await shop.buy(friend, f"{10**depth}.00")
        people.append(friend)
        found.append(referral["id"])
    told = [(await shop.read(each))["attributedValue"]["amount"] for each in found]
    assert told == ["11111.00", "111110.00", "111100.00", "111000.00", "110000.00", "100000.00"]


async def test_value_is_attributed_to_who_brought_a_friend_rewarded_or_not(shop):
    await shop.program(begin="2025-05-01T00:00:00Z", mostRewarded=1, limitWindow="P1Y")
    ann = await shop.customer(email="ann.lee@gmail.com")
    by_zoe = (await shop.accept(await shop.code(await shop.customer()), ann))["referral"]["id"]
    friends, referrals = {}, {"ann": by_zoe}
    for name in ("same", "refunded", "known", "rewarded", "over", "late"):
        friends[name] = await shop.customer(email="annlee+2@gmail.com" if name == "same" else None)
        referrals[name] = (await shop.accept(await shop.code(ann), friends[name]))["referral"]["id"]
    shop.later(days=1)
    await shop.refund((await shop.buy(friends["refunded"], "30.00"))["order"]["id"], "18.00")
    await shop.buy(friends["known"], "30.00")
    await shop.buy(friends["known"], "7.00", placedAt="2025-05-02T00:00:00Z")
    await shop.review(referrals["same"], False)
    for name, price in {"rewarded": "50.00", "over": "20.00", "same": "40.00"}.items():
        await shop.buy(friends[name], price)
    for name, price in {"over": "100.00", "known": "60.00"}.items():
        _, friend, _ = await shop.joined(friends[name])
        await shop.buy(friend, price)
    shop.later(days=30)
    await shop.buy(friends["late"], "35.00")
    read = {name: await shop.read(referral) for name, referral in referrals.items()}
    told = {name: (each["status"], each["rejectionReasons"], each["attributedValue"]) for name, each in read.items()}
    brought = {name: value and value["amount"] for name, (*_, value) in told.items()}
    assert {name: (status, *reasons) for name, (status, reasons, _) in told.items()} == {
        "ann": ("EXPIRED",),
        "refunded": ("REVERSED", "REFUNDED"),
        "known": ("REVERSED", "ALREADY_CUSTOMER"),
        "rewarded": ("REWARDED",),
        "over": ("REJECTED", "LIMIT_REACHED"),
        "late": ("EXPIRED",),
        "same": ("REJECTED", "SHARED_IDENTITY"),
    }
    # Of the refunded 30 are 12 left; who came by the one over the limit adds 100, and nobody comes by who was known.
    assert brought == {
        "ann": "217.00",
        "refunded": "12.00",
        "known": None,
        "rewarded": "50.00",
        "over": "120.00",
        "late": "35.00",
        "same": None,
    }


async def test_what_was_known_of_a_referral_stays_readable(shop):
    _, ben, joined = await shop.joined()
    known = datetime.now().astimezone()
    shop.later(days=1)
    await shop.buy(ben)
    assert (await shop.read(joined["id"], knownAt=known)) == joined
    assert (await shop.read(joined["id"], asOf=shop.now - DAY)) == joined
    assert await shop.read(joined["id"], asOf=shop.now - DAY - INSTANT) is None
    listed = await shop.ask(
        """query ($b: CustomerIdentifierInput!, $a: DateTime) { customer(by: $b, asOf: $a) { referralsMade { nodes {
          status } totalCount { count } } } referrals(filter: {status: [QUALIFIED]}) { nodes { id } }
          waiting: referrals(filter: {heldForReview: true}) { nodes { id } } referralProgram { version } }""",
        b={"id": joined["referrer"]["id"]},
        a=(shop.now - DAY).isoformat(),
    )
    assert listed == {
        "customer": {"referralsMade": {"nodes": [{"status": "JOINED"}], "totalCount": {"count": 1}}},
        "referrals": {"nodes": [{"id": joined["id"]}]},
        "waiting": {"nodes": []},
        "referralProgram": {"version": 1},
    }
