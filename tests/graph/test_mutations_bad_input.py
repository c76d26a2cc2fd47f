"""Bad input: each has one code, a message that says what to do, and leaves nothing behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.writes.changes import (
    RECORD_PURCHASE,
    RECORD_PURCHASES,
    RECORD_REFUND,
    SET_CUSTOMER,
    batch,
    counts,
    customer,
    line,
    one_purchase,
    purchase,
    refund,
    told,
)

pytestmark = pytest.mark.anyio

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
NOBODY = "cus_00000000000070008000000000000000"
NOTHING = "ord_00000000000070008000000000000000"
MOST = "1000000000000000"
NUL, SURROGATE = "a\0b", "a\ud800b"

PURCHASES: dict[str, tuple[Any, str, str, str]] = {
    # what is wrong: input, code, path below `input.purchase`, words of the message
    "unknown id": ({"customer": {"id": NOBODY}}, "NOT_FOUND", "customer", "setCustomer creates one"),
    "unknown e-mail": ({"customer": {"email": "x@example.com"}}, "NOT_FOUND", "customer", "setCustomer"),
    "id of another kind": ({"customer": {"id": NOTHING}}, "INVALID", "customer.id", "identifier of a customer"),
    "empty id": ({"customer": {"id": ""}}, "INVALID", "customer.id", "identifier of a customer"),
    "empty e-mail": ({"customer": {"email": ""}}, "INVALID", "customer.email", "e-mail"),
    "empty phone": ({"customer": {"phone": ""}}, "INVALID", "customer.phone", "country code"),
    "NUL in an id": ({"customer": {"id": NUL}}, "INVALID", "customer.id", "identifier"),
    "NUL in an e-mail": ({"customer": {"email": "a\0@b.de"}}, "INVALID", "customer.email", "e-mail"),
    "surrogate in an e-mail": ({"customer": {"email": "\ud800@b.de"}}, "INVALID", "customer.email", "e-mail"),
    "surrogate in a phone": ({"customer": {"phone": "+49\ud800301"}}, "INVALID", "customer.phone", "country code"),
    "blank source": (
        {"customer": {"externalId": {"source": " ", "value": "1"}}}, "BLANK", "customer.externalId.source", "empty",
    ),
    "no lines": ({"lines": []}, "BLANK", "lines", "at least one line"),
    "201 lines": ({"lines": [line()] * 201}, "LIMIT_EXCEEDED", "lines", "200"),
    "negative quantity": ({"lines": [line(quantity=-1)]}, "OUT_OF_RANGE", "lines.0.quantity", "between 1 and 1000000"),
    "no quantity": ({"lines": [line(quantity=0)]}, "OUT_OF_RANGE", "lines.0.quantity", "between 1 and"),
    "huge quantity": ({"lines": [line(quantity=1_000_001)]}, "OUT_OF_RANGE", "lines.0.quantity", "between 1 and"),
    "unknown currency": (
        {"lines": [line(currency="QQQ")]}, "UNKNOWN_CURRENCY", "lines.0.unitPrice.currencyCode", "such as EUR",
    ),
    "mixed currencies": (
        {"lines": [line(), line(currency="USD")]}, "CURRENCY_MISMATCH", "lines.1.unitPrice.currencyCode", "in one",
    ),
    "discount in another currency": (
        {"discount": {"amount": "1", "currencyCode": "USD"}}, "CURRENCY_MISMATCH", "discount.currencyCode", "in one",
    ),
    "no exchange rate": (
        {"lines": [line(currency="USD")]}, "MISSING_EXCHANGE_RATE", "lines.0.unitPrice", "import one",
    ),
    "rate that came later": (
        {"lines": [line(currency="GBP")], "placedAt": "2025-05-19T21:59:59Z"},
        "MISSING_EXCHANGE_RATE", "lines.0.unitPrice", "on the day of the purchase",
    ),
    "sum too large": ({"lines": [line(MOST), line("0.01")]}, "OUT_OF_RANGE", "lines", "sum of the lines is too large"),
    "sum too large at home": (
        {"lines": [line("100000000000000", currency="KWD")]}, "OUT_OF_RANGE", "lines", "currency of the business",
    ),
    "price too fine": ({"lines": [line("0.0000001")]}, "INVALID", "lines.0.unitPrice.amount", "6 digits"),
    "negative price": ({"lines": [line("-0.01")]}, "OUT_OF_RANGE", "lines.0.unitPrice.amount", "between 0 and"),
    "discount above the sum": (
        {"discount": {"amount": "8.51", "currencyCode": "EUR"}}, "OUT_OF_RANGE", "discount", "larger than the sum",
    ),
    "discount too fine": (
        {"discount": {"amount": "0.001", "currencyCode": "EUR"}}, "INVALID", "discount.amount", "2 digits",
    ),
    "yen with cents": (
        {"lines": [line("100", currency="JPY")], "discount": {"amount": "0.5", "currencyCode": "JPY"}},
        "INVALID", "discount.amount", "0 digits",
    ),
    "negative discount": (
        {"discount": {"amount": "-1", "currencyCode": "EUR"}}, "OUT_OF_RANGE", "discount.amount", "between 0 and",
    ),
    "future": ({"placedAt": "2025-06-01T12:05:00.000001Z"}, "OUT_OF_RANGE", "placedAt", "future"),
    "duplicate external id": (
        {"externalId": {"source": "shop", "value": "taken"}}, "TAKEN", "externalId", "recorded already",
    ),
    "long external id": (
        {"externalId": {"source": "shop", "value": "x" * 201}}, "TOO_LONG", "externalId.value", "200 characters",
    ),
    "NUL in an external id": (
        {"externalId": {"source": "shop", "value": NUL}}, "INVALID", "externalId.value", "cannot be kept",
    ),
    "blank article": ({"lines": [line(sku=" ")]}, "BLANK", "lines.0.sku", "must not be empty"),
    "invisible article": ({"lines": [line(sku="\u200b\u2060")]}, "BLANK", "lines.0.sku", "must not be empty"),
    "long article": ({"lines": [line(sku="x" * 65)]}, "TOO_LONG", "lines.0.sku", "64 characters"),
    "blank name": ({"lines": [line(name="")]}, "BLANK", "lines.0.name", "must not be empty"),
    "NUL in a name": ({"lines": [line(name=NUL)]}, "INVALID", "lines.0.name", "cannot be kept"),
    "surrogate in a category": ({"lines": [line(category=SURROGATE)]}, "INVALID", "lines.0.category", "cannot be kept"),
    "turned text": ({"lines": [line(name="a\u202eb")]}, "INVALID", "lines.0.name", "cannot be kept"),
    "unnamed new product": ({"lines": [line(sku="NEW", name=None)]}, "BLANK", "lines.0.name", "its name is needed"),
}  # fmt: skip

REFUNDS: dict[str, tuple[Any, str, str, str]] = {
    # what is wrong: order or None for the one of 10.00 EUR, amount, currency, more; code, path below `input`, words
    "unknown order": ((NOTHING, "1", "EUR", {}), "NOT_FOUND", "orderId", "no such order"),
    "id of another kind": ((NOBODY, "1", "EUR", {}), "NOT_FOUND", "orderId", "no such order"),
    "NUL in an id": ((NUL, "1", "EUR", {}), "NOT_FOUND", "orderId", "no such order"),
    "above the rest": ((None, "10.01", "EUR", {}), "EXCEEDS_REMAINING", "refund.amount.amount", "`net`"),
    "another currency": ((None, "1", "USD", {}), "CURRENCY_MISMATCH", "refund.amount.currencyCode", "of its order"),
    "unknown currency": ((None, "1", "ABC", {}), "UNKNOWN_CURRENCY", "refund.amount.currencyCode", "such as EUR"),
    "nothing": ((None, "0", "EUR", {}), "OUT_OF_RANGE", "refund.amount.amount", "more than nothing"),
    "negative": ((None, "-1", "EUR", {}), "OUT_OF_RANGE", "refund.amount.amount", "between 0 and"),
    "too fine": ((None, "0.001", "EUR", {}), "INVALID", "refund.amount.amount", "2 digits"),
    "before the purchase": (
        (None, "1", "EUR", {"refundedAt": "2025-05-31T23:59:59.999999Z"}),
        "OUT_OF_RANGE", "refund.refundedAt", "before the purchase",
    ),
    "future": (
        (None, "1", "EUR", {"refundedAt": "2025-06-01T12:06:00Z"}), "OUT_OF_RANGE", "refund.refundedAt", "future",
    ),
    "blank reason": ((None, "1", "EUR", {"reason": " "}), "BLANK", "refund.reason", "empty"),
    "long reason": ((None, "1", "EUR", {"reason": "x" * 201}), "TOO_LONG", "refund.reason", "200"),
    "NUL in a reason": ((None, "1", "EUR", {"reason": NUL}), "INVALID", "refund.reason", "cannot be kept"),
    "duplicate external id": (
        (None, "1", "EUR", {"externalId": {"source": "shop", "value": "taken"}}),
        "TAKEN", "refund.externalId", "recorded already",
    ),
}  # fmt: skip

CUSTOMERS: dict[str, tuple[Any, Any, str, str, str]] = {
    # what is wrong: name, parts; code, path below `input`, words of the message
    "unknown id": ({"id": NOBODY}, {}, "NOT_FOUND", "identifier", "name a new one by"),
    "id of another kind": ({"id": NOTHING}, {}, "INVALID", "identifier.id", "identifier of a customer"),
    "bad e-mail as name": ({"email": "ann"}, {}, "INVALID", "identifier.email", "e-mail"),
    "bad e-mail": ({}, {"email": "ann@"}, "INVALID", "customer.email", "not an e-mail address"),
    "e-mail of a host": ({}, {"email": "ann@localhost"}, "INVALID", "customer.email", "not an e-mail address"),
    "bad phone": ({}, {"phone": "030 123456"}, "INVALID", "customer.phone", "such as +4930123456"),
    "bad country": ({}, {"country": "XX"}, "INVALID", "customer.country", "such as DE"),
    "bad locale": ({}, {"locale": "de_DE"}, "INVALID", "customer.locale", "such as de or de-CH"),
    "locale in other digits": ({}, {"locale": "es-٤١٩"}, "INVALID", "customer.locale", "such as de or de-CH"),
    "blank name": ({}, {"firstName": " \t"}, "BLANK", "customer.firstName", "must not be empty"),
    "long name": ({}, {"lastName": "x" * 201}, "TOO_LONG", "customer.lastName", "200 characters"),
    "NUL in a name": ({}, {"lastName": NUL}, "INVALID", "customer.lastName", "cannot be kept"),
    "surrogate in a name": ({}, {"lastName": SURROGATE}, "INVALID", "customer.lastName", "cannot be kept"),
    "NUL in a company": ({}, {"companyName": NUL}, "INVALID", "customer.companyName", "cannot be kept"),
    "too many tags": ({}, {"tags": [str(n) for n in range(51)]}, "LIMIT_EXCEEDED", "customer.tags", "at most 50"),
    "blank tag": ({}, {"tags": ["a", ""]}, "BLANK", "customer.tags.1", "must not be empty"),
    "long tag": ({}, {"tags": ["x" * 65]}, "TOO_LONG", "customer.tags.0", "64"),
    "surrogate in a tag": ({}, {"tags": [SURROGATE]}, "INVALID", "customer.tags.0", "cannot be kept"),
    "too many ids": (
        {}, {"externalIds": [{"source": "s", "value": str(n)} for n in range(21)]},
        "LIMIT_EXCEEDED", "customer.externalIds", "at most 20",
    ),
    "blank id": (
        {}, {"externalIds": [{"source": "s", "value": ""}]}, "BLANK", "customer.externalIds.0.value", "empty",
    ),
    "id of another": (
        {}, {"externalIds": [{"source": "crm", "value": "bob"}]}, "TAKEN", "customer.externalIds", "Another customer",
    ),
    "e-mail of another": ({}, {"email": "BOB@example.com"}, "TAKEN", "customer.email", "Another customer"),
    "phone of another": ({}, {"phone": "+49 30 999999"}, "TAKEN", "customer.phone", "Another customer"),
    "version that is past": ({}, {"expected": 0}, "CONFLICT", "expectedVersion", "read it again"),
    "version of nobody": ({"email": "x@example.com"}, {"expected": 1}, "CONFLICT", "expectedVersion", "no version"),
}  # fmt: skip

REFUSED: dict[str, tuple[str, Any, str]] = {
    # what is wrong: document, input, words of the message; the whole request is refused and not even its key kept
    "short key": (RECORD_PURCHASE, one_purchase(key="short"), "16 to 128"),
    "key with spaces": (RECORD_REFUND, refund(NOTHING, "1", key="a key with spaces"), "16 to 128"),
    "NUL in a key": (SET_CUSTOMER, customer({"email": "a@b.de"}, key="key-with-\0-in-the-middle"), "16 to 128"),
    "surrogate in a key": (SET_CUSTOMER, customer({"email": "a@b.de"}, key="key-with-\ud800-in-it"), "16 to 128"),
    "no purchases": (RECORD_PURCHASES, batch(), "1 to 250"),
    "251 purchases": (RECORD_PURCHASES, batch(*[purchase()] * 251), "1 to 250"),
}


@pytest.fixture
async def shop(ask, given):
    """Ann and Bob, an order of Ann's and its refund; the time is 1 June 2025, noon."""
    ask.now = NOW
    ann = await given.customer(first_name="Ann", email="ann@example.com")
    bob = {"email": "bob@example.com", "phone": "+4930999999", "external_ids": [("crm", "bob")]}
    await given.customer(first_name="Bob", **bob)
    placed = {"placed_at": NOW - timedelta(hours=12), "source": "shop", "external_id": "taken"}
    order = await given.order(ann, 11, **placed)
    await given.refund(ann, 1, order, refunded_at=NOW, source="shop", external_id="taken")
    for currency, rate, day in (("GBP", "1.2", 20), ("KWD", "10.1", 1), ("JPY", "0.006", 1)):
        await given.rate(currency, rate, datetime(2025, 5, day, tzinfo=UTC).date())
    return {"ann": ann, "order": order}


