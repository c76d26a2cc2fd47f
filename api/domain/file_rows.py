"""What one cell of an imported file may say, and why a row is refused.

Files of every kind arrive here: a cell is what Parquet, CSV or JSON made of it, a text, number, time or nothing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from zoneinfo import ZoneInfo

from api.domain.money import LARGEST_AMOUNT, UNIT_PRICE_DIGITS, has_at_most, is_currency
from api.domain.purchase import CLOCK_TOLERANCE, LARGEST_QUANTITY
from api.domain.text import MEDIUM, cleaned
from api.errors import Rejection, UserErrorCode

MOST_DIGITS = 28
LARGEST_RATE = Decimal(10) ** 9

_SLASHED = "%m/%d/%Y %H:%M"

# Rows of an order share their moment, and products, prices and quantities recur: most cells are read once and looked up
# then. Equal cells of different types (1, 1.0, True) are not the same cell.
_remembered = lru_cache(maxsize=65_536, typed=True)


class Reason(Enum):
    """Why a row was not taken; the value says it in one line."""

    NO_CUSTOMER = "The row names no customer."
    UNKNOWN_CUSTOMER = "Nobody is known by this identifier: import what they bought or have first."
    NO_ORDER = "The row names no order."
    NO_PRODUCT = "The row names no product."
    NO_IDENTIFIER = "The row does not say which subscription, enrollment, contract or feedback it is."
    NO_NAME = "The row does not say what the plan or the contract is called."
    BAD_ROW = "The row cannot be read: it is no JSON object, or has another number of cells than the header."
    BAD_TEXT = "A text is missing, holds characters that cannot be kept, or is too long."
    BAD_DATE = "The moment is missing, is not one, or lies before 1900."
    FUTURE_DATE = "The moment lies in the future."
    BAD_QUANTITY = "The quantity is not a whole number from 1 to 1,000,000."
    BAD_PRICE = "The price is missing, is not a number, is negative or too large, or has more than 6 decimals."
    BAD_DISCOUNT = "The discount is not a number, is negative, or is above the price of the line."
    BAD_KIND = "The kind is missing, or none of those that there are."
    BAD_LENGTH = "A length of time is missing, or is none such as P1M or month."
    BAD_TERM = "What is said of the term cannot be, such as an end before the start; the message says what."
    BAD_ANSWER = "A cell for yes or no says something else."
    BAD_INCIDENTS = "Incidents are no whole number from 0 to 1,000,000, or more are used than included."
    BAD_REASON = "It was ended early, and the reason is missing or none of those that there are."
    BAD_SCORE = "The score is missing, lies outside the scale of its kind, or is given where the kind has none."
    BAD_CODES = "Reason codes are more than 20, or not of capital letters, digits and underscores."
    BAD_POINTS = "The points are not a whole number from 1 to 2,000,000,000."
    NO_PROGRAM = "No points program was in force at that moment: let one begin before it (setLoyaltyProgram)."
    ACCOUNT_CLOSED = "The customer's account for points is closed for good."
    HAS_POINTS = "Points of the customer have moved here already: put the balance right with adjustPoints."
    BAD_CODE = "The code is none of 6 to 24 letters and digits."
    CODE_TAKEN = "The code belongs to another customer."
    SELF_REFERRAL = "Nobody is referred by themselves, nor by anybody who came by them."
    ALREADY_REFERRED = "A customer is referred once for good, and this one was."
    BAD_RATE = "The exchange rate is not a number above 0 and at most 1,000,000,000."
    UNKNOWN_CURRENCY = "The currency is not a circulating one of ISO 4217."
    MISSING_EXCHANGE_RATE = "There is no exchange rate for this currency on that day: import rates first."
    OUT_OF_RANGE = "The order's total is above the largest amount that can be kept."
    CONFLICT = "What the row says contradicts another of its order, day or identifier, or what is already recorded."
    INCOMPLETE_ORDER = "Another row of the same order was rejected, and orders are taken whole or not at all."


class RowRejected(Exception):
    """A row that cannot be taken."""

    def __init__(self, reason: Reason, message: str | None = None) -> None:
        super().__init__(reason.name)
        self.reason = reason
        self.message = message or reason.value


@_remembered
def text(cell: object, most: int = MEDIUM) -> str | None:
    """Return a cell as trimmed text in composed form, or None where it is blank; whole floats lose their `.0`.

    >>> text("  WHITE CHERRY LIGHTS "), text(13085.0), text("")
    ('WHITE CHERRY LIGHTS', '13085', None)
    """
    if cell is None:
        return None
    found = cell if isinstance(cell, str) else _written(cell)
    try:
        return cleaned(found, most=most, field=())
    except Rejection as refusal:
        if refusal.code is UserErrorCode.BLANK:
            return None
        raise RowRejected(Reason.BAD_TEXT) from None


def required(cell: object, reason: Reason, most: int = MEDIUM) -> str:
    """Return a cell as text; reject the row for the reason where it is blank."""
    found = text(cell, most)
    if found is None:
        raise RowRejected(reason)
    return found


@_remembered
def quantity(cell: object) -> int:
    """Return a whole number from 1 to the largest that can be kept."""
    found = number(cell, Reason.BAD_QUANTITY)
    if found is None or found != found.to_integral_value() or not 1 <= found <= LARGEST_QUANTITY:
        raise RowRejected(Reason.BAD_QUANTITY)
    return int(found)


@_remembered
def unit_price(cell: object) -> Decimal:
    """Return an exact price of at least zero with at most six decimals."""
    found = number(cell, Reason.BAD_PRICE)
    if found is None or not 0 <= found <= LARGEST_AMOUNT or not has_at_most(UNIT_PRICE_DIGITS, found):
        raise RowRejected(Reason.BAD_PRICE)
    return found


def discount(cell: object, *, line_total: Decimal) -> Decimal:
    """Return the amount taken off a line, 0 where the cell is blank."""
    found = number(cell, Reason.BAD_DISCOUNT)
    if found is None:
        return Decimal(0)
    if not 0 <= found <= line_total or not has_at_most(UNIT_PRICE_DIGITS, found):
        raise RowRejected(Reason.BAD_DISCOUNT)
    return found


def exchange_rate(cell: object) -> Decimal:
    """Return units of the business currency that one unit of the other buys."""
    found = number(cell, Reason.BAD_RATE)
    if found is None or not 0 < found <= LARGEST_RATE:
        raise RowRejected(Reason.BAD_RATE)
    return found


@_remembered
def currency(cell: object) -> str | None:
    """Return the ISO 4217 code in a cell, or None where it is blank."""
    code = text(cell)
    if code is None:
        return None
    if not is_currency(code.upper()):
        raise RowRejected(Reason.UNKNOWN_CURRENCY)
    return code.upper()


def number(cell: object, reason: Reason) -> Decimal | None:
    """Return the exact number in a cell, or None where it is blank; NaN and infinity are none.

    A binary float is read by its 15 significant digits: these survive storage as a float, and what stands
    behind them is noise (0.1 + 0.2 is 0.3).
    """
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool) or not isinstance(cell, str | int | float | Decimal):
        raise RowRejected(reason)
    try:
        found = Decimal(f"{cell:.15g}" if isinstance(cell, float) else str(cell).strip())
    except InvalidOperation:
        raise RowRejected(reason) from None
    # Decimal arithmetic is exact up to 28 digits, and no amount of money needs more.
    if not found.is_finite() or len(found.as_tuple().digits) > MOST_DIGITS or abs(found.adjusted()) > MOST_DIGITS:
        raise RowRejected(reason)
    return found


def moment(cell: object, zone: ZoneInfo, *, now: datetime) -> datetime:
    """Return the moment in a cell as `planned` does; reject the row where it lies in the future."""
    found = planned(cell, zone)
    if found > now + CLOCK_TOLERANCE:
        raise RowRejected(Reason.FUTURE_DATE)
    return found


def planned(cell: object, zone: ZoneInfo) -> datetime:
    """Return the moment in a cell, in UTC; a time without an offset is local time, a day begins at midnight."""
    if not isinstance(cell, datetime | date | str):
        raise RowRejected(Reason.BAD_DATE)
    try:
        found = _in_utc(cell, zone)
    except (ValueError, OverflowError):
        raise RowRejected(Reason.BAD_DATE) from None
    if found.year < 1900:
        raise RowRejected(Reason.BAD_DATE)
    return found


def day(cell: object) -> date:
    """Return the day in a cell, whatever time of day is written with it."""
    try:
        found = _datetime(cell) if isinstance(cell, str) else cell
    except ValueError:
        raise RowRejected(Reason.BAD_DATE) from None
    found = found.date() if isinstance(found, datetime) else found
    if not isinstance(found, date) or found.year < 1900:
        raise RowRejected(Reason.BAD_DATE)
    return found


@_remembered
def _in_utc(cell: datetime | date | str, zone: ZoneInfo) -> datetime:
    found = _datetime(cell) if isinstance(cell, str) else cell
    if not isinstance(found, datetime):
        found = datetime.combine(found, time())
    local = found if found.tzinfo else found.replace(tzinfo=zone)
    return local.astimezone(UTC)


def _datetime(written: str) -> datetime:
    written = written.strip()
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return datetime.strptime(written, _SLASHED)  # noqa: DTZ007  (its zone is the caller's)


def _written(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
