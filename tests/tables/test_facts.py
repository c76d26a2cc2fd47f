"""What the database itself refuses: changed facts, sums that do not add up, refunds beyond the rest."""

from __future__ import annotations

from decimal import Decimal

import asyncpg
import pytest

from tests.given import Line

pytestmark = pytest.mark.anyio

FACTS = {"exchange_rates": "rate", "orders": "gross", "order_lines": "unit_price", "refunds": "amount"}
FACTS_OF_TERMS = {
    "subscription_payments",
    "support_usages",
    "active_policies",
    "active_rules",
    "lifetime_value_models",
    "lifetime_value_tests",
    "customer_costs",
    "loyalty_programs",
    "loyalty_rules",
    "loyalty_tiers",
    "loyalty_transactions",
    "loyalty_entries",
    "loyalty_lot_uses",
    "marketing_consents",
    "survey_links",
    "feedback",
    "feedback_replies",
    "complaint_resolutions",
    "referral_programs",
    "referral_signals",
    "referral_rewards",
}
CHANGES = {
    "updated": "UPDATE {table} SET {column} = {column} + 1",
    "updated without effect": "UPDATE {table} SET {column} = {column} WHERE false",
    "deleted": "DELETE FROM {table}",
    "truncated": "TRUNCATE {table} CASCADE",
}


async def counts(connection):
    return [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in FACTS]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("table", FACTS)
async def test_a_fact_is_never_changed(connection, given, table, change):
    customer = await given.customer()
    order = await given.order(customer, 10)
    await given.refund(customer, 1, order)
    await given.rate("USD", "0.9")
    before = await counts(connection)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never changed or deleted"):
        await connection.execute(change.format(table=table, column=FACTS[table]))
    assert await counts(connection) == before == [1, 1, 1, 1]


async def test_every_table_of_facts_is_guarded(connection):
    guarded = await connection.fetch(
        "SELECT event_object_table AS name FROM information_schema.triggers"
        " WHERE trigger_name LIKE '%append_only' AND event_manipulation = 'UPDATE'"
    )
    assert {record["name"] for record in guarded} == FACTS.keys() | FACTS_OF_TERMS


async def test_an_order_is_the_sum_of_its_lines(connection, given):
    customer = await given.customer()
    await given.order(customer, Line("0.005", 3), Line("2.50", 2))
    assert await connection.fetchval("SELECT gross FROM orders") == Decimal("5.015")
    with pytest.raises(asyncpg.CheckViolationError, match="must equal the sum of its lines"):
        await given.order(customer, 10, gross=Decimal(11), business_gross=Decimal(11))
    assert await counts(connection) == [0, 1, 2, 0]


async def test_an_order_has_lines(connection, given):
    customer = await given.customer()
    with pytest.raises(asyncpg.CheckViolationError, match="must equal the sum of its lines"):
        await given.order(customer)
    assert await counts(connection) == [0, 0, 0, 0]


async def test_refunds_do_not_exceed_what_was_paid(connection, given):
    customer = await given.customer()
    order = await given.order(customer, 10, discount=2)
    await given.refund(customer, 5, order)
    with pytest.raises(asyncpg.CheckViolationError, match="must not exceed"):
        await given.refund(customer, "3.01", order)
    await given.refund(customer, 3, order)
    with pytest.raises(asyncpg.CheckViolationError, match="must not exceed"):
        await given.refund(customer, "0.01", order)
    assert await connection.fetchval("SELECT sum(amount) FROM refunds") == 8


async def test_a_refund_without_an_order_needs_none(connection, given):
    await given.refund(await given.customer(), 1000)
    assert await counts(connection) == [0, 0, 0, 1]


async def test_a_refund_is_on_an_order_of_the_same_customer(connection, given):
    order = await given.order(await given.customer(), 10)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await given.refund(await given.customer(), 1, order)
    assert await counts(connection) == [0, 1, 1, 0]


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "-0.01", "1e16"])
async def test_an_amount_is_finite_and_not_negative(connection, given, amount):
    customer = await given.customer()
    order = await given.order(customer, 1)
    with pytest.raises(asyncpg.CheckViolationError):
        await given.order(customer, amount)
    with pytest.raises(asyncpg.CheckViolationError):
        await given.order(customer, 10, discount=amount)
    with pytest.raises(asyncpg.CheckViolationError):
        await given.refund(customer, amount, order)
    with pytest.raises(asyncpg.CheckViolationError):
        await given.rate("USD", amount)
    assert await counts(connection) == [0, 1, 1, 0]


async def test_a_discount_is_at_most_the_sum(given):
    customer = await given.customer()
    await given.order(customer, 10, discount=10)
    with pytest.raises(asyncpg.CheckViolationError):
        await given.order(customer, 10, discount="10.01")


async def test_there_is_one_business(connection, given):
    await given.business()
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("INSERT INTO business (name, currency, time_zone) VALUES ('B', 'EUR', 'UTC')")
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(
            "INSERT INTO business (singleton, name, currency, time_zone) VALUES (2, 'B', 'EUR', 'UTC')"
        )


async def test_an_address_names_one_living_customer(connection, given):
    first = await given.customer(email="Ann@Example.com")
    with pytest.raises(asyncpg.UniqueViolationError):
        await given.customer(email="ann@example.COM")
    await given.customer(email="ann@example.com", merged_into=first.key)
    assert await connection.fetchval("SELECT count(*) FROM customers") == 2


async def test_an_identifier_of_another_system_is_given_once_for_ever(given):
    await given.customer(external_ids=[("shop", "1"), ("shop", "2")])
    with pytest.raises(asyncpg.UniqueViolationError):
        await given.customer(external_ids=[("shop", "1")])


async def test_nobody_is_merged_into_themselves(connection, given):
    customer = await given.customer()
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("UPDATE customers SET merged_into = customer_id")
    assert customer.key is not None
