"""The rules of Online Retail, on rows like its own."""

import pytest

from api.writes.importing import Counts
from tests.writes.imports import retail, write_csv

pytestmark = pytest.mark.anyio


async def test_the_first_import_sets_up_a_british_business(imports):
    await imports.retail(retail())
    assert await imports.rows("SELECT name, currency, time_zone FROM business") == [
        ("Online Retail", "GBP", "Europe/London")
    ]


async def test_orders_carry_their_invoice_number(imports):
    await imports.retail(retail(Invoice=500001), retail(Invoice=500002), retail(Invoice=500001, StockCode="CUP"))
    found = await imports.rows("SELECT number, source, external_id, gross::text FROM orders ORDER BY number")
    assert found == [("500001", "online-retail", "500001", "5.0"), ("500002", "online-retail", "500002", "2.5")]


async def test_times_are_british_in_summer_and_in_winter(imports):
    await imports.retail(retail(), retail(Invoice=500002, InvoiceDate="2010-07-01 10:00:00"))
    moments = await imports.rows("SELECT placed_at::text FROM orders ORDER BY number")
    assert moments == [("2010-03-01 10:00:00+00",), ("2010-07-01 09:00:00+00",)]


async def test_an_invoice_lies_at_its_earliest_minute(imports):
    await imports.retail(retail(InvoiceDate="2010-03-01 10:01:00"), retail())
    assert await imports.one("SELECT placed_at::text FROM orders") == "2010-03-01 10:00:00+00"


async def test_rows_without_a_customer_are_rejected(imports):
    result = await imports.retail(retail(), retail(Invoice=500002, Customer_ID=""))
    assert (result.rejected, imports.rejected()) == ({"NO_CUSTOMER": 1}, [(2, "NO_CUSTOMER")])
    assert imports.rejected_rows()[0]["Invoice"] == "500002"


async def test_free_items_stay_and_prices_are_exact(imports):
    await imports.retail(retail(Price=0.0), retail(Price=0.001, Quantity=3), retail(StockCode="CUP", Description=""))
    found = await imports.rows("SELECT name, unit_price::text, total::text FROM order_lines ORDER BY position")
    assert found == [("Green tea", "0.0", "0.0"), ("Green tea", "0.001", "0.003"), ("CUP", "2.5", "2.5")]
    assert await imports.one("SELECT gross::text FROM orders") == "2.503"


async def test_a_customers_country_is_that_of_the_latest_order(imports):
    eire = retail(Invoice=500002, InvoiceDate="2010-04-01", Country="EIRE")
    nowhere = retail(Invoice=500003, InvoiceDate="2010-05-01", Country="Unspecified")
    credit = retail(Invoice="C500004", InvoiceDate="2010-06-01", Country="RSA", Quantity=-1)
    result = await imports.retail(credit, eire, nowhere, retail())
    assert await imports.rows("SELECT country, kind, email FROM customers") == [("IE", "CONSUMER", None)]
    assert dict(result.left_out) == {"country": 1}


async def test_the_names_of_the_first_edition_are_understood(imports):
    old = {"Invoice": "InvoiceNo", "Price": "UnitPrice", "Customer ID": "CustomerID"}
    row = {old.get(name, name): cell for name, cell in retail(Customer_ID="17850.0").items()}
    row["InvoiceDate"] = "12/1/2010 8:26"
    path = write_csv(imports.folder / "old.csv", [row])
    assert (await imports.file(path, "online-retail")).added == Counts(1, 1, 1, 1)
    assert await imports.one("SELECT value FROM customer_external_ids") == "17850"


async def test_an_adjustment_with_a_negative_price_is_rejected(imports):
    await imports.retail(retail(Invoice="A506401", Price=-53594.36))
    assert imports.rejected() == [(1, "BAD_PRICE")]
