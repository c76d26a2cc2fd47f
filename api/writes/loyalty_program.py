"""Putting a points program into force: a version more, from a moment on."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Interval, Numeric, Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from api.database import prepare
from api.domain.identity import new_id
from api.domain.loyalty.program import NewProgram
from api.errors import Rejection, UserErrorCode
from api.tables.loyalty import loyalty_programs, loyalty_rules, loyalty_tiers
from api.writes.change import Change, Outcome, refusing
from api.writes.lookups import rows_text, sent
from api.writes.reigns import newest_of, next_version

_TAKE_TURNS = "LOCK TABLE loyalty_programs IN SHARE ROW EXCLUSIVE MODE"
_NEWEST = newest_of(loyalty_programs)
_PLAIN = {"name": Text, "rounding": Text, "floor": BigInteger, "tier_basis": Text, "point_value": Numeric}
_LENGTHS = ("pending_for", "expires_after", "tier_window", "tier_grace")
_RULES = {"points_per_unit": Numeric, "category": Text, "customer_kind": Text, "tier": Text}
_TIERS = {"code": Text, "name": Text, "required": Numeric, "benefits": JSONB}


def _add() -> Any:
    # The driver takes a length of time for one without months.
    lengths = {name: cast(bindparam(name, type_=Text), Interval) for name in _LENGTHS}
    given: dict[str, Any] = {name: bindparam(name) for name in ("program_id", "version", "effective_from", *_PLAIN)}
    program = insert(loyalty_programs).values(given | lengths).returning(loyalty_programs.c.program_id).cte("program")
    tiers, rules = sent("tiers", _TIERS), sent("rules", _RULES)
    tier = {name: tiers.c[name] for name in _TIERS}
    each = func.jsonb_array_elements_text(tiers.c.benefits).column_valued("benefit")
    tier["benefits"] = func.array(select(each).correlate(tiers).scalar_subquery())
    made = _parts(loyalty_tiers, program, tiers, "rank", tier).cte("made")
    rule = {name: rules.c[name] for name in _RULES}
    return _parts(loyalty_rules, program, rules, "position", rule).add_cte(made)


def _parts(table: Any, program: Any, given: Any, place: str, values: dict[str, Any]) -> Any:
    columns = {"program_id": program.c.program_id, place: given.c.ord, **values}
    return insert(table).from_select(list(columns), select(*columns.values()).select_from(program, given))


_ADD = prepare(_add())
_INPUT = ("input",)
_PROGRAM = ("input", "program")


async def set_loyalty_program(
    change: Change, program: NewProgram, effective_from: datetime, expected_version: int | None
) -> list[Outcome]:
    """Put a program into force from a moment on and return its identifier; raise Refused where it cannot be.

    Calls at the same time take turns, so that versions have no gaps and never overlap.
    """
    with refusing():
        key = await _set(change, program.checked(_PROGRAM), effective_from, expected_version)
    return [Outcome({"program": key})]


async def _set(change: Change, program: NewProgram, effective_from: datetime, expected_version: int | None) -> UUID:
    if change.principal.customer_id is not None:
        raise Rejection(UserErrorCode.NOT_FOUND, "There is no points program that a customer may set.", _INPUT)
    await change.connection.execute(_TAKE_TURNS)
    version = await next_version(change, _NEWEST, effective_from, expected_version, what="program")
    return await _added(change, program, effective_from, version=version)


async def _added(change: Change, program: NewProgram, effective_from: datetime, *, version: int) -> UUID:
    key = new_id()
    lengths = {name: getattr(program, name) for name in _LENGTHS}
    tiers = ((tier.code, tier.name, tier.required(program.tier_basis), tier.benefits) for tier in program.tiers)
    rules = ([getattr(rule, name) for name in _RULES] for rule in program.rules)
    await change.rows(
        _ADD,
        program_id=key,
        version=version,
        effective_from=effective_from,
        **{name: getattr(program, name) for name in _PLAIN},
        **{name: None if length is None else str(length) for name, length in lengths.items()},
        rules=rows_text(_RULES, rules),
        tiers=rows_text(_TIERS, tiers),
    )
    return key
