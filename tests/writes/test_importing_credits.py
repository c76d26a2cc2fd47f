"""Credit notes of Online Retail become refunds: of the orders they undo where one is found, or else of the customer."""

import asyncio
from decimal import Decimal

import pytest

from tests.writes.imports import SHOP, retail

pytestmark = pytest.mark.anyio

REFUNDS = (
    "SELECT r.external_id, o.number, r.amount::float8 FROM refunds r LEFT JOIN orders o USING (order_id)"
    " ORDER BY r.external_id"
)


def bought(day, quantity=1, invoice="500001", **changed):
    return retail(Invoice=invoice, InvoiceDate=f"2010-03-{day:02} 10:00:00", Quantity=quantity, **changed)


def credited(day, quantity=1, note="C600001", **changed):
    return retail(Invoice=note, InvoiceDate=f"2010-03-{day:02} 10:00:00", Quantity=-quantity, **changed)


async def test_a_credit_note_undoes_the_order_it_was_bought_in(imports):
    result = await imports.retail(bought(1, 3), credited(5, 2))
    assert (result.added.refunds, result.attached) == (1, 1)
    assert await imports.rows(REFUNDS) == [("C600001", "500001", 5.0)]
    assert await imports.rows("SELECT source, refunded_at::text, currency, reason FROM refunds") == [
        ("online-retail", "2010-03-05 10:00:00+00", "GBP", None)
    ]


@pytest.mark.parametrize(
    "other",
    [{"Customer_ID": 4712}, {"StockCode": "CUP"}, {"Price": 2.49}],
    ids=["another customer's", "another product's", "at another price"],
)
async def test_what_was_not_bought_so_before_is_given_back_to_the_customer(imports, other):
    await imports.retail(bought(1, **other), bought(9, invoice="500009"), credited(5))
    assert await imports.rows(REFUNDS) == [("C600001", None, 2.5)]


async def test_the_latest_order_before_the_credit_is_undone_first(imports):
    rows = [bought(day, 2, invoice=f"50000{day}") for day in (1, 2, 3, 4)]
    await imports.retail(*rows, credited(4, 3), credited(4, 2, note="C600002"))
    assert await imports.rows(REFUNDS) == [
        ("C600001", "500003", 5.0),
        ("C600001/2", "500002", 2.5),
        ("C600002", "500002", 2.5),
        ("C600002/2", "500001", 2.5),
    ]


async def test_what_is_credited_beyond_what_was_bought_stays_with_the_customer(imports):
    result = await imports.retail(bought(1, 2), credited(5, 5))
    assert (result.added.refunds, result.attached) == (2, 1)
    assert await imports.rows(REFUNDS) == [("C600001", "500001", 5.0), ("C600001/2", None, 7.5)]


async def test_lines_of_a_note_that_undo_one_order_are_one_refund(imports):
    rows = [bought(1), bought(1, StockCode="CUP", Price=4), credited(5), credited(5, StockCode="CUP", Price=4)]
    await imports.retail(*rows, credited(5, StockCode="POT"))
    assert await imports.rows(REFUNDS) == [("C600001", "500001", 6.5), ("C600001/2", None, 2.5)]


async def test_a_credit_over_nothing_is_taken_and_refunds_nothing(imports):
    rows = [bought(1, Price=0), credited(5, Price=0)]
    result = await imports.retail(*rows)
    assert (result.rows_taken, result.added.orders, result.added.refunds) == (2, 1, 0)
    assert (await imports.retail(*rows)).added.refunds == 0


async def test_a_customer_who_only_gave_back_is_a_customer(imports):
    result = await imports.retail(credited(5, Customer_ID=4712))
    assert (result.added.customers, result.added.products, result.added.orders) == (1, 0, 0)
    assert await imports.one("SELECT created_at::text FROM customers") == "2010-03-05 10:00:00+00"


