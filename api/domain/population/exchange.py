"""Made-up exchange rates to the euro: one a month and currency, the same for every seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import sin

HOME = "EUR"
ONE = 10_000
_TYPICAL = {"CHF": 10_500, "GBP": 11_700, "USD": 9_200}


@dataclass(frozen=True, slots=True)
class Rate:
    """How many ten-thousandths of a euro one unit of a currency buys from a day on."""

    currency: str
    effective_on: date
    ten_thousandths: int


def rate_of_month(currency: str, day: date) -> int:
    """Return the rate in force on a day, in ten-thousandths of a euro; it swings by 4 % around a typical one.

    >>> rate_of_month("EUR", date(2026, 1, 31)), rate_of_month("GBP", date(2026, 1, 31))
    (10000, 11577)
    """
    if currency == HOME:
        return ONE
    typical = _TYPICAL[currency]
    return round(typical * (1 + 0.04 * sin((day.year * 12 + day.month) / 3 + typical)))


def rates(first: date, last: date) -> list[Rate]:
    """Return the rates of all months between two days, both included, and of all foreign currencies."""
    found, month = [], first.replace(day=1)
    while month <= last:
        found += [Rate(currency, month, rate_of_month(currency, month)) for currency in _TYPICAL]
        month = (month + timedelta(days=32)).replace(day=1)
    return found


def to_home(amount: int, rate: int) -> int:
    """Return cents of the euro for minor units of a currency, half rounded up.

    >>> to_home(1000, 11_685), to_home(1, 15_000)
    (1169, 2)
    """
    return (amount * rate + ONE // 2) // ONE


def from_home(cents: int, rate: int) -> int:
    """Return minor units of a currency for cents of the euro, half rounded up."""
    return (cents * ONE + rate // 2) // rate
