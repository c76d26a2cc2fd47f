"""Referral programs, in versions: each is in force until the next one begins."""

from __future__ import annotations

from api.reads.relation import Relation, Term
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
