"""What a change records, exactly, and what its answer shows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from api.database import database as open_database
from tests.asking import Ask, WatchedDatabase
from tests.writes.changes import (
    RECORD_PURCHASE,
    RECORD_REFUND,
    SET_CUSTOMER,
    customer,
    line,
    one_purchase,
    purchase,
    refund,
)
from tests.writes.severed import wired

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ann(given):
    """A customer who can be named by e-mail."""
    return await given.customer(first_name="Ann", email="ann@example.com")


async def recorded(ask, *lines, **more):
    """Record a purchase and return its payload."""
    answer = (await ask(RECORD_PURCHASE, input=one_purchase(*lines, **more)))["recordPurchase"]
    assert answer["userErrors"] == []
    return answer


async def paid_back(ask, order, amount, currency="EUR", **more):
    """Record a refund and return its payload."""
    return (await ask(RECORD_REFUND, input=refund(order["id"], amount, currency, **more)))["recordRefund"]


async def test_a_purchase_of_which_nobody_says_when_it_was_is_of_now_and_once_for_its_key(ask, ann):
    ask.now = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)
    sent = one_purchase(line("8.50"), placedAt=None)
    del sent["purchase"]["placedAt"]
    first = (await ask(RECORD_PURCHASE, input=sent))["recordPurchase"]
    assert (first["order"]["placedAt"], first["userErrors"]) == ("2025-06-01T12:30:00.000000Z", [])
    ask.now += timedelta(hours=1)
    again = (await ask(RECORD_PURCHASE, input=sent))["recordPurchase"]
    assert (again["order"]["placedAt"], again["idempotency"]["replayed"]) == (first["order"]["placedAt"], True)


async def test_a_purchase_is_recorded_and_answered_with_all_that_follows(ask, ann, given):
    answer = await recorded(
        ask,
        line("8.50", 2),
        line("0.99", 3, sku="CUP", name="Cup", category="Kitchen", durable=True),
        discount={"amount": "1.97", "currencyCode": "eur"},
        externalId={"source": "shop", "value": "A-1"},
    )
    order = answer["order"]
    assert order["number"] == "A-1"
    assert order["externalId"] == {"source": "shop", "value": "A-1"}
    assert order["total"] == {"amount": "18.00", "currencyCode": "EUR"}
    assert order["placedAt"] == "2025-06-01T09:00:00.000000Z"
    assert [
        (each["sku"], each["name"], each["quantity"], each["total"]["amount"]) for each in order["lines"]["nodes"]
    ] == [
        ("TEA", "Green tea", 2, "17.00"),
        ("CUP", "Cup", 3, "2.97"),
    ]
    assert order["customer"]["id"] == answer["customer"]["id"] == ann.id
    assert answer["customer"]["purchaseSummary"] == {"orderCount": 1, "net": {"amount": "18.00", "currencyCode": "EUR"}}
    assert answer["idempotency"]["replayed"] is False
    cup = await given.connection.fetchrow("SELECT name, category, durable FROM products WHERE sku = 'CUP'")
    assert tuple(cup) == ("Cup", "Kitchen", True)


async def test_a_purchase_without_a_number_of_its_own_is_given_one(ask, ann):
    numbers = [(await recorded(ask))["order"]["number"] for _ in range(2)]
    assert numbers == ["R-100001", "R-100002"]


async def test_a_customer_is_named_by_id_external_id_email_in_any_case_or_phone(ask, given):
    made = await given.customer(email="Ann@example.com", phone="+4930123456", external_ids=[("crm", "7")])
    ways = [
        {"id": made.id},
        {"externalId": {"source": " crm ", "value": "7"}},
        {"email": "aNN@EXAMPLE.com"},
        {"phone": "+49 30 123456"},
    ]
    for way in ways:
        assert (await recorded(ask, customer=way))["customer"]["id"] == made.id


async def test_an_email_with_letters_beyond_ascii_names_its_customer(ask, given):
    await given.business()
    first = await ask(SET_CUSTOMER, input=customer({"email": "ÄNNE@exämple.com"}, firstName="Änne"))
    again = await ask(SET_CUSTOMER, input=customer({"email": "ÄNNE@exämple.com"}, lastName="Z"))
    assert again["setCustomer"]["customer"]["id"] == first["setCustomer"]["customer"]["id"]


AT_THE_TIME = """query At($asOf: DateTime, $knownAt: DateTime) {
  customer(by: {email: "ann@example.com"}, asOf: $asOf, knownAt: $knownAt) { createdAt orders { nodes { number } } }
}"""


async def test_an_earlier_purchase_shows_that_the_customer_was_there_and_rewrites_no_report(ask, given):
    await given.customer(email="ann@example.com", created_at=datetime(2025, 5, 1, tzinfo=UTC))
    clocks = {"asOf": "2024-03-01T00:00:00Z", "knownAt": datetime.now(UTC).isoformat()}
    assert (await ask(AT_THE_TIME, **clocks))["customer"] is None
    early = await recorded(ask, placedAt="2024-02-29T23:59:59.999999Z")
    assert early["customer"]["createdAt"] == "2025-05-01T00:00:00.000000Z"
    found = (await ask(AT_THE_TIME, asOf=clocks["asOf"]))["customer"]
    assert [order["number"] for order in found["orders"]["nodes"]] == [early["order"]["number"]]
    assert (await ask(AT_THE_TIME, **clocks))["customer"] is None


async def test_a_known_product_needs_no_name_and_keeps_its_own(ask, ann, given):
    await given.product("TEA", "Green tea")
    unnamed = await recorded(ask, line(name=None))
    renamed = await recorded(ask, line(name="Sencha"))
    assert unnamed["order"]["lines"]["nodes"][0]["name"] == "Green tea"
    assert renamed["order"]["lines"]["nodes"][0]["name"] == "Sencha"
    assert await given.connection.fetchval("SELECT name FROM products") == "Green tea"


@pytest.mark.parametrize(
    ("currency", "price", "quantity", "total"),
    [
        ("EUR", "0.333333", 3, "1.00"),
        ("JPY", "150", 2, "300"),
        ("KWD", "1.234", 3, "3.702"),
        ("EUR", "0", 5, "0.00"),
        ("EUR", "0.000001", 1, "0.00"),
        ("EUR", "1000000000000000", 1, "1000000000000000.00"),
    ],
)
async def test_amounts_are_exact_and_shown_in_minor_units(ask, given, currency, price, quantity, total):
    await given.business(currency)
    await given.customer(email="ann@example.com")
    answer = await recorded(ask, line(price, quantity, currency))
    assert answer["order"]["total"] == {"amount": total, "currencyCode": currency}
    stored = await given.connection.fetchrow("SELECT gross, business_gross FROM orders")
    assert tuple(stored) == (Decimal(price) * quantity,) * 2


async def test_a_foreign_amount_is_worth_what_it_was_on_that_day_where_the_business_is(ask, given):
    await given.business("EUR", zone="Asia/Tokyo")
    await given.customer(email="ann@example.com")
    await given.rate("USD", "0.5", date(2025, 1, 1))
    await given.rate("USD", "0.75", date(2025, 6, 1))
    # 15:00 UTC is midnight in Tokyo: the new day's rate holds from then on.
    before = await recorded(ask, line("10.01", currency="USD"), placedAt="2025-05-31T14:59:59Z")
    after = await recorded(ask, line("10.01", currency="USD"), placedAt="2025-05-31T15:00:00Z")
    assert before["customer"]["purchaseSummary"]["net"] == {"amount": "5.01", "currencyCode": "EUR"}
    assert after["customer"]["purchaseSummary"]["net"] == {"amount": "12.52", "currencyCode": "EUR"}


async def test_a_discount_as_large_as_the_sum_shown_leaves_nothing(ask, ann, given):
    answer = await recorded(ask, line("0.333333", 3), discount={"amount": "1.00", "currencyCode": "EUR"})
    assert answer["order"]["total"]["amount"] == "0.00"
    assert await given.connection.fetchval("SELECT gross - discount FROM orders") == 0


async def test_a_refund_is_recorded_and_answered_with_all_that_follows(ask, ann):
    order = (await recorded(ask, line("20.00")))["order"]
    answer = await paid_back(
        ask, order, "7.50", reason="Broken", refundedAt="2025-06-02T00:00:00Z", externalId={"source": "s", "value": "1"}
    )
    assert answer["refund"] | {"id": None} == {
        "id": None,
        "amount": {"amount": "7.50", "currencyCode": "EUR"},
        "reason": "Broken",
        "refundedAt": "2025-06-02T00:00:00.000000Z",
        "externalId": {"source": "s", "value": "1"},
    }
    assert answer["order"] == {"status": "PARTIALLY_REFUNDED", "net": {"amount": "12.50"}}
    assert answer["customer"]["purchaseSummary"] == {"refunds": {"amount": "7.50"}, "net": {"amount": "12.50"}}
    assert (await paid_back(ask, order, "12.50"))["order"] == {"status": "REFUNDED", "net": {"amount": "0.00"}}


@pytest.mark.parametrize("parts", [["10.00"], ["3.33", "3.33", "3.34"], ["0.01", "9.98", "0.01"]])
@pytest.mark.parametrize(("rate", "home"), [("0.917", "EUR"), ("151.7", "JPY"), ("0.3071", "KWD")])
async def test_a_foreign_order_paid_back_leaves_nothing_in_the_currency_of_the_business(ask, given, parts, rate, home):
    await given.business(home)
    await given.customer(email="ann@example.com")
    await given.rate("USD", rate)
    order = (await recorded(ask, line("10.00", currency="USD")))["order"]
    for part in parts:
        assert (await paid_back(ask, order, part, "USD"))["userErrors"] == []
    left = await given.connection.fetchrow(
        "SELECT max(gross) - (SELECT sum(amount) FROM refunds) AS own,"
        " max(business_gross) - (SELECT sum(business_amount) FROM refunds) AS home FROM orders"
    )
    assert tuple(left) == (0, 0)
    worths = [row[0] for row in await given.connection.fetch("SELECT business_amount FROM refunds")]
    assert all(worth == round(worth, {"EUR": 2, "JPY": 0, "KWD": 3}[home]) for worth in worths)


async def test_paying_back_what_is_shown_pays_back_all_of_a_sum_finer_than_that(ask, ann, given):
    order = (await recorded(ask, line("0.333333", 3)))["order"]
    assert order["net"]["amount"] == "1.00"
    answer = await paid_back(ask, order, "1.00")
    assert (answer["userErrors"], answer["order"]["status"]) == ([], "REFUNDED")
    assert await given.connection.fetchval("SELECT amount FROM refunds") == Decimal("0.999999")


async def test_a_refund_that_does_not_say_when_never_precedes_its_purchase(ask, ann, given):
    ask.now = datetime(2025, 6, 1, 8, 57, tzinfo=UTC)
    order = (await recorded(ask))["order"]
    answer = await paid_back(ask, order, "1.00")
    assert answer["refund"]["refundedAt"] == order["placedAt"] == "2025-06-01T09:00:00.000000Z"


async def test_a_mutation_that_fails_leaves_the_others_of_its_request_done(ask, ann, given):
    document = """mutation ($a: RecordPurchaseInput!, $b: RecordPurchaseInput!, $c: RecordPurchaseInput!) {
      a: recordPurchase(input: $a) { order { number } } b: recordPurchase(input: $b) { order { number } }
      c: recordPurchase(input: $c) { order { number } } }"""
    answer = await ask(document, fails=True, a=one_purchase(), b=one_purchase(key="too short"), c=one_purchase())
    assert answer == {"a": {"order": {"number": "R-100001"}}, "b": None, "c": {"order": {"number": "R-100002"}}}
    assert ask.codes == ["BAD_USER_INPUT"]
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 2


async def test_an_answer_that_cannot_be_read_back_still_says_that_it_was_recorded(database_url, given, ann, tmp_path):
    document = """mutation ($input: RecordPurchaseInput!) { recordPurchase(input: $input) {
      order { number } userErrors { code } idempotency { replayed } } }"""
    async with wired(database_url, tmp_path) as (wire, address), open_database(address, pool_size=1) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        wire.at, wire.cuts = b"AS p(k0", 9
        answer = (await ask(document, fails=True, input=one_purchase()))["recordPurchase"]
        assert answer == {"order": None, "userErrors": [], "idempotency": {"replayed": False}}
        assert (ask.codes, [error.path for error in ask.errors]) == (["UNAVAILABLE"], [["recordPurchase", "order"]])
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 1


async def test_two_mutations_with_one_key_in_one_request_are_one_change(ask, ann, given):
    document = """mutation ($a: RecordPurchaseInput!, $b: RecordPurchaseInput!, $c: RecordPurchaseInput!) {
      a: recordPurchase(input: $a) { order { id } idempotency { replayed } }
      b: recordPurchase(input: $b) { order { id } idempotency { replayed } }
      c: recordPurchase(input: $c) { order { id } } }"""
    first = one_purchase()
    other = {**first, "purchase": purchase(line("9.00"))}
    answer = await ask(document, fails=True, a=first, b=first, c=other)
    assert answer["a"]["order"] == answer["b"]["order"]
    assert (answer["a"]["idempotency"], answer["b"]["idempotency"]) == ({"replayed": False}, {"replayed": True})
    assert (answer["c"], ask.codes) == (None, ["IDEMPOTENCY_KEY_REUSED"])
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 1