async def rejected(ask, given, document, sent):
    """Send a change; return its one user error, with proof that only the refusal was kept with its key."""
    before = await counts(given.connection)
    versions = "SELECT array_agg(c.* ORDER BY 1) FROM customers AS c"
    customers = await given.connection.fetchval(versions)
    (payload,) = (await ask(document, input=sent)).values()
    assert await counts(given.connection) == before | {"idempotency": before["idempotency"] + 1}
    assert await given.connection.fetchval(versions) == customers
    assert all(payload.get(part) is None for part in ("order", "customer", "refund"))
    (error,) = payload["userErrors"]
    return error


def right(error, code, field, words):
    assert told(error) == (code, field)
    assert words in error["message"]
    assert error["message"].endswith(".")


@pytest.mark.parametrize("wrong", PURCHASES)
async def test_a_bad_purchase_is_rejected(ask, given, shop, wrong):
    parts, code, field, words = PURCHASES[wrong]
    right(await rejected(ask, given, RECORD_PURCHASE, one_purchase(**parts)), code, f"input.purchase.{field}", words)


@pytest.mark.parametrize("wrong", REFUNDS)
async def test_a_bad_refund_is_rejected(ask, given, shop, wrong):
    (order, amount, currency, more), code, field, words = REFUNDS[wrong]
    sent = refund(order or shop["order"].id, amount, currency, **more)
    right(await rejected(ask, given, RECORD_REFUND, sent), code, f"input.{field}", words)


