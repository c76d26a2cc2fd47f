"""Money is exact, in the minor units of its currency, and rounded half away from zero."""

from decimal import Decimal

import pytest

from api.domain.money import LARGEST_AMOUNT, MINOR_DIGITS, has_at_most, in_minor_units, is_currency


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("2.345", "EUR", "2.35"),
        ("2.335", "EUR", "2.34"),
        ("-2.345", "EUR", "-2.35"),
        ("2.5", "JPY", "3"),
        ("3.5", "JPY", "4"),
        ("0.0005", "KWD", "0.001"),
        ("0.00004", "CLF", "0.0000"),
        ("999999999999999999999999999.994999999999999", "EUR", "999999999999999999999999999.99"),
    ],
)
def test_amounts_are_rounded_half_away_from_zero(amount, currency, rounded):
    found = in_minor_units(Decimal(amount), currency)
    assert (found, found.as_tuple().exponent) == (Decimal(rounded), -MINOR_DIGITS[currency])


def test_every_currency_has_its_minor_digits_once():
    assert len(MINOR_DIGITS) == 165
    assert [MINOR_DIGITS[code] for code in ("EUR", "JPY", "KWD", "CLF")] == [2, 0, 3, 4]
    assert all(len(code) == 3 and code.isupper() for code in MINOR_DIGITS)


@pytest.mark.parametrize("code", ["", "eur", "EURO", "QQQ", "DEM", "XAU"])
def test_what_does_not_circulate_is_no_currency(code):
    assert not is_currency(code)


@pytest.mark.parametrize(
    ("digits", "amount", "fits"),
    [
        (2, "1.50", True),
        (2, "1.500", True),
        (2, "1.505", False),
        (0, "100", True),
        (0, "1E+3", True),
        (0, "0.00", True),
        (2, "NaN", False),
        (6, f"{LARGEST_AMOUNT}.000001", True),
        (6, "1234567890123456.0000001", False),
    ],
)
def test_digits_behind_the_point_are_counted_without_zeros(digits, amount, fits):
    assert has_at_most(digits, Decimal(amount)) is fits
