"""How many statements a change costs: counted, exactly, and the same for one purchase as for 250."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.asking import Ask
from tests.writes.changes import RECORD_PURCHASE, batch, line, one_purchase, purchase

pytestmark = pytest.mark.anyio

WRITTEN_ONLY = """mutation ($input: RecordPurchasesInput!) { recordPurchases(input: $input) { recorded } }"""
ORDERS_WITH_CUSTOMERS = """mutation ($input: RecordPurchasesInput!) { recordPurchases(input: $input) {
  recorded results { order { number customer { displayName } } } } }"""
ORDERS_AND_CUSTOMERS = """mutation ($input: RecordPurchasesInput!) { recordPurchases(input: $input) {
  recorded results { order { number } customer { displayName } } } }"""


@pytest.fixture
async def buyers(ask, given):
    """250 customers, and a connection that has met every kind of statement."""
    made = await given.customers(250)
    await given.rate("USD", "0.9")
    await ask(WRITTEN_ONLY, input=batch(*rows(made[:1], 9, placed_at="2024-12-01T09:00:00Z")))
    return made


def rows(buyers, number, currency="EUR", placed_at="2024-06-01T09:00:00Z"):
    """Return purchases, each of another customer, of two products that are new and one that is not."""
    new = [f"{number}-A", f"{number}-B"]
    return [
        purchase(
            line(sku=new[place % 2], name="New", currency=currency),
            line(currency=currency),
            customer={"id": buyer.id},
            placedAt=placed_at,
            externalId={"source": "shop", "value": f"{number}-{place}"},
        )
        for place, buyer in enumerate(buyers)
    ]


def verbs(statements):
    return Counter(text.split()[0] for text in statements)


@pytest.mark.parametrize("currency", ["EUR", "USD"])
async def test_250_purchases_cost_as_many_statements_as_one(ask, buyers, currency):
    one = await ask(WRITTEN_ONLY, input=batch(*rows(buyers[:1], 1, currency)))
    of_one = ask.statements
    many = await ask(WRITTEN_ONLY, input=batch(*rows(buyers, 2, currency, "2024-05-01T09:00:00Z")))
    assert (one["recordPurchases"]["recorded"], many["recordPurchases"]["recorded"]) == (1, 250)
    # Customers with products and, once added, the new ones are read; key, orders, products and lines are added; turns
    # are taken and the standing of customers is worked out; the key's outcome is updated. Another currency reads rates.
    wanted = {"SELECT": 4 if currency == "EUR" else 5, "INSERT": 4, "WITH": 1, "UPDATE": 1}
    assert verbs(of_one) == verbs(ask.statements) == wanted


async def test_purchases_of_known_products_cost_four_statements_besides_reading_them_back(ask, buyers):
    named = [{"id": buyer.id} for buyer in buyers]
    await ask(RECORD_PURCHASE, input=one_purchase(customer=named[0]))
    await ask(RECORD_PURCHASE, input=one_purchase(customer=named[0]))
    of_one = ask.statements[:4]
    # The key is taken, customers and products are found, orders are added with their lines and the outcome is kept, and
    # how the customers stand is worked out.
    assert [text.split()[0] for text in of_one] == ["INSERT", "SELECT", "WITH", "WITH"]
    await ask(WRITTEN_ONLY, input=batch(*(purchase(customer=name) for name in named)))
    assert ask.statements == of_one


async def test_the_business_is_read_for_the_first_change_only(database, given):
    ask = Ask(database)
    await given.customer(email="ann@example.com")
    read = []
    for _ in range(3):
        await ask(WRITTEN_ONLY, input=batch(purchase()))
        read.append(sum(text.startswith("SELECT business.currency") for text in ask.statements))
    assert read == [1, 0, 0]


@pytest.mark.parametrize("document", [ORDERS_WITH_CUSTOMERS, ORDERS_AND_CUSTOMERS], ids=["nested", "beside"])
async def test_250_recorded_orders_with_their_customers_are_read_back_in_one_statement(ask, buyers, document):
    await ask(WRITTEN_ONLY, input=batch(*rows(buyers, 1)))
    writing = len(ask.statements)
    answer = (await ask(document, input=batch(*rows(buyers, 2, placed_at="2024-05-01T09:00:00Z"))))["recordPurchases"]
    assert len(ask.statements) - writing == 1
    results = answer["results"]
    assert [each["order"]["number"] for each in results] == [f"2-{place}" for place in range(250)]
    names = [(each.get("customer") or each["order"]["customer"])["displayName"] for each in results]
    assert names == [f"Customer {place:04}" for place in range(250)]
