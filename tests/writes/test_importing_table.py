"""Importing any table of order lines, with the columns named by the caller."""

from decimal import Decimal

import pytest

from api.errors import BadUserInput
from api.writes.business import Business
from api.writes.importing import Counts, ImportRefused
from tests.writes.imports import SHOP, line

pytestmark = pytest.mark.anyio

ORDERS = "SELECT external_id, gross, discount, business_gross, business_discount FROM orders ORDER BY external_id"


async def test_rows_of_one_order_become_its_lines(imports):
    result = await imports.table(
        line(sku="TEA", quantity="2"), line(order="A2", sku="CUP", unit_price="4"), line(sku="CUP", unit_price="0")
    )
    assert (result.rows_read, result.rows_taken, result.added) == (3, 3, Counts(1, 2, 2, 3))
    lines = await imports.rows(
        "SELECT number, position, l.sku, quantity, unit_price, total, l.currency FROM order_lines l"
        " JOIN orders USING (order_id) ORDER BY number, position"
    )
    assert lines == [
        ("A1", 1, "TEA", 2, Decimal("2.50"), Decimal("5.00"), "EUR"),
        ("A1", 2, "CUP", 1, Decimal(0), Decimal(0), "EUR"),
        ("A2", 1, "CUP", 1, Decimal(4), Decimal(4), "EUR"),
    ]
    assert await imports.rows("SELECT source, value FROM customer_external_ids") == [("import", "4711")]
    assert not imports.rejects.exists()


async def test_identifiers_are_version_7_of_the_variant_in_use(imports):
    await imports.table(line())
    made = (
        "SELECT customer_id FROM customers UNION ALL SELECT order_id FROM orders"
        " UNION ALL SELECT line_id FROM order_lines UNION ALL SELECT product_id FROM products"
    )
    keys = [key for (key,) in await imports.rows(made)]
    assert [(key.version, key.variant) for key in keys] == [(7, "specified in RFC 4122")] * 4
    assert len(set(keys)) == 4


async def test_the_same_file_again_adds_nothing(imports):
    rows = [line(), line(order="A2"), line(order="A3", customer="4712")]
    await imports.table(*rows)
    again = await imports.table(*rows, business=None)
    assert (again.added, again.known) == (Counts(), Counts(customers=2, products=1, orders=3))
    longer = await imports.table(*rows, line(order="A4", customer="4713"), business=None)
    assert (longer.added, longer.known) == (Counts(1, 0, 1, 1), Counts(customers=2, products=1, orders=3))


async def test_a_mapping_names_columns_and_constants(imports):
    rows = [{"No": "A1", "Who": "4711", "When": "2025-03-01", "What": "TEA", "N": "2", "P": "2.5", "Shop": "x"}]
    mapping = {"order": "No", "customer": "Who", "placed_at": "When", "sku": "What", "quantity": "N", "unit_price": "P"}
    await imports.table(*rows, mapping={**mapping, "source": "=shop", "name": "=Green tea"})
    assert await imports.rows("SELECT source, external_id, number FROM orders") == [("shop", "A1", "A1")]
    assert await imports.rows("SELECT name FROM products") == [("Green tea",)]


async def test_a_column_with_a_fields_name_needs_no_mapping_whatever_its_spelling(imports):
    row = {"Customer": "1", "ORDER": "1", "Placed At": "2025-03-01", "SKU": "T", "Quantity": "1", "unit-price": "2"}
    assert (await imports.table(row)).added == Counts(1, 1, 1, 1)


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ({"order": "Number"}, "no column “Number” for order. Its columns are: customer, order, placed_at, sku"),
        ({"colour": "sku"}, "no field “colour” to map. Fields are: customer, order,"),
    ],
)
async def test_a_wrong_mapping_is_refused_with_what_there_is(imports, mapping, told):
    with pytest.raises(ImportRefused, match=told):
        await imports.table(line(), mapping=mapping)
    assert await imports.is_empty()


