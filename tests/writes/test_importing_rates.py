"""Importing exchange rates."""

from decimal import Decimal

import pytest

from api.writes.importing import Counts, ImportRefused
from tests.writes.imports import SHOP, write_csv

pytestmark = pytest.mark.anyio

RATES = "SELECT currency, effective_on::text, rate FROM exchange_rates ORDER BY currency, effective_on"


async def test_rates_are_recorded_by_day_and_currency(imports):
    result = await imports.rates(
        ("2025-01-01", "usd", "0.9"), ("2025-01-02", "USD", "0.91"), ("2025-01-01", "GBP", "1.2")
    )
    assert (result.rows_taken, result.added) == (3, Counts(rates=3))
    assert await imports.rows(RATES) == [
        ("GBP", "2025-01-01", Decimal("1.2")),
        ("USD", "2025-01-01", Decimal("0.9")),
        ("USD", "2025-01-02", Decimal("0.91")),
    ]


async def test_a_rate_that_is_known_or_repeated_adds_nothing(imports):
    row = ("2025-01-01", "USD", "0.9")
    assert (await imports.rates(row, row)).added == Counts(rates=1)
    again = await imports.rates(row, ("2025-01-01", "USD", "0.90"), business=None)
    assert (again.rows_taken, again.added, again.known) == (2, Counts(), Counts(rates=1))


async def test_another_rate_for_a_known_day_is_rejected(imports):
    first = ("2025-01-01", "USD", "0.9")
    result = await imports.rates(first, ("2025-01-01", "USD", "0.8"))
    assert (result.rejected, imports.rejected()) == ({"CONFLICT": 1}, [(2, "CONFLICT")])
    result = await imports.rates(("2025-01-02", "USD", "1"), ("2025-01-01", "USD", "0.8"), first)
    assert (result.added.rates, imports.rejected()) == (1, [(2, "CONFLICT")])
    assert await imports.rows(RATES) == [("USD", "2025-01-01", Decimal("0.9")), ("USD", "2025-01-02", Decimal(1))]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("someday", "USD", "1"), "BAD_DATE"),
        (("2025-01-01", "ZZZ", "1"), "UNKNOWN_CURRENCY"),
        (("2025-01-01", "", "1"), "UNKNOWN_CURRENCY"),
        (("2025-01-01", "USD", "0"), "BAD_RATE"),
        (("2025-01-01", "USD", ""), "BAD_RATE"),
        (("2025-01-01", "EUR", "1"), "BAD_RATE"),
    ],
)
async def test_a_bad_rate_is_rejected_with_its_reason(imports, row, reason):
    result = await imports.rates(row)
    assert (result.rejected, result.added) == ({reason: 1}, Counts())
    assert await imports.rows(RATES) == []


async def test_rates_need_to_know_the_currency_of_the_business(imports):
    with pytest.raises(ImportRefused, match="No business is set up yet"):
        await imports.rates(("2025-01-01", "USD", "1"), business=None)


async def test_columns_of_rates_can_be_mapped(imports):
    path = write_csv(imports.folder / "rates.csv", [{"Tag": "2025-01-01", "Kurs": "0.9"}])
    mapping = {"date": "Tag", "rate": "Kurs", "currency": "=USD"}
    await imports.file(path, "rates", business=SHOP, mapping=mapping)
    assert await imports.rows(RATES) == [("USD", "2025-01-01", Decimal("0.9"))]
