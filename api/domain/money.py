"""Money: exact decimals in ISO 4217 currencies, rounded half away from zero, once, at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

LARGEST_AMOUNT = Decimal(10) ** 15
UNIT_PRICE_DIGITS = 6

_DIGITS: dict[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW"
        " CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF"
        " IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK"
        " MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP"
        " SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG"
        " YER ZAR ZMW ZWG"
    ),
}
MINOR_DIGITS: dict[str, int] = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}
"""Digits behind the point for every circulating currency of ISO 4217."""

_UNITS = {digits: Decimal(1).scaleb(-digits) for digits in _DIGITS}
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Amount:
    """An exact amount in one currency."""

    amount: Decimal
    currency_code: str


def is_currency(code: str) -> bool:
    """Return whether this is the code of a circulating currency."""
    return code in MINOR_DIGITS


def in_minor_units(amount: Decimal, currency: str) -> Decimal:
    """Return an amount rounded to the currency's minor units, half away from zero.

    >>> in_minor_units(Decimal("2.345"), "EUR"), in_minor_units(Decimal("2.5"), "JPY")
    (Decimal('2.35'), Decimal('3'))
    """
    return amount.quantize(_UNITS[MINOR_DIGITS[currency]], ROUND_HALF_UP, _EXACT)


def in_money(value: float, currency: str) -> Amount:
    """Return an estimate as an amount, rounded once."""
    return Amount(in_minor_units(Decimal(repr(value)), currency), currency)


def of_minor_units(numbers: Iterable[float], currency: str) -> list[Amount]:
    """Return whole numbers of minor units as amounts.

    >>> [each.amount for each in of_minor_units([12_50, 3], "EUR")]
    [Decimal('12.50'), Decimal('0.03')]
    """
    multiply, unit = _EXACT.multiply, _UNITS[MINOR_DIGITS[currency]]
    return [Amount(multiply(int(number), unit), currency) for number in numbers]


def has_at_most(digits: int, amount: Decimal) -> bool:
    """Return whether a finite amount needs no more digits behind the point than given.

    >>> has_at_most(2, Decimal("1.50")), has_at_most(2, Decimal("1.500")), has_at_most(2, Decimal("1.505"))
    (True, True, False)
    """
    exponent = amount.normalize(_EXACT).as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= digits
