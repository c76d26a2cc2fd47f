"""The business itself."""

from __future__ import annotations

from sqlalchemy import select

from api.reads.relation import Expression, Row
from api.tables.business import business


def business_currency(row: Row) -> Expression:
    """Return the currency in which the business reports."""
    return select(business.c.currency).scalar_subquery()


def business_time_zone() -> Expression:
    """Return the time zone in which the business counts days and months."""
    return select(business.c.time_zone).scalar_subquery()
