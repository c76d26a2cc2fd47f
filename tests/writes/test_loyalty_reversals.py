"""A refund takes back what its purchase earned on the part that was paid back, also after it was spent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.domain.calendar import Duration
from api.domain.customer_name import CustomerName
from api.writes import loyalty
from api.writes.loyalty_expiry import expire_points
from api.writes.once import once
from tests.writes.changes import RECORD_PURCHASE, RECORD_REFUND, line, new_key, one_purchase, refund, request
from tests.writes.points import account, balance, entries, program

pytestmark = pytest.mark.anyio

REVERSALS = """SELECT entry.points, entry.owed, entry.counted, entry.counts_from = earning.occurred_at AS since
  FROM loyalty_entries AS entry JOIN loyalty_transactions AS undoing USING (transaction_id)
  LEFT JOIN loyalty_transactions AS earning ON earning.transaction_id = undoing.reverses
  WHERE undoing.kind = 'REVERSE' AND entry.number > 0 ORDER BY entry.number"""


@pytest.fixture
async def ann(given):
    customer = await given.customer(email="ann@example.com")
    await account(given, customer)
    return customer


async def buy(ask, price="100.00", at="2025-06-01T09:00:00Z"):
    """Record a purchase and return the id of the order."""
    answer = await ask(RECORD_PURCHASE, input=one_purchase(line(price), placedAt=at))
    return answer["recordPurchase"]["order"]["id"]


async def pay_back(ask, order, amount, at="2025-06-02T09:00:00Z"):
    answer = await ask(RECORD_REFUND, input=refund(order, amount, refundedAt=at))
    assert answer["recordRefund"]["userErrors"] == []


async def spend(database, customer, points):
    """Redeem points long after the purchases of these tests."""
    asked = loyalty.PointsAsked(CustomerName(id=customer.id), points, "Mug")
    recorded = await once(database, request(new_key()), lambda change: loyalty.redeem(change, asked))
    assert not recorded.outcomes[0].errors


async def reversals(given):
    return [tuple(row) for row in await given.connection.fetch(REVERSALS)]


async def test_parts_of_a_refund_leave_what_the_rest_would_have_earned(ask, given, ann):
    await program(given, ("0.1", None, None, None), rounding="UP")
    order = await buy(ask, "99.00")
    assert await balance(given, ann) == (10, 0)  # 9.9
    for amount, left in (("1.00", 10), ("30.00", 7), ("67.99", 1), ("0.01", 0)):
        await pay_back(ask, order, amount)
        assert await balance(given, ann) == (left, 0)
    assert await reversals(given) == [(-3, 0, -3, True), (-6, 0, -6, True), (-1, 0, -1, True)]


async def test_points_that_were_spent_are_owed_and_the_next_ones_settle_that(ask, database, given, ann):
    await program(given, floor=-30)
    first, second = await buy(ask), await buy(ask, "20.00")
    await spend(database, ann, 110)
    await pay_back(ask, first, "100.00")
    # 10 are left of the second purchase, 30 more below zero, the rest is owed.
    assert await reversals(given) == [(-40, 60, -100, True)]
    assert await balance(given, ann) == (-30, 60)
    await buy(ask, "50.00")
    assert await balance(given, ann) == (0, 40)
    await buy(ask, "45.00")
    assert await balance(given, ann) == (5, 0)
    await pay_back(ask, second, "20.00")
    assert await balance(given, ann) == (-15, 0)


async def test_points_that_expired_unspent_are_not_taken_back_again(ask, database, given, ann):
    await program(given, expires_after=Duration(days=30))
    order = await buy(ask, at="2025-03-01T09:00:00Z")
    other = await buy(ask, at="2025-03-20T09:00:00Z")
    await pay_back(ask, order, "60.00", at="2025-04-05T09:00:00Z")
    await pay_back(ask, other, "50.00", at="2025-04-06T09:00:00Z")
    await pay_back(ask, order, "40.00", at="2025-04-06T09:00:00Z")
    assert await entries(given, ann) == [
        ("EARN", 100, 100), ("EARN", 100, 200), ("EXPIRE", -100, 100), ("REVERSE", -50, 50),
    ]  # fmt: skip
    assert await expire_points(database, datetime(2025, 6, 1, tzinfo=UTC)) == 1
    assert await expire_points(database, datetime(2025, 6, 1, tzinfo=UTC)) == 0
    assert await balance(given, ann) == (0, 0)


async def test_the_version_that_earned_judges_the_rounding_and_the_one_in_force_the_floor(ask, database, given, ann):
    await program(given, ("0.15", None, None, None), rounding="UP", floor=0)
    order = await buy(ask, "10.00")
    assert await balance(given, ann) == (2, 0)
    await spend(database, ann, 2)
    begin = datetime(2025, 6, 1, 12, tzinfo=UTC)
    await program(given, ("9", None, None, None), version=2, effective_from=begin, floor=-1)
    await pay_back(ask, order, "5.00")
    assert await balance(given, ann) == (-1, 0)  # 0.75 is left: one point
    await pay_back(ask, order, "5.00")
    assert await balance(given, ann) == (-1, 1)


async def test_a_closed_account_stays_as_it_is_and_the_refund_is_recorded(ask, database, given, ann):
    await program(given)
    order = await buy(ask)
    closing = await once(database, request(new_key()), lambda change: loyalty.close(change, CustomerName(id=ann.id)))
    assert not closing.outcomes[0].errors
    await pay_back(ask, order, "100.00")
    assert await entries(given, ann) == [("EARN", 100, 100), ("EXPIRE", -100, 0)]
    assert await given.connection.fetchval("SELECT count(*) FROM refunds") == 1


async def test_a_refund_of_a_purchase_without_points_costs_no_statement_more(ask, given, ann):
    ben = await given.customer(email="ben@example.com")
    await program(given)
    orders = [await given.order(ben, 100), await given.order(ann, 100)]
    counts = []
    for order in [orders[0].id, orders[1].id, await buy(ask)]:
        await pay_back(ask, order, "1.00")
        counts.append(len(ask.statements))
    assert counts == [counts[0], counts[0], counts[0] + 4]


async def test_a_refund_on_a_dry_run_takes_nothing(ask, given, ann):
    await program(given)
    order = await buy(ask)
    await ask(RECORD_REFUND, input=refund(order, "10.00") | {"dryRun": True})
    assert await balance(given, ann) == (100, 0)
