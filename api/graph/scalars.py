"""Scalars: exact numbers as strings, moments in UTC, codes that are checked."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal as ExactDecimal
from decimal import InvalidOperation
from typing import Any, NewType

import strawberry
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY

from api.domain.calendar import Duration, parse_duration
from api.domain.money import LARGEST_AMOUNT

CurrencyCode = NewType("CurrencyCode", str)
Json = NewType("Json", object)

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,16}(\.\d{1,12})?", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def parse_moment(value: Any) -> datetime:
    """Return a moment in UTC; raise ValueError for anything but RFC 3339 with an offset."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError('A DateTime is a string such as "2026-01-31T09:30:00Z"; the offset is needed.')
    try:
        found = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except ValueError:
        raise ValueError("There is no such moment: look at its day, its time and its offset.") from None
    except OverflowError:
        found = None
    if found is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueError(f"A DateTime lies between the years {_FIRST_YEAR} and {_LAST_YEAR}.")
    return found


def format_moment(value: datetime) -> str:
    """Return a moment in RFC 3339 form, in UTC with microseconds."""
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def parse_date(value: Any) -> date:
    """Return a calendar day; raise ValueError for anything but YYYY-MM-DD."""
    if not isinstance(value, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError('A Date is a string such as "2026-01-31".')
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("There is no such day.") from None


def parse_decimal(value: Any) -> ExactDecimal:
    """Return an exact number; raise ValueError for a float, or for one that is not finite or too large."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not _DECIMAL.fullmatch(str(value)):
        raise ValueError('A Decimal is a string such as "12.50", without exponent.')
    try:
        found = ExactDecimal(value)
    except InvalidOperation as error:  # pragma: no cover - the form has been checked
        raise ValueError("A Decimal is a number.") from error
    if abs(found) > LARGEST_AMOUNT:
        raise ValueError(f"A Decimal lies between -{LARGEST_AMOUNT:f} and {LARGEST_AMOUNT:f}.")
    return found


def parse_length(value: Any) -> Duration:
    """Return a length of time; raise ValueError for anything but a text in ISO 8601."""
    if not isinstance(value, str):
        raise ValueError('A Duration is a text such as "P12M".')
    return parse_duration(value)


def parse_code(value: Any) -> str:
    """Return a currency code in capitals; raise ValueError for anything but three letters."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{3}", value):
        raise ValueError("A CurrencyCode is three letters, such as EUR.")
    return value.upper()


SCALARS: dict[object, Any] = {
    **DEFAULT_SCALAR_REGISTRY,
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            'A moment as text, such as "2026-01-31T09:30:00Z" (RFC 3339). Answers are in UTC with microseconds; '
            "what you send needs Z or an offset such as +01:00."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=format_moment,
        parse_value=parse_moment,
    ),
    date: strawberry.scalar(
        name="Date",
        description='A calendar day as text, such as "2026-01-31".',
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=date.isoformat,
        parse_value=parse_date,
    ),
    ExactDecimal: strawberry.scalar(
        name="Decimal",
        description='An exact number as text, such as "12.50", so that no digit is lost on the way.',
        serialize=str,
        parse_value=parse_decimal,
    ),
    Duration: strawberry.scalar(
        name="Duration",
        description=(
            'A length of time as text in ISO 8601: "P12M" is twelve months, "P14D" fourteen days, "PT4H" four hours.'
        ),
        serialize=str,
        parse_value=parse_length,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description="A currency by its three letters in ISO 4217, such as EUR or CHF.",
        serialize=str,
        parse_value=parse_code,
    ),
    Json: strawberry.scalar(
        name="JSON",
        description='What was sent as an input, as it was sent, such as {"orderCount": {"gte": 3}}.',
        serialize=lambda value: value,
    ),
}