@pytest.mark.parametrize("wrong", CUSTOMERS)
async def test_a_bad_customer_is_rejected(ask, given, shop, wrong):
    name, parts, code, field, words = CUSTOMERS[wrong]
    sent = customer(name or {"id": shop["ann"].id}, **parts)
    right(await rejected(ask, given, SET_CUSTOMER, sent), code, f"input.{field}", words)


@pytest.mark.parametrize("wrong", REFUSED)
async def test_a_request_that_cannot_begin_is_refused(ask, given, shop, wrong):
    document, sent, words = REFUSED[wrong]
    before = await counts(given.connection)
    (payload,) = (await ask(document, fails=True, input=sent)).values()
    assert (payload, ask.codes) == (None, ["BAD_USER_INPUT"])
    assert words in ask.errors[0].message
    assert await counts(given.connection) == before


@pytest.mark.parametrize("name", [{}, {"id": NOBODY, "email": "a@b.de"}, {"email": None}], ids=["none", "two", "null"])
async def test_a_customer_is_named_in_exactly_one_way(ask, given, shop, name):
    before = await counts(given.connection)
    await ask(RECORD_PURCHASE, fails=True, input=one_purchase(customer=name))
    assert "CustomerIdentifierInput" in ask.errors[0].message
    assert await counts(given.connection) == before


async def test_nothing_is_recorded_before_the_business_is_set(ask, given):
    before = await counts(given.connection)
    for document, sent in ((RECORD_PURCHASE, one_purchase()), (RECORD_PURCHASE, one_purchase(dry_run=True))):
        await ask(document, fails=True, input=sent)
        assert ask.codes == ["BUSINESS_NOT_SET"]
    assert await counts(given.connection) == before


async def test_a_foreign_customer_or_order_is_as_one_that_is_missing(ask, given, shop):
    stranger = ask.as_customer(UUID(int=1))
    for document, sent, missing in (
        (RECORD_PURCHASE, one_purchase(), one_purchase(email="nobody@example.com")),
        (RECORD_REFUND, refund(shop["order"].id, "1"), refund(NOTHING, "1")),
        (SET_CUSTOMER, customer({"id": shop["ann"].id}), customer({"id": NOBODY})),
    ):
        foreign, absent = [await rejected(stranger, given, document, each) for each in (sent, missing)]
        assert foreign == absent
        assert foreign["code"] == "NOT_FOUND"
