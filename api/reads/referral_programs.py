"""Referral programs, in versions: each is in force until the next one begins."""

from __future__ import annotations

from sqlalchemy import func

from api.reads.relation import Expression, Relation, Row, Term
from api.tables import referrals as tables

referral_programs = Relation(
    "referral_programs",
    tables.referral_programs,
    "program_id",
    "rpr",
    happened="effective_from",
    recorded="recorded_at",
    order=(Term("effective_from", descending=True),),
)


@referral_programs.expression
def referrer_reward(row: Row) -> Expression:
    """Return how much who recommends gets, in points or money; null for nothing."""
    return func.coalesce(row.c.referrer_points, row.c.referrer_money)


@referral_programs.expression
def referred_reward(row: Row) -> Expression:
    """Return how much the friend gets, in points or money; null for nothing."""
    return func.coalesce(row.c.referred_points, row.c.referred_money)
