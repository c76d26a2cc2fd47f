"""The business itself, and the currency in which values are told: its own, or another one that is asked for."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import case, or_, select

from api.domain.money import is_currency
from api.errors import BadUserInput
from api.reads.identity import Given
from api.reads.relation import Condition, Expression, Lens, Row
from api.tables.business import business


def business_currency(row: Row) -> Expression:
    """Return the currency in which the business reports."""
    return select(business.c.currency).scalar_subquery()


def business_time_zone() -> Expression:
    """Return the time zone in which the business counts days and months."""
    return select(business.c.time_zone).scalar_subquery()


def told_in_currency(lens: Lens, given: Given) -> Lens:
    """Return the lens with the currency that is asked for, if any is; to run it with none there is is refused."""
    asked = given.maybe("text", "currency", convert=_circulating)
    return lens if asked is None else replace(lens, currency=asked)


def _circulating(code: str) -> str:
    if not is_currency(code):
        raise BadUserInput("`currency` must be the code of a circulating currency of ISO 4217, such as EUR.")
    return code


def told_currency(row: Row) -> Expression:
    """Return the currency in which values are told."""
    return business_currency(row) if row.lens.currency is None else row.lens.currency


def is_told_at_home(row: Row) -> Condition | None:
    """Return whether values are told in the currency of the business though one was asked for; None where none was."""
    return None if row.lens.currency is None else row.lens.currency == business_currency(row)


def worth(row: Row, charged: Expression, at_home: Expression) -> Expression:
    """Return what a row counts as: at home what it was worth there on its day, in another currency what was charged.

    charged  in the row's own currency; see `counts` for which rows are meant
    """
    home = is_told_at_home(row)
    return at_home if home is None else case((home, at_home), else_=charged)


def counts(row: Row) -> list[Condition]:
    """Return the conditions that a row counts: at home all do, each with its worth there; else those charged in it."""
    home = is_told_at_home(row)
    return [] if home is None else [or_(home, row.c.currency == row.lens.currency)]
