"""What one cell of an imported file may say of something with a term, of feedback, or of points."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from api.domain import file_rows
from api.domain.calendar import Duration, parse_duration
from api.domain.cancellation import OTHER, REASONS
from api.domain.file_rows import Reason, RowRejected
from api.domain.loyalty.posting import MOST_POINTS
from api.domain.money import Amount
from api.domain.support_plan import MOST_INCIDENTS
from api.errors import Rejection

T = TypeVar("T")

LAST_YEAR = 2200
_LARGEST_SCORE = 1_000
_KINDS = ("PRODUCT", "SERVICE")
_ANSWERS = {"yes": True, "true": True, "1": True, "y": True, "no": False, "false": False, "0": False, "n": False}
_LENGTHS = {"day": "P1D", "week": "P1W", "month": "P1M", "quarter": "P3M", "year": "P1Y"}
_REASONS = {
    "price": Reason.BAD_PRICE,
    "value": Reason.BAD_PRICE,
    "penalty": Reason.BAD_PRICE,
    "interval": Reason.BAD_LENGTH,
    "billingInterval": Reason.BAD_LENGTH,
    "renewalInterval": Reason.BAD_LENGTH,
    "responseTarget": Reason.BAD_LENGTH,
    "includedIncidents": Reason.BAD_INCIDENTS,
    "incidents": Reason.BAD_INCIDENTS,
    "number": Reason.BAD_TEXT,
    "comment": Reason.BAD_TEXT,
    "score": Reason.BAD_SCORE,
    "reasonCodes": Reason.BAD_CODES,
}


def needed(value: T | None, reason: Reason) -> T:
    """Return what a row has to say; reject it for the reason where it does not."""
    if value is None:
        raise RowRejected(reason)
    return value


def rejected(refusal: Rejection) -> RowRejected:
    """Return why a row is not taken whose values a rule refuses."""
    at_fault = [_REASONS[name] for name in refusal.field or () if name in _REASONS]
    return RowRejected(at_fault[0] if at_fault else Reason.BAD_TERM, refusal.message)


def amount(cell: object, currency: str) -> Amount | None:
    """Return an exact amount, or None where the cell is blank."""
    found = file_rows.number(cell, Reason.BAD_PRICE)
    return None if found is None else Amount(found, currency)


def kind(cell: object) -> str:
    """Return whether goods or a service is subscribed to."""
    return code(_KINDS, cell, Reason.BAD_KIND)


def code(codes: tuple[str, ...], cell: object, reason: Reason) -> str:
    """Return one of the codes there are; reject the row for the reason where the cell holds another one, or none."""
    return needed(_one_of(codes, cell, reason), reason)


def score(cell: object) -> int | None:
    """Return a whole number, or None where the cell is blank."""
    return _whole(cell, -_LARGEST_SCORE, _LARGEST_SCORE, Reason.BAD_SCORE)


def points(cell: object) -> int:
    """Return a number of points: at least one, and no more than an account can hold."""
    return needed(_whole(cell, 1, MOST_POINTS, Reason.BAD_POINTS), Reason.BAD_POINTS)


def cancellation_reason(cell: object) -> str:
    """Return why it was ended: one of the reasons there are, OTHER where the cell is blank."""
    return _one_of(REASONS, cell, Reason.BAD_REASON) or OTHER


def answer(cell: object) -> bool | None:
    """Return yes or no, or None where the cell is blank."""
    if isinstance(cell, bool):
        return cell
    found = file_rows.text(cell)
    if found is None:
        return None
    if found.casefold() not in _ANSWERS:
        raise RowRejected(Reason.BAD_ANSWER)
    return _ANSWERS[found.casefold()]


def length(cell: object) -> Duration | None:
    """Return a length of time, or None where the cell is blank.

    >>> str(length("P1Y")), str(length("Month"))
    ('P12M', 'P1M')
    """
    found = file_rows.text(cell)
    if found is None:
        return None
    try:
        return parse_duration(_LENGTHS.get(found.casefold(), found.upper()))
    except ValueError:
        raise RowRejected(Reason.BAD_LENGTH) from None


def incidents(cell: object) -> int | None:
    """Return a number of incidents, or None where the cell is blank."""
    return _whole(cell, 0, MOST_INCIDENTS, Reason.BAD_INCIDENTS)


def past(cell: object, zone: ZoneInfo, *, now: datetime) -> datetime | None:
    """Return a moment that has come, or None where the cell is blank."""
    return None if _is_blank(cell) else file_rows.moment(cell, zone, now=now)


def planned(cell: object, zone: ZoneInfo) -> datetime | None:
    """Return a moment that may lie ahead, or None where the cell is blank."""
    if _is_blank(cell):
        return None
    found = file_rows.planned(cell, zone)
    if found.year > LAST_YEAR:
        message = f"The moment lies after the year {LAST_YEAR}; leave it out where no end is known."
        raise RowRejected(Reason.BAD_DATE, message)
    return found


def _whole(cell: object, least: int, most: int, reason: Reason) -> int | None:
    found = file_rows.number(cell, reason)
    if found is None:
        return None
    if found != found.to_integral_value() or not least <= found <= most:
        raise RowRejected(reason)
    return int(found)


def _is_blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _one_of(codes: tuple[str, ...], cell: object, reason: Reason) -> str | None:
    found = file_rows.text(cell)
    code = found and re.sub(r"[\s-]+", "_", found).upper()
    if code and code not in codes:
        raise RowRejected(reason, f"{reason.value} They are: {', '.join(codes)}.")
    return code
