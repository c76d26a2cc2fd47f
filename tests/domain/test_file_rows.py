"""What a cell of an imported file may say."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from api.domain import file_rows
from api.domain.countries import CODES, country_code
from api.domain.file_rows import Reason, RowRejected

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def reason(read, *given, **named):
    with pytest.raises(RowRejected) as refusal:
        read(*given, **named)
    return refusal.value.reason


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("\u200b", None),
        (" a ", "a"),
        ("", None),
        ("  ", None),
        (None, None),
        (13085, "13085"),
        (13085.0, "13085"),
        (1.5, "1.5"),
        ("Zoe\u0308", "Zoë"),
    ],
)
def test_text_is_trimmed_composed_and_never_blank(cell, found):
    assert file_rows.text(cell) == found


@pytest.mark.parametrize("cell", ["a\x00b", "\ud800", "caf\udce9", "a\x07b", "a\u202eb", "a\u2066b", "x" * 201])
def test_text_that_cannot_be_kept_is_rejected(cell):
    assert reason(file_rows.text, cell) is Reason.BAD_TEXT


@pytest.mark.parametrize(("cell", "found"), [(3, 3), ("3", 3), (3.0, 3), ("3.00", 3), (Decimal(3), 3)])
def test_a_quantity_is_a_whole_number_however_it_is_written(cell, found):
    assert file_rows.quantity(cell) == found


@pytest.mark.parametrize("cell", [0, -1, 1.5, "x", None, "", True, "NaN", "Infinity", 1_000_001, "1e400", date.max])
def test_other_quantities_are_rejected(cell):
    assert reason(file_rows.quantity, cell) is Reason.BAD_QUANTITY


@pytest.mark.parametrize(
    ("cell", "found"),
    [(0.001, "0.001"), (6.95, "6.95"), (0.1 + 0.2, "0.3"), (123456789.1, "123456789.1"), ("2.50", "2.50"), (0, "0")],
)
def test_a_price_is_the_shortest_decimal_of_its_cell(cell, found):
    assert file_rows.unit_price(cell) == Decimal(found)


@pytest.mark.parametrize("cell", [-0.01, None, "2,50", "0.0000001", "1e16", float("nan"), "1." + "0" * 30 + "1", "x"])
def test_other_prices_are_rejected(cell):
    assert reason(file_rows.unit_price, cell) is Reason.BAD_PRICE


def test_a_discount_lies_between_nothing_and_the_price_of_its_line():
    total = Decimal(5)
    assert [file_rows.discount(cell, line_total=total) for cell in ("", "0", "5")] == [0, 0, 5]
    assert {reason(file_rows.discount, cell, line_total=total) for cell in ("5.01", "-1", "x")} == {Reason.BAD_DISCOUNT}


@pytest.mark.parametrize(
    "cell",
    [
        "2025-07-01 12:00:00",
        "2025-07-01T12:00",
        "2025-07-01T10:00:00Z",
        "07/01/2025 12:00",
        datetime.fromisoformat("2025-07-01 12:00"),
        datetime(2025, 7, 1, 10, tzinfo=UTC),
    ],
)
def test_a_moment_without_an_offset_is_local_time(cell):
    assert file_rows.moment(cell, BERLIN, now=NOW) == datetime(2025, 7, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("cell", ["2025-01-02", "20250102", date(2025, 1, 2)])
def test_a_day_begins_at_local_midnight(cell):
    assert file_rows.moment(cell, BERLIN, now=NOW) == datetime(2025, 1, 1, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell", ["yesterday", "", None, 20250102, "2025-02-30", "1899-12-31", "0001-01-01", "12/13/25"]
)
def test_what_is_no_moment_is_rejected(cell):
    assert reason(file_rows.moment, cell, BERLIN, now=NOW) is Reason.BAD_DATE


def test_a_moment_may_be_ahead_only_as_far_as_clocks_differ():
    file_rows.moment(NOW + timedelta(minutes=5), BERLIN, now=NOW)
    assert reason(file_rows.moment, NOW + timedelta(minutes=6), BERLIN, now=NOW) is Reason.FUTURE_DATE


def test_currencies_are_those_in_circulation():
    assert (file_rows.currency(" usd "), file_rows.currency("")) == ("USD", None)
    assert {reason(file_rows.currency, cell) for cell in ("ZZZ", "DEM", "€")} == {Reason.UNKNOWN_CURRENCY}


def test_rates_are_positive_and_bounded():
    assert file_rows.exchange_rate("0.9123") == Decimal("0.9123")
    assert {reason(file_rows.exchange_rate, cell) for cell in (0, "-1", "1e10", None, "x")} == {Reason.BAD_RATE}


def test_countries_are_known_by_code_and_by_the_names_that_shops_use():
    found = {name: country_code(name) for name in ("EIRE", "RSA", "USA", "Korea", "Channel Islands", " gb ")}
    assert list(found.values()) == ["IE", "ZA", "US", "KR", "JE", "GB"]
    assert [country_code(name) for name in ("Unspecified", "West Indies", "XX")] == [None] * 3
    assert len(CODES) == 249
