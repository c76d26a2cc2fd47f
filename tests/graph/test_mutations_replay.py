"""The law of repeats: the answer to a repeated key is the first answer, whatever is selected."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.writes.changes import active_policy, batch, counts, customer, line, one_purchase, purchase, refund

pytestmark = pytest.mark.anyio

ORDER = """id number status placedAt recordedAt discount { amount currencyCode } total { amount } net { amount }
  externalId { source value } lines(first: 5) { nodes { id sku name quantity unitPrice { amount } total { amount }
    product { id name category } } totalCount { count precision } }
  refunds { nodes { id amount { amount } reason } } version customer { id displayName }"""
CUSTOMER = """id kind displayName email tags version createdAt updatedAt externalIds { source value }
  company { name } purchaseSummary { orderCount gross { amount } net { amount } firstPurchaseAt }
  orders(first: 10) { edges { cursor node { number } } pageInfo { hasNextPage } totalCount { count } }"""
POLICY = """id version effectiveFrom timeZone recordedAt
  rules { code enabled customerKind category window minimumCount }"""
ERRORS = "userErrors { __typename code field message currentVersion ... on DisplayableError { path: field } }"
ONCE = "idempotency { key firstSeenAt expiresAt }"

SELECTIONS = {
    "recordPurchase": [
        "__typename",
        ERRORS,
        f"order {{ {ORDER} }}",
        f"customer {{ {CUSTOMER} }} {ERRORS} {ONCE}",
        f"a: order {{ ...o }} b: order {{ number: id }} c: customer {{ displayName }} {ONCE}",
    ],
    "recordPurchases": [
        "recorded",
        f"{ERRORS} {ONCE}",
        f"results {{ order {{ {ORDER} }} customer {{ {CUSTOMER} }} {ERRORS} {ONCE} }} recorded",
        "results { order { customer { displayName orders { nodes { number } } } } customer { id } }",
    ],
    "recordRefund": [
        ONCE,
        f"refund {{ id amount {{ amount currencyCode }} refundedAt recordedAt reason order {{ {ORDER} }} }} {ERRORS}",
        f"order {{ {ORDER} }} customer {{ {CUSTOMER} }}",
    ],
    "setActivePolicy": [
        ERRORS,
        f"policy {{ {POLICY} }} {ERRORS} {ONCE}",
        "policy { version }",
    ],
    "setCustomer": ["created", f"customer {{ {CUSTOMER} }} {ERRORS} created {ONCE}", f"{ERRORS}"],
}


def document(mutation, selection):
    kind = mutation[0].upper() + mutation[1:]
    fragment = f"fragment o on Order {{ {ORDER} }}" if "...o" in selection else ""
    return f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ {selection} }} }} {fragment}"


@pytest.fixture
async def shop(ask, given):
    """Ann with an order of 10.00 EUR, and a clock that stands still."""
    ask.now = datetime(2025, 6, 1, 12, tzinfo=UTC)
    ann = await given.customer(first_name="Ann", email="ann@example.com")
    return await given.order(ann, 10, placed_at=ask.now)


def changes(order):
    """Return changes of every kind, some of which are rejected."""
    external: Any = {"externalId": {"source": "shop", "value": "1"}}
    return [
        ("recordPurchase", one_purchase(line(), line("2", 3, sku="CUP"), **external)),
        ("recordPurchase", one_purchase(email="nobody@example.com")),
        ("recordPurchases", batch(purchase(**external), purchase(email="nobody@example.com"), purchase(**external))),
        ("recordPurchases", batch(purchase(), purchase(line(quantity=0)), errorPolicy="REJECT_EVERYTHING")),
        ("recordRefund", refund(order.id, "2.50", reason="Broken")),
        ("recordRefund", refund(order.id, "10.01")),
        ("setCustomer", customer({"email": "bob@example.com"}, firstName="Bob", companyName="Acme", tags=["new"])),
        ("setCustomer", customer({"email": "ann@example.com"}, expected=7)),
        ("setActivePolicy", active_policy({"code": "RECENT_PURCHASE", "window": "P1Y14D"}, {"code": "CONTRACT"})),
        ("setActivePolicy", active_policy(expectedVersion=7)),
    ]


KINDS = [
    kind
    for kind in ("recordPurchase", "recordPurchases", "recordRefund", "setCustomer", "setActivePolicy")
    for _ in range(2)
]


@pytest.mark.parametrize(
    ("number", "selection"),
    [(number, selection) for number, kind in enumerate(KINDS) for selection in SELECTIONS[kind]],
)
async def test_a_repeat_is_answered_as_the_first_call_was(ask, given, shop, number, selection):
    mutation, sent = changes(shop)[number]
    assert mutation == KINDS[number]
    first = await ask(document(mutation, selection), input=sent)
    rows = await counts(given.connection)
    for other in SELECTIONS[mutation]:
        told = await ask(document(mutation, other), input=sent)
        if other == selection:
            assert told == first
    told = await ask(document(mutation, "idempotency { replayed }"), input=sent)
    assert told == {mutation: {"idempotency": {"replayed": True}}}
    assert await counts(given.connection) == rows
