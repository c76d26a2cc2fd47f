"""What customers say, whom they brought and how much help they needed decide what is recommended, by examples."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.reads.recommending import DAY, NOW, Shop, open_shop
from tests.referrals.rows import add_code, add_program, add_referral, invited

pytestmark = pytest.mark.anyio

LOYAL = (90, 70, 50, 30, 10)
LONG_AGO = NOW - 500 * DAY
MINUTE = timedelta(minutes=1)
QUARTER_AGO = NOW - 90 * DAY + timedelta(hours=1)
"""From when it is 90 days by the calendar: clocks went forward in between."""


@pytest.fixture(scope="module")
async def shop(module_database_url: str) -> AsyncIterator[Shop]:
    async with open_shop(module_database_url) as opened:
        yield opened


async def test_the_complaint_that_waits_longest_is_to_be_settled_until_all_are(shop):
    customer, _ = await shop.buyer(10, created_at=LONG_AGO)
    first = await shop.given.feedback(customer, "COMPLAINT", at=NOW - 200 * DAY)
    second = await shop.given.feedback(customer, "COMPLAINT", at=NOW - 4 * DAY)
    (found,) = await shop.recommended(customer)
    assert (found["kind"], found["title"]) == ("SERVICE_RECOVERY", "Settle a complaint")
    assert found["reason"] == "What the customer complained about on 13 November 2025 is not settled."
    assert (found["basis"], found["expectedValue"], found["blockedBy"]) == ([{"id": first.id}], None, [])
    await shop.given.resolution(customer, first, at=NOW - 2 * DAY)
    assert [each["basis"] for each in await shop.recommended(customer)] == [[{"id": second.id}]]
    await shop.given.resolution(customer, second, at=NOW - DAY)
    assert await shop.kinds(customer) == []
    assert await shop.kinds(customer, asOf=NOW - DAY - MINUTE) == ["SERVICE_RECOVERY"]


async def test_an_open_complaint_stands_in_the_way_of_all_but_making_good(shop):
    customer, orders = await shop.buyer(*LOYAL)
    await shop.given.contract(customer, starts_at=NOW - 300 * DAY, term_ends_at=NOW + 20 * DAY)
    plan = await shop.given.support_plan(customer, included_incidents=1, starts_at=NOW - DAY)
    await shop.given.support_usage(customer, plan, used_at=NOW - DAY)
    await shop.given.refund(customer, 1, orders[0], refunded_at=NOW - DAY)
    complaint = await shop.given.feedback(customer, "COMPLAINT", at=NOW - DAY)
    gone, _ = await shop.buyer(400)
    await shop.given.feedback(gone, "COMPLAINT", at=NOW - DAY)
    found = await shop.recommended(customer) + await shop.recommended(gone)
    in_the_way = [(each["kind"], [block["code"] for block in each["blockedBy"]]) for each in found]
    assert in_the_way == [
        *[("SERVICE_RECOVERY", [])] * 2,
        ("RENEWAL", ["OPEN_COMPLAINT"]),
        ("UPSELL", ["OPEN_COMPLAINT", "RECENT_REFUND"]),
        ("REFERRAL_ASK", ["OPEN_COMPLAINT", "RECENT_REFUND"]),
        ("SERVICE_RECOVERY", []),
        ("WIN_BACK", ["OPEN_COMPLAINT"]),
    ]
    assert found[2]["blockedBy"][0]["message"] == "A complaint is not settled: settle that first."
    assert found[0]["basis"] == [{"id": complaint.id}]
    await shop.given.resolution(customer, complaint, at=NOW)
    assert (await shop.recommended(customer))[1]["blockedBy"] == []


@pytest.mark.parametrize(
    ("kind", "bad", "reason"),
    [
        ("NPS", 6, "Gave 6 of 10 when asked whether they would recommend the business, on 3 March 2026."),
        ("CSAT", 2, "Gave 2 of 5 when asked how satisfied they are, on 3 March 2026."),
    ],
)
async def test_a_bad_score_is_made_good_for_while_it_is_recent_and_the_last_of_its_kind(shop, kind, bad, reason):
    at = QUARTER_AGO + MINUTE
    customer, _ = await shop.buyer(10, created_at=LONG_AGO)
    score = await shop.given.feedback(customer, kind, bad, at=at)
    (found,) = await shop.recommended(customer)
    assert (found["kind"], found["title"]) == ("SERVICE_RECOVERY", "Make good for a bad experience")
    assert (found["reason"], found["basis"], found["blockedBy"]) == (reason, [{"id": score.id}], [])
    assert await shop.kinds(customer, asOf=NOW + MINUTE) == []
    await shop.given.feedback(customer, "CES", 7, at=NOW - 2 * DAY)
    assert await shop.kinds(customer) == ["SERVICE_RECOVERY"]
    await shop.given.feedback(customer, kind, bad + 1, at=NOW - DAY)
    assert await shop.kinds(customer) == []


async def test_who_would_recommend_the_business_is_asked_to_for_twelve_months(shop):
    customer, _ = await shop.buyer(10, created_at=LONG_AGO)
    at = NOW.replace(year=2025) + MINUTE
    await shop.given.feedback(customer, "NPS", 10, at=LONG_AGO)
    score = await shop.given.feedback(customer, "NPS", 9, at=at)
    (found,) = await shop.recommended(customer)
    assert (found["kind"], found["title"]) == ("REFERRAL_ASK", "Ask for a recommendation")
    assert found["reason"] == "Gave 9 of 10 when asked whether they would recommend the business, on 1 June 2025."
    assert (found["basis"], found["expectedValue"]) == ([{"id": score.id}], None)
    assert await shop.kinds(customer, asOf=NOW + MINUTE) == []
    await shop.given.feedback(customer, "NPS", 8, at=NOW - DAY)
    assert await shop.kinds(customer) == []


async def test_who_is_loyal_and_would_recommend_the_business_is_asked_once_for_both_reasons(shop):
    customer, orders = await shop.buyer(*LOYAL)
    score = await shop.given.feedback(customer, "NPS", 9, at=NOW - 5 * DAY)
    (found,) = await shop.recommended(customer)
    assert found["basis"] == [{"id": score.id}, {"id": orders[-1].id}]
    assert "on 27 May 2026. Made 5 purchases within" in found["reason"]


async def test_the_loyal_who_would_advise_against_it_are_not_asked(shop):
    customer, _ = await shop.buyer(*LOYAL, created_at=LONG_AGO)
    await shop.given.feedback(customer, "NPS", 6, at=NOW - 200 * DAY)
    assert await shop.kinds(customer) == []
    await shop.given.feedback(customer, "NPS", 7, at=NOW - 2 * DAY)
    assert await shop.kinds(customer) == ["REFERRAL_ASK"]


async def test_who_is_to_be_won_back_is_not_asked_to_recommend_the_business(shop):
    customer, _ = await shop.buyer(50, 48, 46, 44, 42)
    await shop.given.feedback(customer, "NPS", 10, at=NOW - 45 * DAY)
    assert await shop.kinds(customer) == ["WIN_BACK"]
    assert await shop.kinds(customer, asOf=NOW - 41 * DAY) == ["REFERRAL_ASK"]


async def test_who_brought_somebody_lately_is_not_asked_for_more(shop):
    customer, _ = await shop.buyer(*LOYAL)
    program = await add_program(shop.given)
    await add_code(shop.given, customer, "TEATEA", QUARTER_AGO)
    at = QUARTER_AGO + MINUTE
    await add_referral(shop.given, program, customer, "TEATEA", invited(at), at=at)
    assert await shop.kinds(customer) == []
    assert await shop.kinds(customer, asOf=NOW + MINUTE) == ["REFERRAL_ASK"]


async def test_a_bigger_support_plan_is_offered_when_four_fifths_of_one_are_used(shop):
    customer, (order,) = await shop.buyer(10)
    line = await shop.given.connection.fetchval("SELECT line_id FROM order_lines WHERE order_id = $1", order.key)
    plan = await shop.given.support_plan(customer, included_incidents=5, starts_at=NOW - 9 * DAY)
    await shop.given.support_plan(customer, included_incidents=0, starts_at=NOW - 9 * DAY)
    await shop.given.support_usage(customer, plan, incidents=3, used_at=NOW - 8 * DAY)
    assert await shop.kinds(customer) == []
    await shop.given.support_usage(customer, plan, used_at=NOW - DAY)
    (found,) = await shop.recommended(customer)
    assert (found["kind"], found["title"]) == ("UPSELL", "Offer more than Gold")
    assert found["reason"] == "4 of the 5 incidents that it covers are used."
    assert (found["basis"], found["expectedValue"], found["blockedBy"]) == ([{"id": plan.id}], None, [])
    assert await shop.kinds(customer, asOf=NOW - DAY - MINUTE) == []
    await shop.given.support_plan(customer, starts_at=NOW - MINUTE, order_id=order.key, line_id=line)
    assert await shop.kinds(customer) == ["UPSELL"], "what comes with an order covers that alone"
    await shop.given.support_plan(customer, starts_at=NOW)
    assert await shop.kinds(customer) == [], "help without limit needs no bigger plan"


async def test_no_bigger_support_plan_is_offered_for_one_that_is_over_or_was_cancelled(shop):
    customer, _ = await shop.buyer(10)
    terms = {"included_incidents": 1, "starts_at": NOW - 9 * DAY}
    over = await shop.given.support_plan(customer, **terms, term_ends_at=NOW)
    cancelled = {"change": "CANCELLED", "changed_at": NOW - 2 * DAY, "cancel_at": NOW + DAY}
    lost = await shop.given.support_plan(customer, cancelled | {"cancellation_reason": "UNUSED"}, **terms)
    for plan in (over, lost):
        await shop.given.support_usage(customer, plan, used_at=NOW - 3 * DAY)
    assert await shop.kinds(customer) == []
    assert await shop.kinds(customer, asOf=NOW - 3 * DAY) == ["UPSELL", "UPSELL"]
