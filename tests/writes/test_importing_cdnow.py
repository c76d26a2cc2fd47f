"""The rules of CDNOW, on rows like its own."""

import pytest

from tests.writes.imports import write_csv

pytestmark = pytest.mark.anyio

HEADER = " customer_id  date number_of_cds  dollar_value\r\n"


async def cdnow(imports, *rows):
    path = imports.folder / "CDNOW_master.txt"
    path.write_text(HEADER + "".join(f" {row}\r\n" for row in rows), newline="")
    return await imports.file(path, "cdnow")


async def test_an_order_is_one_line_over_exactly_the_dollars_that_says_how_many_discs(imports):
    await cdnow(imports, "00001 19970101  1   11.77", "00002 19970112  3   20.00")
    found = await imports.rows(
        "SELECT l.sku, l.name, p.name, quantity, total::text"
        " FROM order_lines l JOIN products p USING (product_id) ORDER BY total"
    )
    assert found == [
        ("CD", "1 compact disc", "Compact disc", 1, "11.77"),
        ("CD", "3 compact discs", "Compact disc", 1, "20.00"),
    ]


async def test_equal_rows_of_a_day_are_different_orders_with_lasting_numbers(imports):
    rows = ["00001 19970101  1   11.77"] * 2 + ["00001 19970102  1   11.77"]
    assert (await cdnow(imports, *rows)).added.orders == 3
    assert (await cdnow(imports, *rows)).added.orders == 0
    numbers = await imports.rows("SELECT external_id FROM orders ORDER BY 1")
    assert numbers == [("00001-19970101-1",), ("00001-19970101-2",), ("00001-19970102-1",)]


async def test_a_rejected_row_does_not_shift_the_numbers_of_the_others(imports):
    await cdnow(imports, "00001 19970101  0   11.77", "00001 19970101  1   12.00")
    assert imports.rejected() == [(1, "BAD_QUANTITY")]
    assert await imports.rows("SELECT external_id, gross::text FROM orders") == [("00001-19970101-2", "12.00")]


async def test_a_day_begins_at_midnight_in_new_york_and_nothing_paid_is_an_order(imports):
    await cdnow(imports, "00001 19970701  1   0.00")
    assert await imports.rows("SELECT placed_at::text, gross::text FROM orders") == [("1997-07-01 04:00:00+00", "0.00")]


async def test_rejected_rows_put_right_are_recorded_under_numbers_of_their_own(imports):
    good = "00001 19970101  1   12.00"
    await cdnow(imports, good, "00001 19970101  0   12.00", "00001 1997-0101  1   12.00", "00001", good)
    assert imports.rejected() == [(2, "BAD_QUANTITY"), (3, "BAD_DATE"), (4, "BAD_ROW")]
    put_right = {"customer_id": "00001", "date": "19970101", "number_of_cds": "1", "dollar_value": "12.00"}
    rows = [{**row, **put_right} for row in imports.rejected_rows()]
    assert [row["unreadable"].strip() for row in rows] == ["", "", "00001"]
    path = write_csv(imports.folder / "put_right.csv", rows)
    assert (await imports.file(path, "cdnow")).added.orders == 3
    assert (await imports.file(path, "cdnow")).added.orders == 0
    assert await imports.rows("SELECT external_id, placed_at::date::text FROM orders ORDER BY 1") == [
        ("00001-1997-0101-1", "1997-01-01"),
        ("00001-19970101-1", "1997-01-01"),
        ("00001-19970101-2", "1997-01-01"),
        ("00001-19970101-3", "1997-01-01"),
        ("00001-19970101-row4", "1997-01-01"),
    ]


async def test_a_rejected_row_that_is_still_wrong_keeps_its_place_until_it_is_right(imports):
    await cdnow(imports, "00001 19970101  1   12.00", "00001")
    wrong = {**imports.rejected_rows()[0], "date": "19970101", "number_of_cds": "1", "dollar_value": "12.00"}
    await imports.file(write_csv(imports.folder / "again.csv", [wrong]), "cdnow")
    (row,) = imports.rejected_rows()
    assert (row["row"], row["reason"], row["order"]) == ("2", "NO_CUSTOMER", "")
    await imports.file(write_csv(imports.folder / "again.csv", [{**row, "customer_id": "00001"}]), "cdnow")
    assert await imports.rows("SELECT number FROM orders ORDER BY 1") == [
        ("00001-19970101-1",),
        ("00001-19970101-row2",),
    ]
