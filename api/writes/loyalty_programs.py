"""The versions of the points program by which purchases and refunds are judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, literal_column, select

from api.database import Connection, prepare
from api.domain.calendar import parse_duration
from api.domain.loyalty.earning import Program, Rule
from api.reads.json import as_duration
from api.reads.relation import Expression
from api.tables.loyalty import loyalty_programs, loyalty_rules

_MOMENT = bindparam("moment", type_=loyalty_programs.c.effective_from.type)
_CONDITIONS = ("points_per_unit", "category", "customer_kind", "tier")


def in_force_at(moment: Expression, *columns: Expression) -> Any:
    """Return a selection of columns of the version in force at a moment: one row, or none before the first."""
    latest = loyalty_programs.c.effective_from.desc()
    begun = loyalty_programs.c.effective_from <= moment
    return select(*columns).where(begun).order_by(latest).limit(literal_column("1"))


_IN_FORCE = prepare(in_force_at(_MOMENT, loyalty_programs.c.program_id, loyalty_programs.c.floor))
_PROGRAMS = prepare(
    select(
        loyalty_programs.c.program_id,
        loyalty_programs.c.rounding,
        as_duration(loyalty_programs.c.pending_for).label("pending_for"),
        as_duration(loyalty_programs.c.expires_after).label("expires_after"),
        *[loyalty_rules.c[name] for name in _CONDITIONS],
    )
    .outerjoin(loyalty_rules, loyalty_rules.c.program_id == loyalty_programs.c.program_id)
    .where(loyalty_programs.c.program_id == any_(bindparam("which", type_=ARRAY(Uuid))))
    .order_by(loyalty_programs.c.program_id, loyalty_rules.c.position)
)


async def program_in_force(connection: Connection, moment: datetime) -> tuple[UUID, int] | None:
    """Return the version in force at a moment and how far below zero it lets a balance go; None before the first."""
    row = await connection.fetchrow(_IN_FORCE.sql, *_IN_FORCE.values({"moment": moment}))
    return (row["program_id"], row["floor"]) if row else None


async def programs_with(connection: Connection, which: Iterable[UUID]) -> dict[UUID, Program]:
    """Return versions of the program with their rules, by key."""
    rows = await connection.fetch(_PROGRAMS.sql, *_PROGRAMS.values({"which": sorted(set(which))}))
    rules: dict[UUID, list[Rule]] = defaultdict(list)
    for row in rows:
        if row["points_per_unit"] is not None:
            rules[row["program_id"]].append(Rule(**{name: row[name] for name in _CONDITIONS}))
    return {row["program_id"]: _program(row, tuple(rules[row["program_id"]])) for row in rows}


def _program(row: Any, rules: tuple[Rule, ...]) -> Program:
    expires_after = parse_duration(row["expires_after"]) if row["expires_after"] else None
    return Program(row["program_id"], row["rounding"], parse_duration(row["pending_for"]), expires_after, rules)