async def test_a_missing_column_is_refused_with_how_to_name_it(imports):
    row = {name: cell for name, cell in line().items() if name != "unit_price"}
    with pytest.raises(ImportRefused, match=r"no column for unit_price.*--map unit_price=COLUMN.*Its columns are"):
        await imports.table(row)
    assert await imports.is_empty()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"customer": ""}, "NO_CUSTOMER"),
        ({"order": " "}, "NO_ORDER"),
        ({"sku": ""}, "NO_PRODUCT"),
        ({"quantity": "0"}, "BAD_QUANTITY"),
        ({"quantity": "-1"}, "BAD_QUANTITY"),
        ({"unit_price": "-1"}, "BAD_PRICE"),
        ({"unit_price": "two"}, "BAD_PRICE"),
        ({"placed_at": "soon"}, "BAD_DATE"),
        ({"placed_at": "2999-01-01"}, "FUTURE_DATE"),
        ({"sku": "T\x00"}, "BAD_TEXT"),
        ({"sku": "T" * 65}, "BAD_TEXT"),
        ({"currency": "ZZZ"}, "UNKNOWN_CURRENCY"),
        ({"currency": "USD"}, "MISSING_EXCHANGE_RATE"),
        ({"discount": "2.51"}, "BAD_DISCOUNT"),
        ({"quantity": "1000000", "unit_price": "1e15"}, "OUT_OF_RANGE"),
    ],
)
async def test_a_bad_row_is_rejected_with_its_reason_and_leaves_nothing_behind(imports, changed, reason):
    bad = {"currency": "EUR", "discount": "0", **line(), **changed}
    result = await imports.table(bad)
    assert (dict(result.rejected), result.rows_taken, result.rows_rejected) == ({reason: 1}, 0, 1)
    assert imports.rejected() == [(1, reason)]
    assert await imports.is_empty()


async def test_the_rejects_file_holds_the_rows_own_columns_and_can_be_put_right_and_imported(imports):
    await imports.table(line(order="A1"), line(order="A2", quantity="none"))
    (row,) = imports.rejected_rows()
    assert row == {
        "row": "2",
        "reason": "BAD_QUANTITY",
        "message": row["message"],
        "unreadable": "",
        **line(order="A2", quantity="none"),
    }
    assert row["message"] == "The quantity is not a whole number from 1 to 1,000,000."
    assert (await imports.table({**row, "quantity": "1"})).added.orders == 1


async def test_orders_are_taken_whole_or_not_at_all(imports):
    result = await imports.table(line(sku="CUP"), line(order="A2"), line(quantity="x"), line(sku="POT"))
    assert result.rejected == {"BAD_QUANTITY": 1, "INCOMPLETE_ORDER": 2}
    assert imports.rejected() == [(3, "BAD_QUANTITY"), (1, "INCOMPLETE_ORDER"), (4, "INCOMPLETE_ORDER")]
    assert [row["sku"] for row in imports.rejected_rows()] == ["TEA", "CUP", "POT"]
    assert await imports.rows("SELECT external_id FROM orders") == [("A2",)]
    assert await imports.rows("SELECT sku FROM products") == [("TEA",)]


async def test_rows_of_an_order_that_contradict_each_other_are_rejected(imports):
    rows = [line(), line(customer="4712"), line(order="A2", currency="EUR"), line(order="A2", currency="USD")]
    result = await imports.table(*({"currency": "EUR", **row} for row in rows))
    assert (result.rejected, await imports.is_empty()) == ({"CONFLICT": 4}, True)


async def test_an_order_lies_at_the_earliest_moment_of_its_rows_in_the_business_time_zone(imports):
    await imports.table(line(placed_at="2025-07-01 10:01"), line(placed_at="2025-07-01 10:00"))
    assert str(await imports.one("SELECT placed_at FROM orders")) == "2025-07-01 08:00:00+00:00"


async def test_discounts_of_lines_are_added_up(imports):
    await imports.table(line(discount="0.50"), line(discount=""), line(order="A2", discount="2.5"))
    values = [("A1", Decimal("5.00"), Decimal("0.50")), ("A2", Decimal("2.50"), Decimal("2.5"))]
    assert await imports.rows(ORDERS) == [(*value, *value[1:]) for value in values]


async def test_other_currencies_are_converted_at_the_rate_of_the_day_into_minor_units(imports):
    await imports.rates(("2025-01-01", "USD", "0.9"), ("2025-03-01", "USD", "0.925"), ("2025-03-02", "USD", "0.5"))
    row = line(currency="USD", unit_price="3.33", discount="1")
    before = line(order="A2", currency="USD", placed_at="2025-02-28 23:59:59", unit_price="10", discount="")
    after = line(order="A3", currency="USD", placed_at="2025-03-01 00:30:00", unit_price="10", discount="")
    await imports.table(row, before, after, line(order="A0", currency="USD", placed_at="2024-12-31", discount=""))
    assert imports.rejected() == [(4, "MISSING_EXCHANGE_RATE")]
    assert await imports.rows(ORDERS) == [
        ("A1", Decimal("3.33"), Decimal(1), Decimal("3.08"), Decimal("0.93")),
        ("A2", Decimal(10), Decimal(0), Decimal("9.00"), Decimal(0)),
        ("A3", Decimal(10), Decimal(0), Decimal("9.25"), Decimal(0)),
    ]


