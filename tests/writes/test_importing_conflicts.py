"""What a file says otherwise than it is recorded is rejected, and never silently passed over."""

import pytest

from api.writes.importing import Counts
from tests.writes.imports import line, retail

pytestmark = pytest.mark.anyio

MERGED = (
    "UPDATE customers SET merged_into = (SELECT customer_id FROM customer_external_ids WHERE value = $2)"
    " WHERE customer_id = (SELECT customer_id FROM customer_external_ids WHERE value = $1)"
)


def credited(*quantities, **changed):
    """Return an order of four teas and a credit note with some lines."""
    note = {"Invoice": "C1", "InvoiceDate": "2010-04-01", **changed}
    return [retail(Quantity=4), *(retail(Quantity=-quantity, **note) for quantity in quantities)]


@pytest.mark.parametrize(
    "changed",
    [
        {"customer": "4712"},
        {"currency": "USD"},
        {"unit_price": "2.51"},
        {"quantity": "2"},
        {"discount": "0.01"},
        {"placed_at": "2025-03-01T10:00:01Z"},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_an_order_that_is_recorded_otherwise_is_rejected(imports, changed):
    await imports.rates(("2025-01-01", "USD", "1"))
    row = line(currency="EUR", discount="0")
    await imports.table(row, {**row, "order": "A2"})
    before = await imports.rows("SELECT * FROM orders ORDER BY number")
    result = await imports.table({**row, **changed}, {**row, "order": "A2"})
    assert (result.rejected, imports.rejected()) == ({"CONFLICT": 1}, [(1, "CONFLICT")])
    assert (result.rows_taken, result.added, result.known.orders) == (1, Counts(), 1)
    assert await imports.rows("SELECT * FROM orders ORDER BY number") == before


async def test_a_line_more_in_a_recorded_order_is_a_conflict_of_the_whole_order(imports):
    await imports.table(line())
    result = await imports.table(line(), line(sku="CUP"))
    assert (result.rejected, result.added) == ({"CONFLICT": 2}, Counts())


@pytest.mark.parametrize("names", [("4711", "4712"), ("4712", "4711")])
async def test_orders_of_merged_customers_are_known_under_either_name(imports, names):
    await imports.table(line(), line(customer="4712", order="A2"))
    await imports.connection.execute(MERGED, *names)
    result = await imports.table(line(customer="4712"), line(order="A2"))
    assert (result.rejected, result.known.orders) == ({}, 2)


async def test_a_credit_note_in_parts_is_known_as_a_whole(imports):
    await imports.retail(*credited(3, 2))
    again = await imports.retail(*credited(3, 2))
    assert (again.added, again.known.refunds, again.rejected) == (Counts(), 1, {})
    assert await imports.one("SELECT count(*) FROM refunds") == 2


@pytest.mark.parametrize("other", [credited(3, 1), credited(3, 3), credited(3, 2, Customer_ID=4712)])
async def test_a_credit_note_that_is_recorded_otherwise_is_rejected(imports, other):
    await imports.retail(*credited(3, 2), retail(Customer_ID=4712, Invoice=500002))
    before = await imports.rows("SELECT * FROM refunds ORDER BY external_id")
    result = await imports.retail(*other)
    assert (result.rejected, imports.rejected()) == ({"CONFLICT": 2}, [(2, "CONFLICT"), (3, "CONFLICT")])
    assert (result.added, result.known.orders, result.known.refunds) == (Counts(), 1, 0)
    assert await imports.rows("SELECT * FROM refunds ORDER BY external_id") == before
