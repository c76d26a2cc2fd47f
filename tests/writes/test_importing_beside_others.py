"""Imports beside other writers: whoever is faster, everything is there once."""

import asyncio
from decimal import Decimal

import asyncpg
import pytest

from api.writes.importing import Counts
from tests.writes.imports import SHOP, Imports, line, retail

pytestmark = pytest.mark.anyio

CUSTOMER = "INSERT INTO customers (customer_id, created_at, updated_at) VALUES ($1, now(), now())"
EXTERNAL_ID = "INSERT INTO customer_external_ids (customer_id, source, value) VALUES ($1, 'import', '4711')"
ORDER = (
    "INSERT INTO orders (customer_id, order_id, number, source, external_id, placed_at, currency, gross, discount,"
    " business_gross, business_discount)"
    " SELECT customer_id, $1, '7', source, 'A1', placed_at, currency, $2, 0, $2, 0 FROM orders"
)
ORDER_LINE = (
    "INSERT INTO order_lines (customer_id, order_id, position, line_id, product_id, sku, name, quantity, unit_price,"
    " currency) SELECT customer_id, order_id, 1, $1, product_id, sku, 'TEA', 1, gross, 'EUR'"
    " FROM orders, products WHERE order_id = $1"
)
REFUNDS = "SELECT order_id IS NULL, external_id, amount::float8 FROM refunds ORDER BY external_id NULLS FIRST"
KEY = "01940000-0000-7000-8000-000000000001"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def until_waiting(imports: Imports) -> None:
    """Return when somebody waits for the other writer."""
    async with asyncio.timeout(20):
        while not await imports.one(WAITING):  # noqa: ASYNC110  (what is waited for happens in the server)
            await asyncio.sleep(0.01)


@pytest.fixture
async def other(imports):
    """Another writer, in the middle of a transaction."""
    connection = await asyncpg.connect(imports.dsn)
    transaction = connection.transaction()
    await transaction.start()
    yield connection, transaction
    await connection.close()


async def test_a_customer_that_another_writer_is_recording_is_found_when_it_is_there(imports, other):
    writer, transaction = other
    await writer.execute(CUSTOMER, KEY)
    await writer.execute(EXTERNAL_ID, KEY)
    running = asyncio.create_task(imports.table(line()))
    await until_waiting(imports)
    await transaction.commit()
    assert (await running).added == Counts(0, 1, 1, 1)
    assert str(await imports.one("SELECT customer_id FROM orders")) == KEY
    assert await imports.one("SELECT count(*) FROM customers") == 1


@pytest.mark.parametrize(("price", "rejected"), [(2.5, {}), (9.0, {"CONFLICT": 1})])
async def test_an_order_that_another_writer_is_recording_is_not_recorded_twice(imports, other, price, rejected):
    await imports.table(line(order="A0"))
    writer, transaction = other
    await writer.execute(ORDER, KEY, Decimal(price))
    await writer.execute(ORDER_LINE, KEY)
    running = asyncio.create_task(imports.table(line(), line(order="A2"), business=None))
    await until_waiting(imports)
    await transaction.commit()
    result = await running
    assert (result.added, result.rejected) == (Counts(0, 0, 1, 1), rejected)
    assert (result.rows_taken, result.known.orders) == (2 - len(rejected), 1 - len(rejected))
    assert not rejected or imports.rejected() == [(1, "CONFLICT")]
    assert await imports.rows("SELECT external_id, gross::float8 FROM orders ORDER BY 1") == [
        ("A0", 2.5),
        ("A1", price),
        ("A2", 2.5),
    ]


async def test_a_refund_that_another_writer_is_recording_leaves_only_the_rest_to_a_credit_note(imports, other):
    await imports.retail(retail(Quantity=2))
    writer, transaction = other
    await writer.execute("SELECT 1 FROM orders FOR UPDATE")
    await writer.execute(
        "INSERT INTO refunds (customer_id, refund_id, order_id, amount, currency, business_amount, refunded_at)"
        " SELECT customer_id, $1, order_id, 4, 'GBP', 4, now() FROM orders",
        KEY,
    )
    credit = retail(Invoice="C1", InvoiceDate="2010-04-01", Quantity=-2)
    running = asyncio.create_task(imports.retail(credit))
    await until_waiting(imports)
    await transaction.commit()
    assert ((await running).added.refunds, (await running).attached) == (2, 1)
    assert await imports.rows(REFUNDS) == [(False, None, 4.0), (False, "C1", 1.0), (True, "C1/2", 4.0)]


async def test_an_email_that_another_writer_is_recording_stays_with_that_customer(imports, other):
    writer, transaction = other
    await writer.execute(CUSTOMER, KEY)
    await writer.execute("UPDATE customers SET email = 'a@example.com'")
    running = asyncio.create_task(imports.table(line(email="a@example.com"), business=SHOP))
    await until_waiting(imports)
    await transaction.commit()
    result = await running
    assert (result.added, dict(result.left_out)) == (Counts(1, 1, 1, 1), {"email": 1})
    assert await imports.one("SELECT count(email) FROM customers") == 1
