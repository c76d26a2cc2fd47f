"""Histories: stretches of time, latest first, a part of them at a time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Subquery, func, select

from api.errors import BadUserInput
from api.reads.identity import Given
from api.reads.page import LARGEST_SIZE
from api.reads.relation import Expression, Row


def latest_first(row: Row, given: Given, each: Any, *more: Expression) -> Subquery:
    """Return the latest of a customer's stretches that have begun.

    given    `first`, how many at most; `before` a moment, only those that had begun by then
    each     the stretches, with `starts_at` and whatever else is wanted
    returns  the columns of `each`, `more`, and `place`, by which they are in order
    """
    before = given.maybe("moment", "before")
    latest = row.lens.moment if before is None else func.least(row.lens.moment, before)
    found = (
        select(each, *more, (-func.extract("epoch", each.c.starts_at)).label("place"))
        .where(each.c.starts_at <= latest)
        .order_by(each.c.starts_at.desc())
        .limit(given.parameter("integer", "first", convert=sized))
        .correlate_except(each)
    )
    return found.subquery("found")


def sized(first: int) -> int:
    """Return how many entries are wanted; raise BadUserInput for too many, or none."""
    if not 1 <= first <= LARGEST_SIZE:
        raise BadUserInput(f"`first` must be between 1 and {LARGEST_SIZE}.")
    return first
