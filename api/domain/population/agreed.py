"""What made-up agreements share: where their calendar is read, moments within a while, prices, and late records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from api.domain.calendar import Duration
from api.domain.customer_name import CustomerName
from api.domain.money import Amount
from api.domain.population.exchange import from_home, rate_of_month, to_home

ZONE = ZoneInfo("Europe/Berlin")
"""Where the made-up shop is."""

SOMEBODY = CustomerName()
"""Whoever agrees: made-up rows carry the customer's key themselves."""

_LATE_SHARE = 0.03


def between(draw: Random, first: datetime, last: datetime) -> datetime:
    """Return a moment from the first to before the last, to the second; the first where there is none."""
    return max(first, (first + (last - first) * draw.random()).replace(microsecond=0))


def recorded(draw: Random, moment: datetime, *, before: datetime | None, until: datetime) -> datetime:
    """Return when something is recorded: minutes after it happened, a few things weeks after; never after the end.

    before  when what it follows was recorded, None where it follows nothing
    """
    late = draw.random() < _LATE_SHARE
    lag = timedelta(days=14 + int(draw.random() * 28)) if late else timedelta(seconds=5 + int(draw.random() * 300))
    return max(min(until, moment + lag), before or moment)


def end_of(start: datetime, length: Duration | None) -> datetime | None:
    """Return the end of what begins at a moment; None for what has no length."""
    return None if length is None else length.after(start, ZONE)


def price(cents: int, currency: str, moment: datetime) -> Amount:
    """Return what a price in cents of the euro is in another currency at the rate of the month."""
    return amount(from_home(cents, rate_of_month(currency, day_of(moment))), currency)


def worth(paid: Amount, moment: datetime) -> Decimal:
    """Return what an amount is worth in euros on the day of a moment."""
    minor_units = int(paid.amount.scaleb(2))
    return Decimal(to_home(minor_units, rate_of_month(paid.currency_code, day_of(moment)))).scaleb(-2)


def amount(minor_units: int, currency: str) -> Amount:
    """Return an amount; all currencies of the made-up shop have two digits."""
    return Amount(Decimal(minor_units).scaleb(-2), currency)


def day_of(moment: datetime) -> date:
    """Return the day of a moment where the shop is."""
    return moment.astimezone(ZONE).date()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a support plan or contract: what is kept of it, by columns, and when it was recorded."""

    values: Mapping[str, Any]
    recorded_at: datetime


def changed(version: Version, values: Mapping[str, object], recorded_at: datetime) -> Version:
    """Return the version that follows another: the same but for some values."""
    return Version({**version.values, **values}, recorded_at)