async def test_a_customers_details_are_its_latest(imports):
    details = {"email": "Zoe@Example.com", "first_name": "Zoë", "last_name": "Berg", "phone": "030 901820"}
    empty = dict.fromkeys((*details, "country", "company"), "")
    older = line(placed_at="2025-01-01", **details, country="Germany", company="Berg GmbH")
    newer = line(order="A2", placed_at="2025-02-01", **{**empty, "country": "AT", "email": "zoe@example.org"})
    await imports.table(newer, older)
    found = await imports.rows(
        "SELECT kind, first_name, last_name, email, phone, country, c.name, created_at::date::text"
        " FROM customers JOIN companies c USING (company_id)"
    )
    address = ("zoe@example.org", "+4930901820", "AT")
    assert found == [("BUSINESS", "Zoë", "Berg", *address, "Berg GmbH", "2024-12-31")]


async def test_details_that_cannot_be_used_are_left_out_and_counted(imports):
    first = line(email="a@example.com", phone="+4930901820", country="Atlantis")
    second = line(customer="4712", order="A2", email="A@example.com", phone="none", country="")
    third = line(customer="4713", order="A3", email="nobody", phone="+4930901820", country="")
    result = await imports.table(first, second, third)
    assert (result.rows_taken, dict(result.left_out)) == (3, {"country": 1, "email": 2, "phone": 2})
    kept = "SELECT email, phone FROM customers JOIN customer_external_ids USING (customer_id) ORDER BY value"
    assert await imports.rows(kept) == [("a@example.com", "+4930901820"), (None, None), (None, None)]


async def test_known_customers_are_left_as_they_are(imports):
    await imports.table(line(first_name="Ada", email="ada@example.com"))
    result = await imports.table(line(order="A2", first_name="Eve", email="eve@example.com"))
    assert (result.added.customers, result.known.customers) == (0, 1)
    assert await imports.rows("SELECT first_name, email, version FROM customers") == [("Ada", "ada@example.com", 1)]


async def test_orders_of_a_customer_that_was_merged_belong_to_the_one_that_goes_on(imports):
    await imports.table(line(), line(customer="4712", order="A2"))
    await imports.connection.execute(
        "UPDATE customers SET merged_into = (SELECT customer_id FROM customer_external_ids WHERE value = '4712')"
        " WHERE customer_id = (SELECT customer_id FROM customer_external_ids WHERE value = '4711')"
    )
    await imports.table(line(order="A3"))
    owner = "SELECT value FROM orders JOIN customer_external_ids USING (customer_id) WHERE number = 'A3'"
    assert await imports.one(owner) == "4712"


async def test_a_product_is_called_as_in_the_last_row_that_has_it(imports):
    await imports.table(line(name="Tee", category="Food"), line(order="A2", name="Green tea", category="Drinks"))
    assert await imports.rows("SELECT sku, name, category FROM products") == [("TEA", "Green tea", "Drinks")]
    assert await imports.rows("SELECT name FROM order_lines ORDER BY name") == [("Green tea",), ("Tee",)]


async def test_chunks_hold_whole_orders_and_change_nothing(imports):
    rows = [line(customer=str(n % 5), order=f"A{n // 3}-{n % 5}", sku=f"S{n % 7}") for n in range(60)]
    result = await imports.table(*rows, lines_a_chunk=2)
    assert result.added == Counts(5, 7, len({row["order"] for row in rows}), 60)
    assert await imports.one("SELECT sum(gross) FROM orders") == 150


async def test_a_business_is_set_up_by_the_first_import_and_never_changed(imports):
    with pytest.raises(ImportRefused, match="No business is set up yet"):
        await imports.table(line(), business=None)
    await imports.table(line())
    assert await imports.rows("SELECT name, currency, time_zone FROM business") == [
        ("Tea & Tools", "EUR", "Europe/Berlin")
    ]
    for other in (Business("Tea", "USD", "Europe/Berlin"), Business("Tea", "EUR", "Europe/Paris")):
        with pytest.raises(ImportRefused, match="keeps its books in EUR and counts days in Europe/Berlin"):
            await imports.table(line(order="A2"), business=other)
    assert await imports.one("SELECT count(*) FROM orders") == 1
    assert (await imports.table(line(order="A2"), business=SHOP)).added.orders == 1


@pytest.mark.parametrize(
    "wrong",
    [Business(" ", "EUR", "UTC"), Business("Tea", "ZZZ", "UTC"), Business("Tea", "EUR", "Mars/Crater")],
)
async def test_a_business_needs_a_name_a_currency_and_a_time_zone(imports, wrong):
    with pytest.raises(BadUserInput):
        await imports.table(line(), business=wrong)
    assert await imports.is_empty()
