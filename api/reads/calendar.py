"""Moments that lie a length of time apart, as calendars and clocks of a place show them."""

from __future__ import annotations

from sqlalchemy import DateTime, func, literal_column

from api.reads.business import business_time_zone
from api.reads.relation import Expression


def zone_of_business() -> Expression:
    """Return the time zone in which the business counts days and months; UTC before there is a business."""
    return func.coalesce(business_time_zone(), literal_column("'UTC'"))


def later(zone: Expression, moment: Expression, length: Expression) -> Expression:
    """Return the moment that lies a length of time after another, as the calendar of a zone counts."""
    local = func.timezone(zone, moment, type_=DateTime())
    return func.timezone(zone, local + length, type_=DateTime(timezone=True))


def later_here(moment: Expression, length: Expression) -> Expression:
    """Return the moment that lies a length of time after another, on the calendar of the business."""
    return later(business_time_zone(), moment, length)