async def test_credits_give_the_same_again_whatever_is_imported_in_between(imports):
    rows = [bought(1, 4), credited(5, 1)]
    await imports.retail(*rows)
    longer = [*rows, credited(6, 2, note="C600002"), credited(7, 2, note="C600003")]
    assert (await imports.retail(*longer)).added.refunds == 3
    expected = [("C600001", "500001", 2.5), ("C600002", "500001", 5.0), ("C600003", "500001", 2.5)]
    assert await imports.rows(REFUNDS) == [*expected, ("C600003/2", None, 2.5)]
    assert (await imports.retail(*longer)).added.refunds == 0


async def test_a_credit_finds_orders_of_an_earlier_file(imports):
    await imports.retail(bought(1))
    await imports.retail(credited(5))
    assert await imports.rows(REFUNDS) == [("C600001", "500001", 2.5)]


async def test_never_more_is_attached_to_an_order_than_is_left_of_it(imports):
    await imports.retail(bought(1, 4))
    await imports.connection.execute(
        "INSERT INTO refunds (customer_id, refund_id, order_id, amount, currency, business_amount, refunded_at)"
        " SELECT customer_id, gen_random_uuid(), order_id, 6, 'GBP', 6, now() FROM orders"
    )
    await imports.retail(credited(5, 1), credited(6, 1, note="C600002"), credited(7, 1, note="C600003"))
    assert await imports.rows(f"SELECT * FROM ({REFUNDS}) r WHERE external_id IS NOT NULL") == [
        ("C600001", "500001", 2.5),
        ("C600002", "500001", 1.5),
        ("C600002/2", None, 1.0),
        ("C600003", None, 2.5),
    ]


async def test_chunks_do_not_change_what_is_undone(imports):
    rows = [bought(day, day, invoice=f"50{who}00{day}", Customer_ID=who) for who in range(10, 40) for day in (1, 2, 3)]
    rows += [credited(9, 5, note=f"C60{who}001", Customer_ID=who) for who in range(10, 40)]
    result = await imports.retail(*rows, lines_a_chunk=3)
    assert (result.added.refunds, result.attached) == (60, 60)
    found = await imports.rows(f"SELECT DISTINCT right(number, 1), amount FROM ({REFUNDS}) r ORDER BY 1")
    assert found == [("2", 5.0), ("3", 7.5)]


async def test_an_order_undone_leaves_nothing_in_the_currency_of_the_business(imports):
    await imports.rates(("2010-01-01", "GBP", "1.125"), ("2010-03-05", "GBP", "2"))
    await imports.retail(bought(1, 3, Price=0.99), *(credited(5 + n, note=f"C60000{n}", Price=0.99) for n in range(4)))
    order = await imports.rows("SELECT currency, gross, business_gross FROM orders")
    assert order == [("GBP", Decimal("2.97"), Decimal("3.34"))]
    worth = await imports.rows("SELECT order_id IS NULL, sum(business_amount) FROM refunds GROUP BY 1 ORDER BY 1")
    assert worth == [(False, Decimal("3.34")), (True, Decimal("1.98"))]


async def test_a_file_in_another_currency_needs_rates_first(imports):
    await imports.rates(("2010-01-01", "USD", "0.9"), business=SHOP)
    with pytest.raises(Exception, match="import exchange rates of GBP first"):
        await imports.retail(bought(1))


async def test_imports_at_the_same_time_double_nothing(imports):
    rows = [bought(day, 2, invoice=f"50{who}00{day}", Customer_ID=who) for who in range(10, 30) for day in (1, 2, 3)]
    rows += [credited(9, 3, note=f"C60{who}001", Customer_ID=who) for who in range(10, 30)]
    await imports.retail(rows[0])
    results = await asyncio.gather(*(imports.retail(*rows, lines_a_chunk=7) for _ in range(3)))
    added = [result.added for result in results]
    assert sum(counts.orders for counts in added) == 59
    assert sum(counts.refunds for counts in added) == 40
    assert await imports.one("SELECT count(*) FROM customers") == 20
    assert await imports.one("SELECT sum(amount) FROM refunds") == Decimal(20 * 3) * Decimal("2.5")
    assert await imports.one("SELECT count(*) FROM order_lines") == 60
