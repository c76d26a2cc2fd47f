"""How customers stand, kept beside the facts: always what the facts say, whatever changes, and however many at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from api.database import database as open_database
from api.reads.checks import findings
from api.writes.standing import rebuilt
from tests.asking import Ask, WatchedDatabase
from tests.given import Given, connected
from tests.writes.changes import SET_ACTIVE_POLICY, new_key, one_purchase
from tests.writes.random_changes import NOW, Shop

pytestmark = pytest.mark.anyio

# Nothing is read back: what is written at once is what counts here.
RECORD = "mutation ($input: RecordPurchaseInput!) { recordPurchase(input: $input) { userErrors { code } } }"
STRICTER = [
    {"code": "RECENT_PURCHASE", "window": "P3M"},
    {"code": "RECENT_PURCHASE", "window": "P24M", "category": "Tool"},
    {"code": "LOYAL", "window": "P12M", "minimumCount": 3, "customerKind": "BUSINESS"},
    {"code": "CONTRACT"},
]


async def broken(connection):
    """Return the laws that are broken, with how often."""
    return {finding.law: finding.broken for finding in await findings(connection) if finding.broken}


async def set_policy(ask, rules, effective_from: datetime):
    given = {"policy": {"rules": rules}, "effectiveFrom": effective_from.isoformat(), "idempotencyKey": new_key()}
    payload = (await ask(SET_ACTIVE_POLICY, input=given))["setActivePolicy"]
    assert payload["userErrors"] == []


async def test_it_is_what_the_facts_say_after_ten_thousand_changes_and_other_policies(ask, given):
    await given.business()
    customers = [(await given.customer(first_name=f"C{number}")).id for number in range(60)]
    ask.now = NOW
    shop = Shop(ask, Random(11), customers)
    await shop.purchases(250)
    for beginning in (shop.start, shop.enroll, shop.sign):
        await beginning()
    for part in range(4):
        for _ in range(9):
            await shop.purchases(250)
        for _ in range(400):
            await shop.anything()
        assert await broken(given.connection) == {}
        if part == 0:
            await set_policy(ask, STRICTER, NOW - timedelta(days=2))
        if part == 1:
            await set_policy(ask, STRICTER[:2], NOW + timedelta(days=400))
    assert shop.recorded >= 10_000
    assert await given.connection.fetchval("SELECT count(*) FROM active_policies") == 3


class BusyShop(Shop):
    """A shop whose customers buy several times on some days, and long before on others."""

    def moment(self, days: int = 500) -> str:
        return super().moment(self.random.choice((2, 2, 60, days)))


async def test_it_is_what_the_facts_say_after_every_purchase(ask, given):
    await given.business(zone="America/Los_Angeles")
    customers = [(await given.customer(first_name=f"C{number}")).id for number in range(2)]
    ask.now = NOW
    shop = BusyShop(ask, Random(5), customers)
    for number in range(32):
        # One by one: of many together, some were made so long ago that all others are looked at.
        await shop.purchases(shop.random.choice((1, 1, 2)))
        if number % 8 == 7:
            assert await broken(given.connection) == {}
        if shop.random.random() < 0.3:
            await shop.refund()


class MonthEndShop(Shop):
    """A shop where most is bought on the last days of January, all of which count until the end of February."""

    def moment(self, days: int = 500) -> str:
        when = self.random.choice((datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC), None))
        hours = self.random.randrange(48 if when else 40 * 24)
        return ((when or datetime(2025, 12, 25, tzinfo=UTC)) + timedelta(hours=hours)).isoformat()


async def test_of_earlier_purchases_those_that_count_longest_are_not_missed(ask, given):
    await given.business(zone="America/Los_Angeles")
    ask.now = datetime(2026, 2, 3, tzinfo=UTC)
    loyal = {"code": "LOYAL", "window": "P1M"}
    rules = [{**loyal, "minimumCount": 2, "customerKind": "BUSINESS"}, {**loyal, "minimumCount": 4}]
    await set_policy(ask, rules, ask.now - timedelta(days=2))
    kinds = ("CONSUMER", "BUSINESS", "CONSUMER")
    customers = [(await given.customer(first_name=f"C{number}", kind=kind)).id for number, kind in enumerate(kinds)]
    shop = MonthEndShop(ask, Random(3), customers)
    for number in range(60):
        await shop.purchases(1)
        if shop.random.random() < 0.2:
            await shop.refund()
        if number % 4 == 3:
            assert await broken(given.connection) == {}
    loyal_by_now = "SELECT count(*) FROM customer_activity WHERE NOT isempty(loyal)"
    assert await given.connection.fetchval(loyal_by_now) == len(customers)


async def test_changes_of_one_customer_at_once_miss_nothing_of_each_other(database_url, given):
    customer = await given.customer()
    await given.product()
    async with open_database(database_url, pool_size=30) as opened:
        asks = [Ask(WatchedDatabase.of(opened)) for _ in range(30)]
        moments = [f"2025-0{1 + number % 9}-05T09:00:00Z" for number in range(30)]
        inputs = [one_purchase(customer={"id": customer.id}, placedAt=moment) for moment in moments]
        await asyncio.gather(*(ask(RECORD, input=each) for ask, each in zip(asks, inputs, strict=True)))
    assert await broken(given.connection) == {}
    assert await given.connection.fetchval("SELECT order_count FROM customer_standing") == 30


async def test_a_purchase_and_a_policy_at_once_miss_nothing_of_each_other(database_url, given):
    customers = [await given.customer() for _ in range(10)]
    await given.product()
    async with open_database(database_url, pool_size=30) as opened:
        asks = [Ask(WatchedDatabase.of(opened)) for _ in range(30)]
        bought = [
            ask(RECORD, input=one_purchase(customer={"id": customers[number % 10].id}))
            for number, ask in enumerate(asks)
        ]
        policy = set_policy(Ask(WatchedDatabase.of(opened)), STRICTER, datetime.fromisoformat("2026-01-01T00:00:00Z"))
        await asyncio.gather(*bought[:15], policy, *bought[15:])
    assert await broken(given.connection) == {}


async def test_a_difference_from_the_facts_is_noticed_and_can_be_made_good(database, given):
    customer = await given.customer()
    await given.order(customer, 10, placed_at=datetime.fromisoformat("2026-01-05T10:00:00Z"))
    await given.connection.execute("UPDATE customer_standing SET order_count = 7")
    await given.connection.execute("UPDATE customer_activity SET recent_purchase = '{}'")
    await given.connection.execute("UPDATE active_spans SET ends_at = '2200-01-01Z'")
    assert len(await broken(given.connection)) == 3
    assert await rebuilt(database) == 1
    assert await broken(given.connection) == {}


async def test_a_dry_run_leaves_it_as_it_is(ask, given):
    customer = await given.customer()
    await given.product()
    payload = await ask(RECORD, input=one_purchase(customer={"id": customer.id}) | {"dryRun": True})
    assert payload["recordPurchase"]["userErrors"] == []
    assert await given.connection.fetchval("SELECT order_count FROM customer_standing") == 0


async def test_a_database_from_before_is_brought_up_to_date(database_url, given):
    connection = await connected(database_url)
    await Given(connection).customers(3, orders=[5, 6])
    await connection.execute("TRUNCATE customer_standing, customer_activity, active_spans")
    async with open_database(database_url) as opened:
        assert await rebuilt(opened) == 3
    assert await broken(connection) == {}
    await connection.close()
