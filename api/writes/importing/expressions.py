"""SQL expressions that several statements of an import share."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Numeric,
    ScalarSelect,
    Text,
    Uuid,
    case,
    cast,
    func,
    literal,
    select,
)

from api.domain.money import MINOR_DIGITS
from api.tables.business import exchange_rates


def new_ids() -> ColumnElement[UUID]:
    """Return an expression that gives each row a UUIDv7 of the transaction's time.

    PostgreSQL has a function for it from 18 on only. The sub-select makes the time's 48 bits once a statement; from its
    16th character a random (version 4) UUID has 12 random bits, the variant and 62 random bits.
    """
    return cast(_time() + func.substr(cast(func.gen_random_uuid(), Text), 16), Uuid)


def ids_within(parent: ColumnElement[UUID], place: ColumnElement[int]) -> ColumnElement[UUID]:
    """Return an expression that gives each row of a parent a UUIDv7 of the transaction's time.

    Its other bits are a hash of the parent's id, which is random itself, and the row's place there: a random UUID for
    each of millions of lines took a tenth of an import's time.
    """
    hashed = func.md5(cast(parent, Text) + "/" + cast(place, Text))
    return cast(_time() + func.substr(hashed, 1, 3) + "8" + func.substr(hashed, 5, 15), Uuid)


def _time() -> ScalarSelect[str]:
    """Return the first 13 digits of a UUIDv7."""
    milliseconds = cast(func.floor(func.date_part("epoch", func.now()) * 1000), BigInteger)
    return select(func.lpad(func.to_hex(milliseconds), 12, "0") + "7").scalar_subquery()


def rate_at(
    currency: ColumnElement[str], moment: ColumnElement[datetime], business_currency: str, time_zone: str
) -> ColumnElement[object]:
    """Return units of the business currency that one unit bought on that day of the business; null if not known."""
    day = cast(func.timezone(time_zone, moment), Date)
    known: ScalarSelect[object] = (
        select(exchange_rates.c.rate)
        .where(exchange_rates.c.currency == currency, exchange_rates.c.effective_on <= day)
        .order_by(exchange_rates.c.effective_on.desc())
        .limit(1)
        .correlate_except(exchange_rates)
        .scalar_subquery()
    )
    return case((currency == literal(business_currency), cast(1, Numeric)), else_=known)


def worth(
    amount: ColumnElement[Any], rate: ColumnElement[Any], currency: ColumnElement[str], business_currency: str
) -> ColumnElement[Any]:
    """Return an amount in the currency of the business: exact in its own, in minor units from another."""
    converted = func.round(amount * rate, MINOR_DIGITS[business_currency])
    return case((currency == literal(business_currency), amount), else_=converted)
