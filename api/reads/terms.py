"""What things with a term share: how they stand, and which of them end before a moment."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case

from api.domain.term import TermStatus
from api.reads.identity import Given
from api.reads.json import constant
from api.reads.relation import Expression, Row


def status_of(row: Row, early: ColumnElement[bool]) -> Expression:
    """Return how something with `starts_at` and `ends_at` stands at the moment of the answer.

    early  whether `ends_at` is before its time is up
    """
    scheduled, active, expired, cancelled = (constant(status.value) for status in TermStatus)
    return case(
        (row.lens.moment < row.c.starts_at, scheduled),
        (row.c.ends_at.is_(None) | (row.lens.moment < row.c.ends_at), active),
        (early, cancelled),
        else_=expired,
    )


def ends_before(row: Row, given: Given) -> ColumnElement[bool]:
    """Return whether something ends before a moment, if nothing else happens."""
    return row.c.ends_at < given.parameter("moment")
