"""Lengths of time in PostgreSQL's own words: the driver would lose their months."""

from __future__ import annotations

from sqlalchemy import Text, cast

from api.domain.calendar import Duration
from api.reads.relation import Expression

_UNITS = {"year": "months", "mon": "months", "day": "days"}


def spelled(length: Expression) -> Expression:
    """Return a length of time as text such as `1 year 2 mons 3 days`."""
    return cast(length, Text)


def in_json(text: str | None) -> str | None:
    """Return a length of time as it stands in JSON."""
    if text is None:
        return None
    words, parts = text.split(), {"months": 0, "days": 0}
    for count, unit in zip(words[::2], words[1::2], strict=True):
        parts[_UNITS[unit.removesuffix("s")]] += int(count) * (12 if unit.startswith("year") else 1)
    return str(Duration(**parts))
