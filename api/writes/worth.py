"""What an amount is worth in the currency of the business, at the rate of a day."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, localcontext

from api.domain.money import LARGEST_AMOUNT, Amount, in_minor_units
from api.errors import Rejection, UserErrorCode
from api.writes.change import Change
from api.writes.lookups import rates_on


def day_of(change: Change, moment: datetime) -> date:
    """Return the day of a moment where the business is."""
    return moment.astimezone(change.business.time_zone).date()


def worth(change: Change, amount: Decimal, currency: str, rate: Decimal) -> Decimal:
    """Return an amount in the currency of the business: exact in its own, in minor units from another."""
    if currency == change.business.currency:
        return amount
    with localcontext() as context:
        context.prec = 60
        return in_minor_units(amount * rate, change.business.currency)


async def worth_at(change: Change, amount: Amount, moment: datetime, field: tuple[str, ...]) -> Decimal:
    """Return what an amount was worth on the day of a moment; raise Rejection where that is not known, or too much."""
    asked = amount.currency_code, day_of(change, moment)
    rate = (await rates_on(change, [asked]))[asked]
    if rate is None:
        message = "There is no exchange rate for this currency on the day of the payment; import one first."
        raise Rejection(UserErrorCode.MISSING_EXCHANGE_RATE, message, field)
    found = worth(change, amount.amount, amount.currency_code, rate)
    if found > LARGEST_AMOUNT:
        message = "This is too much in the currency of the business."
        raise Rejection(UserErrorCode.OUT_OF_RANGE, message, field)
    return found
