"""Purchases earn points in the transaction that records them; whoever has no account costs no statement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from api.domain.calendar import Duration
from tests.given import NEW_YEAR
from tests.writes.changes import RECORD_PURCHASE, RECORD_PURCHASES, batch, line, new_key, one_purchase, purchase
from tests.writes.points import ENROLL, account, balance, entries, program

pytestmark = pytest.mark.anyio

LOTS = "SELECT points, remaining, exact, available_at, expires_at FROM loyalty_lots ORDER BY available_at"


@pytest.fixture
async def ann(given):
    return await given.customer(email="ann@example.com")


async def lots(given):
    return [tuple(row) for row in await given.connection.fetch(LOTS)]


async def test_a_purchase_earns_by_the_rule_that_fits_each_line_best(ask, given, ann):
    rules = [
        ("1", None, None, None),
        ("3", "Tea", None, None),
        ("2", None, "CONSUMER", None),
        ("9", "Tea", "BUSINESS", None),
    ]
    earning = await program(given, *rules, pending_for=Duration(days=30), expires_after=Duration(12))
    await account(given, ann)
    lines = [line("10.00", 2, sku="EARL", category="Tea"), line("10.00", sku="POT")]
    bought = one_purchase(*lines, discount={"amount": "3.00", "currencyCode": "EUR"})
    answer = (await ask(RECORD_PURCHASE, input=bought))["recordPurchase"]
    assert answer["userErrors"] == []
    # (20 · 3 + 10 · 2) · 27 / 30
    begins, ends = datetime(2025, 7, 1, 9, tzinfo=UTC), datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert await lots(given) == [(72, 72, Decimal(72), begins, ends)]
    assert await entries(given, ann) == [("EARN", 72, 72)]
    assert await given.connection.fetchval("SELECT program_id FROM loyalty_lots") == earning.key
    again = (await ask(RECORD_PURCHASE, input=bought))["recordPurchase"]
    assert again["idempotency"]["replayed"]
    assert await balance(given, ann) == (72, 0)


async def test_points_are_rounded_once_for_a_purchase_and_in_the_currency_of_the_business(ask, given, ann):
    await program(given, ("0.5", None, None, None), rounding="NEAREST")
    await given.rate("USD", "0.5")
    await account(given, ann)
    lines = [line("3.00", sku=sku, currency="USD") for sku in ("A", "B")]
    await ask(RECORD_PURCHASE, input=one_purchase(*lines))
    assert await balance(given, ann) == (2, 0)  # 1.5, not twice 0.75 rounded to 1; and not 3


async def test_only_who_has_an_account_when_they_buy_earns(ask, given, ann):
    ben, eve, zoe = [await given.customer(email=f"{name}@example.com") for name in ("ben", "eve", "zoe")]
    await program(given, effective_from=datetime(2025, 2, 1, tzinfo=UTC))
    await account(given, ann, NEW_YEAR)
    await account(given, ben, datetime(2025, 6, 1, 9, tzinfo=UTC))
    await account(given, eve, NEW_YEAR, closed_at=NEW_YEAR + timedelta(days=200), closing_recorded_at=NEW_YEAR)
    emails = [f"{name}@example.com" for name in ("ann", "ben", "eve", "zoe")]
    rows = [
        purchase(email=email, placedAt=at)
        for email in emails
        for at in ("2025-01-20T09:00:00Z", "2025-06-01T09:00:00Z")
    ]
    rows.append(purchase(email="ben@example.com", placedAt="2025-06-01T08:59:59Z"))
    assert (await ask(RECORD_PURCHASES, input=batch(*rows)))["recordPurchases"]["recorded"] == 9
    # Before there was a program nobody earned.
    assert [await entries(given, who) for who in (ann, ben, eve, zoe)] == [[("EARN", 8, 8)], [("EARN", 8, 8)], [], []]


async def test_250_purchases_cost_as_many_statements_as_one_and_none_more_without_an_account(ask, given):
    made = await given.customers(250)
    await program(given)
    written = "mutation ($input: RecordPurchasesInput!) { recordPurchases(input: $input) { recorded } }"

    async def statements(buyers):
        await ask(written, input=batch(*(purchase(customer={"id": buyer.id}) for buyer in buyers)))
        return len(ask.statements)

    await statements(made[:1])
    without = await statements(made[:1])
    for customer in made:
        await account(given, customer)
    await statements(made[:1])
    assert (without, await statements(made[:1]), await statements(made)) == (4, 10, 10)
    assert await given.connection.fetchval("SELECT sum(balance) FROM loyalty_accounts") == 8 * 252


async def test_a_purchase_learnt_late_is_posted_in_turn_and_counts_from_when_it_was(ask, given, ann):
    await program(given, expires_after=Duration(days=30))
    await account(given, ann)
    for at in ("2025-03-01T09:00:00Z", "2025-01-10T09:00:00Z", "2025-05-01T09:00:00Z"):
        await ask(RECORD_PURCHASE, input=one_purchase(placedAt=at))
    # What had expired by the time of a purchase is posted before it.
    assert await entries(given, ann) == [
        ("EARN", 8, 8),
        ("EARN", 8, 16),
        ("EXPIRE", -8, 8),
        ("EXPIRE", -8, 0),
        ("EARN", 8, 8),
    ]
    found = await given.connection.fetch(
        "SELECT counts_from, occurred_at FROM loyalty_entries WHERE number > 0 ORDER BY number LIMIT 2"
    )
    march, january = datetime(2025, 3, 1, 9, tzinfo=UTC), datetime(2025, 1, 10, 9, tzinfo=UTC)
    assert [tuple(row) for row in found] == [(march, march), (january, march)]


async def test_a_dry_run_earns_nothing(ask, given, ann):
    await program(given)
    await account(given, ann)
    await ask(RECORD_PURCHASE, input=one_purchase(dry_run=True))
    assert (await balance(given, ann), await lots(given)) == ((0, 0), [])


async def test_enrolling(ask, given, ann):
    def enrolling(email="ann@example.com", **more):
        return {"idempotencyKey": new_key(), "customer": {"email": email}, **more}

    async def codes(**given_):
        return [
            (error["code"], error["field"])
            for error in (await ask(ENROLL, input=enrolling(**given_)))["enrollLoyalty"]["userErrors"]
        ]

    assert await codes() == [("INVALID_STATE", ["input"])]
    await program(given, floor=-50)
    assert await codes(email="nobody@example.com") == [("NOT_FOUND", ["input", "customer"])]
    assert await codes(enrolledAt="2199-01-01T00:00:00Z") == [("OUT_OF_RANGE", ["input", "enrolledAt"])]
    assert await codes(dryRun=True) == []
    assert await given.connection.fetchval("SELECT count(*) FROM loyalty_accounts") == 0
    sent = enrolling(enrolledAt="2025-03-01T00:00:00Z")
    first = (await ask(ENROLL, input=sent))["enrollLoyalty"]
    assert (first["customer"], first["userErrors"]) == ({"id": ann.id}, [])
    assert (await ask(ENROLL, input=sent))["enrollLoyalty"]["idempotency"]["replayed"]
    assert await codes() == [("TAKEN", ["input", "customer"])]
    row = await given.connection.fetchrow("SELECT customer_id, opened_at, floor FROM loyalty_accounts")
    assert tuple(row) == (ann.key, datetime(2025, 3, 1, tzinfo=UTC), -50)


async def test_a_customer_enrolls_nobody_else(ask, given, ann):
    await program(given)
    ben = await given.customer(email="ben@example.com")
    found = [
        (await ask.as_customer(ben.key)(ENROLL, input={"idempotencyKey": new_key(), "customer": {"id": who.id}}))
        for who in (ann, ben)
    ]
    assert [[error["code"] for error in each["enrollLoyalty"]["userErrors"]] for each in found] == [["NOT_FOUND"], []]
    assert await given.connection.fetchval("SELECT array_agg(customer_id) FROM loyalty_accounts") == [ben.key]
