"""Times that versions of rules speak of: from when a version holds, and how long what has happened counts."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from api.domain.calendar import Duration
from api.errors import Rejection, UserErrorCode

LONGEST = Duration(months=120)
"""The longest window, and how far ahead a version may begin."""

# 400 years have just as many months and days.
_MONTHS, _DAYS = 4_800, 146_097
_LONGEST_DAYS = 3_653


def check_window(window: Duration, field: tuple[str, ...]) -> None:
    """Raise Rejection for a window that is no whole number of days, empty, or longer than 10 years."""
    check_length(window, field)
    if not window:
        raise Rejection(UserErrorCode.OUT_OF_RANGE, "A window is longer than nothing, such as P12M.", field)


def check_length(length: Duration, field: tuple[str, ...]) -> None:
    """Raise Rejection for a length of time that is no whole number of days, or longer than 10 years."""
    if length.minutes:
        message = "A window is counted in whole years, months, weeks or days, such as P12M or P90D."
        raise Rejection(UserErrorCode.INVALID, message, field)
    if length.months * _DAYS + length.days * _MONTHS > _LONGEST_DAYS * _MONTHS:
        raise Rejection(UserErrorCode.OUT_OF_RANGE, "A window is at most 10 years (P10Y).", field)


def check_begin(begin: datetime, *, latest: datetime | None, now: datetime, field: tuple[str, ...]) -> None:
    """Raise Rejection where a version of rules cannot begin at a moment.

    latest  when the last of the versions there are begins; None where there is none
    """
    if latest is not None and begin <= latest:
        moment = latest.isoformat().replace("+00:00", "Z")
        message = f"Versions must not overlap in time: this one may begin after {moment}, when the newest begins."
        raise Rejection(UserErrorCode.OUT_OF_RANGE, message, field)
    if begin > LONGEST.after(now, ZoneInfo("UTC")):
        raise Rejection(UserErrorCode.OUT_OF_RANGE, "A version begins at most 10 years ahead.", field)
