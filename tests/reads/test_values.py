"""What counts as brought, rule by rule: exact amounts at the moments when they begin to count, and what caused them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.given import NEW_YEAR

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
NOW = datetime(2027, 1, 1, tzinfo=UTC)
VALUE = """query ($id: ID!, $asOf: DateTime, $knownAt: DateTime, $since: DateTime!, $first: Int = 100) {
  customer(by: {id: $id}, asOf: $asOf, knownAt: $knownAt) {
    purchaseSummary { net { amount } }
    lifetimeValue {
      historic {
        gross { amount } refunds { amount } net { amount currencyCode } averageOrderValue { amount } orderCount
        byStream { stream net { amount } }
      }
      inOtherCurrencies { amount currencyCode }
      changes(since: $since, first: $first) {
        stream amount { amount currencyCode } happenedAt changes
        cause { __typename id ... on Contract { name } ... on Order { number } }
      }
    }
  }
}"""
LISTED = """query ($filter: CustomerFilterInput, $asOf: DateTime) {
  customers(filter: $filter, asOf: $asOf, orderBy: { field: HISTORIC_NET }) { nodes { id } }
}"""


@pytest.fixture
def value(ask):
    """Asks what a customer has brought."""
    ask.now = NOW

    async def asked(customer, as_of=None, *, since=datetime(2020, 1, 1, tzinfo=UTC), **given):
        moment = as_of and as_of.isoformat()
        answer = await ask(VALUE, id=customer.id, asOf=moment, since=since.isoformat(), **given)
        return answer["customer"]["lifetimeValue"]

    return asked


def streams(value):
    """Return the net amount of every stream that has brought anything."""
    found = {part["stream"]: part["net"]["amount"] for part in value["historic"]["byStream"]}
    assert len(found) == 7
    return {stream: amount for stream, amount in found.items() if Decimal(amount)}


def moved(value):
    """Return the changes in short: stream, amount, and the type of what caused each."""
    return [
        (change["stream"], change["amount"]["amount"], change["cause"] and change["cause"]["__typename"])
        for change in value["changes"]
    ]


async def test_a_payment_counts_when_it_was_paid(value, given):
    customer = await given.customer()
    product, service = [await given.subscription(customer, kind=kind) for kind in ("PRODUCT", "SERVICE")]
    await given.payment(customer, product, 10, paid_at=NEW_YEAR)
    await given.payment(customer, product, 12, business_amount=Decimal("11.50"), paid_at=NEW_YEAR + 30 * DAY)
    await given.payment(customer, service, 7, paid_at=NEW_YEAR + 40 * DAY)
    assert streams(await value(customer, NEW_YEAR)) == {"PRODUCT_SUBSCRIPTIONS": "10.00"}
    now = await value(customer)
    assert streams(now) == {"PRODUCT_SUBSCRIPTIONS": "21.50", "SERVICE_SUBSCRIPTIONS": "7.00"}
    assert now["historic"]["net"] == {"amount": "28.50", "currencyCode": "EUR"}
    assert (now["historic"]["orderCount"], now["historic"]["averageOrderValue"]) == (0, None)
    assert moved(now) == [
        ("SERVICE_SUBSCRIPTIONS", "7.00", "SubscriptionPayment"),
        ("PRODUCT_SUBSCRIPTIONS", "11.50", "SubscriptionPayment"),
        ("PRODUCT_SUBSCRIPTIONS", "10.00", "SubscriptionPayment"),
    ]


async def test_a_plan_counts_when_it_was_agreed_and_not_if_it_never_holds(value, given):
    customer = await given.customer()
    priced = {"paid": True, "price": Decimal(99), "currency": "EUR"}
    begins = {"starts_at": NEW_YEAR + 10 * DAY, "changed_at": NEW_YEAR}
    early = {"change": "CANCELLED", "cancellation_reason": "OTHER", "changed_at": NEW_YEAR + DAY}
    await given.support_plan(customer, **priced, **begins)
    await given.support_plan(customer, early | {"cancel_at": NEW_YEAR + 20 * DAY}, **priced, **begins)
    await given.support_plan(customer, early | {"cancel_at": NEW_YEAR + 10 * DAY}, **priced, **begins)
    await given.support_plan(customer)
    assert streams(await value(customer, NEW_YEAR)) == {"SUPPORT_PLANS": "297.00"}
    now = await value(customer)
    assert streams(now) == {"SUPPORT_PLANS": "198.00"}
    assert moved(now)[0] == ("SUPPORT_PLANS", "-99.00", "SupportPlanEnrollment")
    assert len(moved(now)) == 4


async def test_a_plan_that_came_with_an_order_is_not_counted_twice(value, given):
    customer = await given.customer()
    order = await given.order(customer, 50)
    line = await given.connection.fetchval("SELECT line_id FROM order_lines")
    priced = {"paid": True, "price": Decimal(20), "currency": "EUR"}
    await given.support_plan(customer, **priced, order_id=order.key, line_id=line)
    assert streams(await value(customer)) == {"ORDERS": "50.00"}


async def test_a_contract_counts_term_by_term_and_an_early_end_takes_back_what_does_not_run(value, given):
    customer = await given.customer()
    end = NEW_YEAR + 100 * DAY
    renewed = {"change": "RENEWED", "changed_at": NEW_YEAR + 50 * DAY, "value": Decimal(900)}
    renewed |= {"term_starts_at": end, "term_ends_at": end + 90 * DAY}
    terminated = {"change": "TERMINATED", "changed_at": NEW_YEAR + 60 * DAY, "terminate_at": end + 30 * DAY}
    terminated |= {"termination_reason": "Moved", "penalty": Decimal("50.05")}
    moved_back = terminated | {"changed_at": NEW_YEAR + 70 * DAY, "terminate_at": NEW_YEAR + 75 * DAY, "penalty": None}
    await given.contract(customer, renewed, terminated, moved_back, term_ends_at=end, value=Decimal(1200))
    expected = {0: "1200.00", 49: "1200.00", 50: "2100.00", 60: "1550.05", 70: "900.00"}
    for day, amount in expected.items():
        assert streams(await value(customer, NEW_YEAR + day * DAY)) == {"CONTRACTS": amount}
    assert moved(await value(customer)) == [
        ("CONTRACTS", amount, "Contract") for amount in ("-650.05", "-549.95", "900.00", "1200.00")
    ]


IN_CURRENCY = """query ($id: ID!, $currency: CurrencyCode, $since: DateTime! = "2020-01-01T00:00:00Z") {
  customer(by: {id: $id}) {
    default: lifetimeValue { ...Brought }
    lifetimeValue(currency: $currency) { ...Brought }
  }
}
fragment Brought on CustomerLifetimeValue {
  currencyCode
  historic {
    orderCount firstPurchaseAt gross { amount } discounts { amount } refunds { amount } net { amount currencyCode }
    byStream { stream net { amount } }
  }
  changes(since: $since, first: 100) {
    amount { amount currencyCode } cause { ... on Order { number customer { purchaseSummary { net { amount } } } } }
  }
  inOtherCurrencies { amount currencyCode }
}"""


async def test_in_another_currency_only_what_was_charged_in_it_counts_as_it_was_charged(ask, given):
    ask.now, customer = NOW, await given.customer()
    dollars = {"currency": "USD", "rate": "0.9"}
    await given.order(customer, 100)
    bought = await given.order(customer, 50, discount=5, placed_at=NEW_YEAR + DAY, **dollars)
    await given.refund(customer, 10, bought, refunded_at=NEW_YEAR + 2 * DAY, **dollars)
    for currency, kind in (("USD", "SERVICE"), ("EUR", "PRODUCT")):
        subscription = await given.subscription(customer, kind=kind, currency=currency)
        await given.payment(customer, subscription, 7, currency=currency, business_amount=Decimal("6.30"))
        await given.support_plan(customer, paid=True, price=Decimal(20), currency=currency)
    await given.contract(customer, value=Decimal(120_000), currency="JPY")

    async def told(currency):
        answer = (await ask(IN_CURRENCY, id=customer.id, currency=currency))["customer"]
        assert streams(answer["default"]) == {"ORDERS": "131.50"} | dict.fromkeys(SUBSCRIBED, "6.30") | PLAN
        moved = sum(Decimal(change["amount"]["amount"]) for change in answer["lifetimeValue"]["changes"])
        assert moved == Decimal(answer["lifetimeValue"]["historic"]["net"]["amount"])
        return answer["default"], answer["lifetimeValue"]

    default, in_dollars = await told("usd")
    assert in_dollars["currencyCode"] == "USD"
    assert streams(in_dollars) == {"ORDERS": "35.00", "SERVICE_SUBSCRIPTIONS": "7.00"} | PLAN
    sums = in_dollars["historic"]
    assert [sums[name]["amount"] for name in ("gross", "discounts", "refunds")] == ["77.00", "5.00", "10.00"]
    assert sums["net"] == {"amount": "62.00", "currencyCode": "USD"}
    assert (sums["orderCount"], sums["firstPurchaseAt"]) == (1, "2025-01-02T00:00:00.000000Z")
    assert {change["amount"]["currencyCode"] for change in in_dollars["changes"]} == {"USD"}
    (order,) = [change["cause"] for change in in_dollars["changes"] if change["cause"]]
    assert order["customer"]["purchaseSummary"]["net"]["amount"] == "131.50"
    assert [one["currencyCode"] for one in in_dollars["inOtherCurrencies"]] == ["EUR", "JPY"]
    assert await told("EUR") == (default, default)
    assert streams((await told("CHF"))[1]) == {}


SUBSCRIBED, PLAN = ("PRODUCT_SUBSCRIPTIONS", "SERVICE_SUBSCRIPTIONS"), {"SUPPORT_PLANS": "20.00"}


async def test_a_currency_that_is_none_is_refused(ask, given):
    customer = await given.customer()
    await ask(IN_CURRENCY, fails=True, id=customer.id, currency="QQQ")
    assert ask.codes == ["BAD_USER_INPUT"]
    assert "ISO 4217" in ask.errors[0].message


async def test_a_part_of_a_term_is_rounded_to_minor_units_half_away_from_zero(value, given):
    customer = await given.customer()
    ended = {"change": "TERMINATED", "changed_at": NEW_YEAR, "termination_reason": "Moved", "penalty": Decimal(0)}
    for days in (1, 2):
        at = {"terminate_at": NEW_YEAR + days * DAY, "term_ends_at": NEW_YEAR + 3 * DAY}
        await given.contract(customer, ended | at, term_ends_at=NEW_YEAR + 3 * DAY, value=Decimal(100))
    at = {"terminate_at": NEW_YEAR + DAY}
    await given.contract(customer, ended | at, term_ends_at=NEW_YEAR + 2 * DAY, value=Decimal("0.01"))
    assert streams(await value(customer)) == {"CONTRACTS": "100.01"}


async def test_what_is_agreed_in_another_currency_is_shown_beside_and_mixed_into_nothing(value, given):
    customer = await given.customer()
    await given.rate("JPY", "0.0061")
    await given.contract(customer, value=Decimal(120_000), currency="JPY")
    await given.contract(customer, value=Decimal("10.125"), currency="KWD")
    await given.support_plan(customer, paid=True, price=Decimal(5_000), currency="JPY")
    now = await value(customer)
    assert streams(now) == {}
    assert now["changes"] == []
    assert now["inOtherCurrencies"] == [
        {"amount": "125000", "currencyCode": "JPY"},
        {"amount": "10.125", "currencyCode": "KWD"},
    ]


async def test_orders_are_rounded_in_all_and_each_moves_the_rounded_total(value, given):
    customer = await given.customer()
    for day in range(3):
        await given.order(customer, "0.004", placed_at=NEW_YEAR + day * DAY)
    now = await value(customer)
    assert streams(now) == {"ORDERS": "0.01"}
    assert moved(now) == [("ORDERS", "0.01", "Order")]
    assert (await value(customer, since=NEW_YEAR + DAY))["changes"] == []


async def test_changes_beyond_the_first_are_summed_up_stream_by_stream(value, given):
    customer = await given.customer()
    subscription = await given.subscription(customer)
    for day in range(5):
        await given.order(customer, 10, placed_at=NEW_YEAR + day * DAY, number=f"N{day}")
    await given.payment(customer, subscription, 7, paid_at=NEW_YEAR)
    await given.refund(customer, 3, refunded_at=NEW_YEAR + 9 * DAY)
    found = (await value(customer, first=2))["changes"]
    told = [(change["stream"], change["amount"]["amount"], change["changes"]) for change in found]
    assert told == [
        ("ORDERS", "-3.00", 1),
        ("ORDERS", "10.00", 1),
        ("ORDERS", "40.00", 4),
        ("PRODUCT_SUBSCRIPTIONS", "7.00", 1),
    ]
    assert found[1]["cause"]["number"] == "N4"
    assert found[2]["cause"] is None
    assert found[3]["cause"]["__typename"] == "SubscriptionPayment", "one alone is no sum"


async def test_what_happened_at_the_moment_is_not_since_it(value, given):
    customer = await given.customer()
    await given.order(customer, 10, placed_at=NEW_YEAR)
    assert (await value(customer, since=NEW_YEAR))["changes"] == []
    assert len((await value(customer, since=NEW_YEAR - timedelta(microseconds=1)))["changes"]) == 1


@pytest.mark.parametrize("as_of", [None, NEW_YEAR + DAY], ids=["now", "asOf"])
async def test_since_later_than_the_answer_is_an_error(value, ask, given, as_of):
    customer = await given.customer()
    later = (as_of or NOW) + timedelta(microseconds=1)
    moment = as_of and as_of.isoformat()
    assert await ask(VALUE, id=customer.id, asOf=moment, since=later.isoformat(), fails=True) == {"customer": None}
    assert ask.codes == ["BAD_USER_INPUT"]
    assert "`since`" in ask.errors[0].message


@pytest.mark.parametrize("first", [0, 101])
async def test_there_are_one_to_a_hundred_changes(ask, given, first):
    customer = await given.customer()
    since = NEW_YEAR.isoformat()
    assert await ask(VALUE, id=customer.id, since=since, first=first, fails=True) == {"customer": None}
    assert ask.codes == ["BAD_USER_INPUT"]


async def test_what_is_computed_below_a_cause_is_refused_in_plain_words(ask, given):
    await given.order(await given.customer(), 10)
    predicted = "cause { ... on Order { customer { lifetimeValue { predicted { __typename } } } } }"
    changes = f'changes(since: "2020-01-01T00:00:00Z") {{ {predicted} }}'
    await ask(f"{{ customers {{ nodes {{ lifetimeValue {{ {changes} }} }} }} }}", fails=True)
    assert ask.codes == ["BAD_USER_INPUT"]
    assert "`predicted`" in ask.errors[0].message


async def test_lists_are_filtered_and_sorted_by_all_streams(ask, given):
    ask.now = NOW
    small, large = await given.customer(), await given.customer()
    await given.order(small, 100)
    await given.contract(large)
    for as_of in (None, (NOW - DAY).isoformat()):
        found = await ask(LISTED, asOf=as_of)
        assert [node["id"] for node in found["customers"]["nodes"]] == [small.id, large.id]
        found = await ask(LISTED, asOf=as_of, filter={"historicNet": {"gt": "1000"}})
        assert [node["id"] for node in found["customers"]["nodes"]] == [large.id]


async def test_sums_of_purchases_stay_those_of_orders(ask, given):
    customer = await given.customer()
    await given.order(customer, 100)
    await given.contract(customer)
    answer = await ask(VALUE, id=customer.id, since=NEW_YEAR.isoformat())
    assert answer["customer"]["purchaseSummary"]["net"]["amount"] == "100.00"
    assert answer["customer"]["lifetimeValue"]["historic"]["averageOrderValue"]["amount"] == "100.00"
    assert answer["customer"]["lifetimeValue"]["historic"]["net"]["amount"] == "1300.00"
