"""The rules of the points program in versions, its tiers, and the version in force at a moment."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import BigInteger, case, cast, func

from api.reads.business import business_currency
from api.reads.in_force import in_force
from api.reads.json import constant
from api.reads.relation import Expression, Lens, Link, Relation, Row, Term, rows
from api.tables import loyalty as tables

_PROGRAM = ("program_id", "program_id")

programs = Relation(
    "loyalty_programs",
    tables.loyalty_programs,
    "program_id",
    "lpr",
    happened="effective_from",
    recorded="recorded_at",
    order=(Term("effective_from", descending=True),),
)
rules = Relation(
    "loyalty_rules",
    tables.loyalty_rules,
    "program_id",
    "lru",
    within=lambda: program_of_rule,
    order=(Term("position"),),
)
tiers = Relation(
    "loyalty_tiers",
    tables.loyalty_tiers,
    "program_id",
    "lti",
    within=lambda: program_of_tier,
    order=(Term("rank"),),
)
rules_of_program = Link(programs, rules, (_PROGRAM,), order=(Term("position"),), total=True)
tiers_of_program = Link(programs, tiers, (_PROGRAM,), order=(Term("rank"),), total=True)
program_of_rule: Link = Link(rules, programs, (_PROGRAM,))
program_of_tier: Link = Link(tiers, programs, (_PROGRAM,))


def program_in_force(lens: Lens) -> Expression:
    """Return the key of the version in force at the moment of a lens, as far as it was known; once per statement."""
    return in_force(programs, lens)


def _required(basis: str) -> Callable[[Row], Expression]:
    """Return what a tier asks for where it is that which the program's tiers ask for; else null."""

    def required(row: Row) -> Expression:
        program, joined = row.joined(program_of_tier)
        asked = rows(program, [program.c.tier_basis], joined).scalar_subquery()
        return case((asked == constant(basis), row.c.required))

    return required


tiers.expressions.update(
    {
        "points_required": lambda row: cast(func.ceil(_required("POINTS")(row)), BigInteger),
        "amount_required": _required("SPEND"),
        "currency": business_currency,
    }
)
