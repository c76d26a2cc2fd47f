"""Batches of purchases at the same time: each row once, and nobody locked out."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from api.database import database as open_database
from api.domain.money import Amount
from api.domain.purchase import NewLine
from api.errors import UserErrorCode
from api.writes import once as recording
from api.writes.once import once
from api.writes.purchases import record_purchases
from tests.given import connected
from tests.writes.changes import new_key, new_purchase, record, request

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pools(database_url, given):
    """Two pools, as two processes have them."""
    await given.customer(email="ann@example.com")
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(open_database(database_url, pool_size=10)) for _ in range(2)]


async def batch(change, purchases):
    """Record what can be recorded of a batch."""
    fields = [("input", "purchases", str(place)) for place in range(len(purchases))]
    return await record_purchases(change, purchases, fields, all_or_none=False)


async def recorded(database, purchases):
    """Record what can be recorded of a batch and return the codes of what is wrong, one list a row."""
    done = await once(database, request(new_key()), lambda change: batch(change, purchases))
    return [tuple(error.code for error in outcome.errors) for outcome in done.outcomes]


async def test_batches_of_the_same_rows_at_the_same_time_record_each_once(pools, given):
    rows = [new_purchase(external_id=str(number)) for number in range(100)]
    orders = [rows, rows[::-1], rows[50:] + rows[:50], rows[::-2] + rows[::2]]
    found = await asyncio.gather(*(recorded(pools[n % 2], orders[n % 4]) for n in range(12)))
    assert Counter(code for batch in found for code in batch) == {(): 100, (UserErrorCode.TAKEN,): 1_100}
    assert await given.connection.fetchval("SELECT count(DISTINCT external_id) FROM orders") == 100


async def test_rows_in_any_order_do_not_lock_each_other_out(pools, given, monkeypatch):
    monkeypatch.setattr(recording, "ATTEMPTS", 1)  # a deadlock would not be tried again
    rows = [new_purchase(external_id=str(number)) for number in range(10)]
    # Whoever is held at the middle one has taken those before it.
    middle = given.connection.transaction()
    await middle.start()
    await given.connection.execute(
        "INSERT INTO orders SELECT customer_id, gen_random_uuid(), '5', 'shop', '5', now(), now(), 'EUR', 1, 0, 1, 0"
        " FROM customers"
    )
    racing = asyncio.gather(recorded(pools[0], rows), recorded(pools[1], rows[::-1]))
    await asyncio.sleep(0.3)
    await middle.rollback()
    assert sorted(await racing) == [[()] * 10, [(UserErrorCode.TAKEN,)] * 10]


async def test_new_products_in_any_order_do_not_lock_each_other_out(pools, given, monkeypatch):
    monkeypatch.setattr(recording, "ATTEMPTS", 1)
    price = Amount(new_purchase().gross, "EUR")
    lines = tuple(NewLine(f"SKU-{number}", "New", None, None, 1, price) for number in range(10))
    middle = given.connection.transaction()
    await middle.start()
    await given.product("SKU-5")
    racing = asyncio.gather(
        recorded(pools[0], [replace(new_purchase(), lines=lines)]),
        recorded(pools[1], [replace(new_purchase(), lines=lines[::-1])]),
    )
    await asyncio.sleep(0.3)
    await middle.rollback()
    assert list(await racing) == [[()], [()]]
    assert await given.connection.fetchval("SELECT count(*) FROM products") == 10
    assert await given.connection.fetchval("SELECT count(*) FROM order_lines") == 20


async def test_one_external_identifier_twice_in_a_batch_records_the_first(pools, given):
    rows = [new_purchase("1.00", "A"), new_purchase("2.00"), new_purchase("3.00", "A"), new_purchase("4.00", "0")]
    assert await recorded(pools[0], rows) == [(), (), (UserErrorCode.TAKEN,), ()]
    assert [row[0] for row in await given.connection.fetch("SELECT gross FROM orders ORDER BY 1")] == [1, 2, 4]


@pytest.mark.parametrize("known", [True, False], ids=["of a known product", "of a new product"])
async def test_a_repeat_is_told_what_became_of_every_row(pools, given, known):
    if known:
        await record(pools[0], new_key(), external_id="A")
    rows, key = [new_purchase("1.00", "A"), new_purchase("2.00"), new_purchase("3.00", "A")], new_key()
    first = await once(pools[0], request(key), lambda change: batch(change, rows))
    again = await once(pools[1], request(key), lambda change: batch(change, rows))
    told = [(outcome.ids, [error.code for error in outcome.errors]) for outcome in first.outcomes]
    assert [codes for _, codes in told] == [[UserErrorCode.TAKEN] if known else [], [], [UserErrorCode.TAKEN]]
    assert [bool(ids) for ids, _ in told] == [not known, True, False]
    assert again.replayed
    assert [(outcome.ids, [error.code for error in outcome.errors]) for outcome in again.outcomes] == told


async def test_numbers_are_given_in_the_order_sent(pools, given):
    await recorded(pools[0], [new_purchase(f"{number}.00") for number in range(1, 6)])
    numbers = await given.connection.fetch("SELECT number FROM orders ORDER BY gross")
    assert [row[0] for row in numbers] == [f"R-{100_001 + place}" for place in range(5)]


async def test_a_purchase_does_not_wait_for_a_change_of_its_customer(pools, given, database_url):
    other = await connected(database_url)
    async with other.transaction():
        await other.execute("UPDATE customers SET first_name = 'Anna'")
        assert (await record(pools[0], new_key())).outcomes[0].errors == ()
    await other.close()
