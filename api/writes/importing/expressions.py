"""SQL expressions that several statements of an import share."""

from __future__ import annotations

from datetime import datetime
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

from api.tables.business import exchange_rates


def new_ids() -> ColumnElement[UUID]:
    """Return an expression that gives each row a UUIDv7; PostgreSQL has a function for it from 18 on only."""
    milliseconds = func.floor(func.extract("epoch", func.clock_timestamp()) * 1000)
    time = func.lpad(func.to_hex(cast(milliseconds, BigInteger)), 12, "0")
    # From the 16th character a random (version 4) UUID has 12 random bits, the variant and 62 random bits.
    return cast(time + "7" + func.substr(cast(func.gen_random_uuid(), Text), 16), Uuid)


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
