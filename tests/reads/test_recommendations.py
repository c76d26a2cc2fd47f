"""Recommendations of every kind, by examples: who gets them, why, what they rest on and what stands in the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.reads.recommending import DAY, NOW, RECOMMENDED, Shop, open_shop

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def shop(module_database_url: str) -> AsyncIterator[Shop]:
    async with open_shop(module_database_url) as opened:
        yield opened


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    return {"amount": amount, "currencyCode": currency}


async def test_who_just_bought_something_is_left_alone(shop):
    customer, _ = await shop.buyer(10)
    assert await shop.recommended(customer) == []


async def test_who_was_active_is_to_be_won_back_from_the_day_on_which_that_ended(shop):
    customer, (order,) = await shop.buyer(366)
    (found,) = await shop.recommended(customer)
    assert (found["kind"], found["title"]) == ("WIN_BACK", "Win the customer back")
    assert found["reason"] == "Was active until 31 May 2026, and has not been since."
    assert found["basis"] == [{"id": order.id}]
    assert found["expectedValue"] is None, "one order says nothing of another"
    assert await shop.kinds(customer, asOf=NOW - 2 * DAY) == []


async def test_who_is_silent_for_longer_than_ever_is_to_be_won_back(shop):
    # Four pauses, of 90, 90, 90 and 100 days; two orders of one day have none between them.
    customer, orders = await shop.buyer(471, 471, 381, 291, 201, 101)
    (found,) = await shop.recommended(customer)
    assert found["reason"] == "Has not bought for 101 days; no pause before was longer than 100."
    assert found["basis"] == [{"id": orders[-1].id}]
    # A quarter of the six orders of 10 to 15 came to 11 or less, three quarters to 14 or less.
    assert found["expectedValue"] == {"low": money("11.00"), "high": money("14.00")}
    assert await shop.kinds(customer, asOf=NOW - DAY) == [], "100 days are no more than ever before"


async def test_three_pauses_are_no_rhythm(shop):
    customer, _ = await shop.buyer(150, 120, 110, 100)
    assert await shop.kinds(customer) == []


async def test_the_loyal_are_asked_to_recommend_the_business(shop):
    customer, orders = await shop.buyer(90, 70, 50, 30, 10)
    (found,) = await shop.recommended(customer)
    assert (found["kind"], found["title"]) == ("REFERRAL_ASK", "Ask for a recommendation")
    assert found["reason"].startswith("Made 5 purchases within 6 months, 5 are needed")
    assert (found["basis"], found["expectedValue"]) == ([{"id": orders[-1].id}], None)
    assert await shop.kinds(customer, asOf=NOW - 11 * DAY) == []


async def test_a_refund_is_made_good_for_while_it_is_recent_and_stands_in_the_way_of_asking(shop):
    customer, orders = await shop.buyer(90, 70, 50, 30, 10)
    at = NOW - 30 * DAY + timedelta(minutes=1)
    refund = await shop.given.refund(customer, "2.5", orders[0], refunded_at=at)
    recovery, ask = await shop.recommended(customer)
    assert (recovery["kind"], recovery["title"]) == ("SERVICE_RECOVERY", "Make good for a refund")
    assert recovery["reason"] == "2.50 EUR was paid back on 2 May 2026."
    assert (recovery["basis"], recovery["blockedBy"]) == ([{"id": refund.id}], [])
    assert ask["blockedBy"] == [
        {
            "code": "RECENT_REFUND",
            "message": "Money was paid back within the last 30 days: make good for that first.",
        }
    ]
    later = await shop.recommended(customer, asOf=NOW + timedelta(minutes=1))
    assert [(each["kind"], each["blockedBy"]) for each in later] == [("REFERRAL_ASK", [])]
    assert [each["kind"] for each in await shop.recommended(customer, first=1)] == ["SERVICE_RECOVERY"]


async def test_what_is_learnt_later_is_not_known_before(shop):
    customer, orders = await shop.buyer(10)
    await shop.given.refund(customer, 1, orders[0], refunded_at=NOW - 5 * DAY, recorded_at=NOW - DAY)
    assert await shop.kinds(customer, knownAt=NOW - DAY - timedelta(seconds=1)) == []
    assert await shop.kinds(customer, knownAt=NOW - DAY) == ["SERVICE_RECOVERY"]


async def test_a_customer_nobody_can_reach_says_so(shop):
    customer, _ = await shop.buyer(400, email=None)
    (found,) = await shop.recommended(customer)
    assert found["blockedBy"] == [
        {"code": "NO_CONTACT", "message": "There is no email address, phone number or postal address."}
    ]


def in_the_way(found):
    return [(each["kind"], [block["code"] for block in each["blockedBy"]]) for each in found]


async def test_who_did_not_agree_to_it_is_not_to_be_reached_with_offers(shop):
    customer, _ = await shop.buyer(90, 70, 50, 30, 10, agrees=False)
    await shop.given.contract(customer, starts_at=NOW - 300 * DAY, term_ends_at=NOW + 20 * DAY)
    plan = await shop.given.support_plan(customer, included_incidents=1, starts_at=NOW - 3 * DAY)
    await shop.given.support_usage(customer, plan, used_at=NOW - 3 * DAY)
    complaint = await shop.given.feedback(customer, "COMPLAINT", at=NOW - 3 * DAY)
    await shop.given.resolution(customer, complaint, at=NOW - 2 * DAY)
    await shop.given.feedback(customer, "CSAT", 1, at=NOW - 3 * DAY)
    gone, _ = await shop.buyer(400, agrees=False)
    found = await shop.recommended(customer) + await shop.recommended(gone)
    assert in_the_way(found) == [
        ("SERVICE_RECOVERY", []),
        ("RENEWAL", []),
        *((kind, ["NO_CONSENT"]) for kind in ("UPSELL", "REFERRAL_ASK", "WIN_BACK")),
    ]
    message = "The customer has not agreed to be reached with offers: ask for that first."
    assert found[2]["blockedBy"] == [{"code": "NO_CONSENT", "message": message}]
    end = NOW - DAY + timedelta(hours=1)
    await shop.given.consent(gone, at=NOW - 2 * DAY, expires_at=end)
    moments = (NOW - 2 * DAY, end - timedelta(microseconds=1), end)
    assert [in_the_way(await shop.recommended(gone, asOf=moment))[0][1] for moment in moments] == [
        *([], [], ["NO_CONSENT"])
    ]
    await shop.given.consent(gone, at=NOW - timedelta(hours=2), granted=False)
    assert in_the_way(await shop.recommended(gone)) == [("WIN_BACK", ["NO_CONSENT"])]
    await shop.given.consent(gone, at=NOW - timedelta(hours=1))
    assert in_the_way(await shop.recommended(gone)) == [("WIN_BACK", [])]


@pytest.mark.parametrize(
    ("channel", "contact", "blocked"),
    [
        ("SMS", {}, ["NO_CONSENT"]),
        ("SMS", {"phone": "+493012340"}, []),
        ("PHONE", {"phone": "+493012341", "email": None}, []),
        ("EMAIL", {"phone": "+493012342", "email": None}, ["NO_CONSENT"]),
        ("POST", {}, ["NO_CONSENT"]),
        ("POST", {"address1": "Lindenstraße 5", "city": "Bonn", "postal_country": "DE", "email": None}, []),
    ],
    ids=["no number", "texts", "calls", "no address", "no postal address", "letters"],
)
async def test_agreement_counts_for_ways_by_which_the_customer_can_be_reached(shop, channel, contact, blocked):
    customer, _ = await shop.buyer(400, agrees=False, **contact)
    await shop.given.consent(customer, channel)
    assert in_the_way(await shop.recommended(customer)) == [("WIN_BACK", blocked)]


async def test_nothing_is_recommended_for_who_was_merged_away(shop):
    survivor, _ = await shop.buyer(10)
    merged, _ = await shop.buyer(400)
    assert await shop.kinds(merged) == ["WIN_BACK"]
    merge = "UPDATE customers SET merged_into = $1 WHERE customer_id = $2"
    await shop.given.connection.execute(merge, survivor.key, merged.key)
    assert await shop.kinds(merged) == []


async def test_a_contract_is_to_be_renewed_where_it_does_not_renew_by_itself(shop):
    customer, _ = await shop.buyer(10)
    start = NOW - 275 * DAY
    soon = await shop.given.contract(customer, starts_at=start, term_ends_at=NOW + 90 * DAY - timedelta(minutes=1))
    await shop.given.contract(customer, starts_at=start, term_ends_at=NOW + 90 * DAY)
    await shop.given.contract(customer, starts_at=start, term_ends_at=NOW + 20 * DAY, auto_renew=True)
    await shop.given.contract(customer, starts_at=NOW + DAY, term_ends_at=NOW + 30 * DAY, changed_at=NOW - DAY)
    (found,) = await shop.recommended(customer)
    assert (found["kind"], found["title"]) == ("RENEWAL", "Renew Care")
    assert found["reason"] == "It does not renew by itself and ends on 30 August 2026."
    assert found["expectedValue"] == {"low": money("1200.00"), "high": money("1200.00")}
    assert found["basis"] == [{"id": soon.id}]


async def test_a_contract_under_notice_is_renewed_before_one_that_ends_later(shop):
    customer, _ = await shop.buyer(10)
    term = {"starts_at": NOW - 300 * DAY, "term_ends_at": NOW + 60 * DAY}
    await shop.given.contract(customer, **term)
    notice = {"change": "TERMINATED", "terminate_at": NOW + 30 * DAY, "termination_reason": "UNUSED"}
    first = await shop.given.contract(customer, notice | {"changed_at": NOW - DAY}, **term, auto_renew=True)
    found = await shop.recommended(customer)
    assert [each["reason"].rpartition(" on ")[0] for each in found] == [
        "It was given notice of and ends",
        "It does not renew by itself and ends",
    ]
    assert found[0]["basis"] == [{"id": first.id}]
    assert len(await shop.recommended(customer, asOf=NOW - 2 * DAY)) == 1


async def test_a_paid_support_plan_is_to_be_renewed_until_another_one_follows(shop):
    customer, _ = await shop.buyer(10)
    paid = {"paid": True, "price": 39, "currency": "CHF", "starts_at": NOW - 300 * DAY, "term_ends_at": NOW + 10 * DAY}
    plan = await shop.given.support_plan(customer, **paid)
    await shop.given.support_plan(customer, **{**paid, "paid": False, "price": None, "currency": None})
    (found,) = await shop.recommended(customer)
    assert (found["title"], found["reason"]) == ("Renew Gold", "It ends on 11 June 2026.")
    assert found["expectedValue"] == {"low": money("39.00", "CHF"), "high": money("39.00", "CHF")}
    assert found["basis"] == [{"id": plan.id}]
    await shop.given.support_plan(
        customer, **{**paid, "starts_at": NOW + 10 * DAY, "term_ends_at": NOW + 375 * DAY, "changed_at": NOW}
    )
    assert await shop.kinds(customer) == []
    assert await shop.kinds(customer, asOf=NOW - DAY) == ["RENEWAL"]


async def test_a_subscription_is_to_be_renewed_that_was_cancelled_or_is_not_paid(shop):
    customer, _ = await shop.buyer(10)
    period = {"period_end": NOW + 20 * DAY}
    await shop.given.subscription(customer, started_at=NOW - 10 * DAY, **period)
    cancelled = {"change": "CANCELLED", "changed_at": NOW - DAY, "cancel_at": NOW + 20 * DAY}
    ended = cancelled | {"cancellation_reason": "UNUSED", "ends_at": NOW + 20 * DAY}
    lost = await shop.given.subscription(customer, ended, started_at=NOW - 10 * DAY, plan_name="Coffee", **period)
    overdue = await shop.given.subscription(customer, started_at=NOW - 31 * DAY, period_end=NOW - DAY)
    found = await shop.recommended(customer)
    assert [(each["title"], each["reason"], each["basis"]) for each in found] == [
        ("Renew Tea", "The payment due on 31 May 2026 has not come.", [{"id": overdue.id}]),
        ("Renew Coffee", "It was cancelled and ends on 21 June 2026.", [{"id": lost.id}]),
    ]
    assert {each["expectedValue"]["low"]["amount"] for each in found} == {"10.00"}


async def test_a_customer_sees_their_own_alone(shop):
    customer, _ = await shop.buyer(400)
    other, _ = await shop.buyer(400)
    own = Shop(shop.ask.as_customer(customer.key), shop.given)
    assert await own.recommended(customer) == await shop.recommended(customer) != []
    assert await own.ask(RECOMMENDED, id=other.id, first=5) == {"customer": None}


@pytest.mark.parametrize("first", [0, 101, -1])
async def test_as_many_as_there_cannot_be_are_refused(shop, first):
    customer, _ = await shop.buyer(400)
    await shop.ask(RECOMMENDED, id=customer.id, first=first, fails=True)
    assert shop.ask.codes == ["BAD_USER_INPUT"]
