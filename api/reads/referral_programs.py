"""Referral programs, in versions: each is in force until the next one begins."""

from __future__ import annotations

from sqlalchemy import DateTime, func

from api.reads.business import business_time_zone
from api.reads.relation import Expression, Relation, Term
from api.tables import referrals as tables

_MOMENT = DateTime(timezone=True)

referral_programs = Relation(
    "referral_programs",
    tables.referral_programs,
    "program_id",
    "rpr",
    happened="effective_from",
    recorded="recorded_at",
    order=(Term("effective_from", descending=True),),
)


def later(moment: Expression, length: Expression) -> Expression:
    """Return the moment that lies a length of time after another, on the calendar of the business."""
    zone = business_time_zone()
    return func.timezone(zone, func.timezone(zone, moment, type_=DateTime()) + length, type_=_MOMENT)
