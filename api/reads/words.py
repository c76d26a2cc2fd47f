"""Moments, lengths and counts in words, put together by the database."""

from __future__ import annotations

from sqlalchemy import DateTime, Text, case, cast, func, literal_column, null

from api.reads.json import number, parts_of_length
from api.reads.relation import Expression


def text(words: str) -> Expression:
    """Return words as they are."""
    return literal_column("'" + words.replace("'", "''") + "'", Text)


def day_in(zone: Expression, moment: Expression) -> Expression:
    """Return a moment's day in words as calendars in a zone show it."""
    local = func.timezone(zone, moment, type_=DateTime())
    return func.to_char(local, literal_column("'FMDD FMMonth YYYY'"), type_=Text)


def spelled(length: Expression) -> Expression:
    """Return a length of time of months and days in words, such as 6 months."""
    months, days, *_ = parts_of_length(length)
    return func.concat_ws(text(" and "), _many(months, "month"), _many(days, "day"), type_=Text)


def _many(count: Expression, unit: str) -> Expression:
    several = func.concat(func.nullif(count, number(0)), text(f" {unit}s"))
    return case((count == number(0), cast(null(), Text)), (count == number(1), text(f"1 {unit}")), else_=several)
