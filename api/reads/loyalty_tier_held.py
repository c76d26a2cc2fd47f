"""The tier that a customer is in and nothing else of it, for filters: many customers are looked at to find a few.

`loyalty_tiers` tells until when a tier is held and what the next one asks for. Here it is enough that the highest one
is held that was reached by any stretch of what counts whose end, with the grace of the program, is still to come.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import DateTime, Interval, Numeric, and_, func, literal_column, or_, select, union_all

from api.reads.calendar import later
from api.reads.json import number
from api.reads.loyalty_programs import tiers
from api.reads.loyalty_tiers import AMOUNTS, program_beside, stretches
from api.reads.relation import Expression, Lens, Relation, Row, Table, rows

_MOMENT = DateTime(timezone=True)
_ZERO: Any = literal_column("0", Numeric)
_A_WEEK: Any = literal_column("interval '7 days'", Interval)


def tier_held(customer: Expression, lens: Lens) -> Expression:
    """Return the code of the highest tier that a customer holds, null where no program is in force."""
    program, tier = program_beside(lens), Row(tiers, lens)
    total = func.greatest(_best(customer, lens, program), _ZERO)
    enough = [tier.key == _only(program, "program_id"), tier.c.required <= total]
    return rows(tier, [tier.c.code], enough).order_by(tier.c.rank.desc()).limit(number(1)).scalar_subquery()


def _only(program: Table, name: str) -> Any:
    """Return a column of the program in force: the same for all customers, so it is read once, and decides what is."""
    return select(program.c[name]).scalar_subquery()


def _best(customer: Expression, lens: Lens, program: Table) -> Any:
    """Return the most that counts in any stretch which is not over yet, its grace included; null without any."""
    counted = union_all(*[_counted(relation, customer, lens, program) for relation in AMOUNTS]).subquery("counted")
    each = stretches(counted, _only(program, "zone"), _only(program, "tier_window"))
    kept_until = later(_only(program, "zone"), each.c.ends, _only(program, "tier_grace"))
    holds = [each.c.starts <= lens.moment, or_(each.c.ends.is_(None), kept_until > lens.moment)]
    return select(func.max(each.c.total)).where(*holds).correlate_except(each).scalar_subquery()


def _counted(relation: Relation, customer: Expression, lens: Lens, program: Table) -> Any:
    row = Row(relation, lens)
    basis, at, amount = AMOUNTS[relation](row)
    may_count = and_(at >= _since(lens, program), at <= lens.moment)
    mine = [row.c.customer_id == customer, _only(program, "basis") == basis, may_count, amount != _ZERO]
    return rows(row, [at.label("at"), amount.label("amount")], [*mine, *row.visible()])


def _since(lens: Lens, program: Table) -> Any:
    """Return a moment before which nothing counted that matters now; the week is for days that months lack."""
    length = _only(program, "tier_window") + _only(program, "tier_grace") + _A_WEEK
    local = func.timezone(_only(program, "zone"), lens.moment, type_=DateTime())
    since = func.timezone(_only(program, "zone"), local - length, type_=_MOMENT)
    return select(since).scalar_subquery()
