"""The tier a customer has reached: what counts within the program's window, when it was enough, and what is missing.

Each thing that counts does so from its moment until the window is over, and what it was paid back is taken off as if it
had never been there. So the sum changes at known moments only, and a tier is held over known stretches of time: while
the sum is enough, and for the grace of the program after that. The version in force at the moment judges all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    DateTime,
    Numeric,
    Select,
    Uuid,
    and_,
    case,
    column,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE, aggregate_order_by, array

from api.reads.calendar import later, zone_of_business
from api.reads.json import constant, number, parameter
from api.reads.judging import around, contains
from api.reads.loyalty import entries
from api.reads.loyalty_programs import program_in_force, programs, tiers
from api.reads.orders import order_of_refund, orders, refunds
from api.reads.relation import Expression, Lens, Relation, Row, Table, rows
from api.reads.rowset import parents, worked_out_once

_MOMENT = DateTime(timezone=True)
_ZERO: Expression = literal_column("0", Numeric)
_AT_ONCE: Expression = literal_column("interval '0'")
Counted: TypeAlias = tuple[Expression, Expression, Expression]
"""The basis by which something counts, from when it does, and how much it is."""
POINTS, SPEND = constant("POINTS"), constant("SPEND")
"""What a program's tiers ask for."""

COURSE = ("starts", "ends", "totals")
"""Lists of a course: when each stretch of one sum begins and ends, and the sum."""


def standing_of(customer: Expression, lens: Lens, *, before: bool = False) -> Table:
    """Return how a customer stands by the tiers of the program in force, in one row, or none without a program.

    before   whether what happened at the very moment is passed over: a purchase does not count for its own points
    returns  `program_id`; `basis`, POINTS or SPEND; `total`, what counts at the moment; `rank` of the tier that is
             held, `until` when, null for no end, and `lacking`, what has to count more by then to keep it; `next_rank`,
             null at the top, and `next_required`, what it asks for; `next_before`, when less counts than now for the
             first time, null where that is never so
    """
    course = _with_course(customer, lens, before=before)
    held = _held(course, lens)
    following = _following(course, held, lens)
    dropped = _first_drop(course, lens).label("next_before")
    columns = [course.c.program_id, course.c.basis, course.c.total, *held.c, *following.c, dropped]
    joined = course.outerjoin(held, true()).outerjoin(following, true())
    return worked_out_once(select(*columns).select_from(joined), course, held, following)


def _with_course(customer: Expression, lens: Lens, *, before: bool) -> Table:
    """Return the program in force, and beside it how the sum of what counts went, as lists, and the sum now."""
    program = program_beside(lens)
    counted = _counted(customer, lens, program, before=before)
    each = stretches(counted, program.c.zone, program.c.tier_window)
    is_now = (each.c.starts <= lens.moment) & or_(each.c.ends.is_(None), each.c.ends > lens.moment)
    lists = [
        func.array_agg(aggregate_order_by(of, each.c.starts), type_=ARRAY(of.type)).label(name)
        for of, name in zip((each.c.starts, each.c.ends, each.c.total), COURSE, strict=True)
    ]
    now = func.coalesce(func.max(each.c.total).filter(is_now), _ZERO, type_=Numeric).label("total")
    course = worked_out_once(select(*lists, now), each)
    return worked_out_once(select(program, course).select_from(program.join(course, true())), program, course)


def program_beside(lens: Lens) -> Table:
    """Return what the program in force says of tiers, in one row: its key, basis, window, grace, and the time zone."""
    program = Row(programs, lens)
    columns = [program.key, program.c.tier_basis.label("basis"), program.c.tier_window, program.c.tier_grace]
    found = rows(program, [*columns, zone_of_business().label("zone")], [program.key == program_in_force(lens)])
    return worked_out_once(found, program.table)


def stretches(counted: Table, zone: Expression, window: Expression) -> Table:
    """Return when each stretch of one sum begins and ends, and the sum: what counts raises it, and lowers it again.

    counted  `at` and `amount` of what counts, each for the time of the window in a time zone
    """
    over = later(zone, counted.c.at, window)
    turns = [array([counted.c.at, over]), array([counted.c.amount, -counted.c.amount])]
    columns = [column("at", _MOMENT), column("delta", Numeric)]
    step = func.unnest(*turns).table_valued(*columns).render_derived("step")
    found = select(step.c["at"], step.c.delta).select_from(counted.join(step, true()))
    steps = found.correlate_except(counted, step).subquery("steps")
    total = func.sum(func.sum(steps.c.delta)).over(order_by=steps.c.at).label("total")
    ends = func.lead(steps.c.at).over(order_by=steps.c.at).label("ends")
    return select(steps.c.at.label("starts"), ends, total).group_by(steps.c.at).subquery("each")


def _counted(customer: Expression, lens: Lens, program: Table, *, before: bool) -> Table:
    """Return what counts by the basis of the program, and from when: points earned, or money spent less refunds."""
    found = []
    for relation, amount_of in AMOUNTS.items():
        row = Row(relation, lens)
        basis, at, amount = amount_of(row)
        begun = at < lens.moment if before else at <= lens.moment
        mine = [program.c.basis == basis, row.c.customer_id == customer, begun, amount != _ZERO, *row.visible()]
        found.append(rows(row, [at.label("at"), amount.label("amount")], mine))
    return union_all(*found).subquery("counted")


def _points(entry: Row) -> Counted:
    return POINTS, entry.c.counts_from, entry.c.counted


def _spent(order: Row) -> Counted:
    return SPEND, order.c.placed_at, order["business_total"]


def _paid_back(refund: Row) -> Counted:
    """Return what is paid back, from when its order counts; from its own moment where no order is known."""
    order, joined = refund.joined(order_of_refund)
    placed_at = rows(order, [order.c.placed_at], joined).scalar_subquery()
    return SPEND, func.coalesce(placed_at, refund.c.refunded_at, type_=_MOMENT), -refund.c.business_amount


AMOUNTS: dict[Relation, Callable[[Row], Counted]] = {entries: _points, orders: _spent, refunds: _paid_back}
"""What counts towards a tier: of each relation the basis by which it does, from when, and how much it is."""


def _stretches(course: Table) -> Table:
    """Return the stretches of a course as rows."""
    lists = [course.c[name] for name in COURSE]
    columns = [column("starts", _MOMENT), column("ends", _MOMENT), column("total", Numeric)]
    found: Table = func.unnest(*lists).table_valued(*columns).render_derived("stretch")
    return found


def _held(course: Table, lens: Lens) -> Table:
    """Return the highest tier that is held, as `rank`, `until` and `lacking`; the first one always is."""
    tier, stretch = Row(tiers, lens), _stretches(course)
    ends = case(
        (course.c.tier_grace == _AT_ONCE, stretch.c.ends),
        else_=later(course.c.zone, stretch.c.ends, course.c.tier_grace),
    )
    spans = (
        select(func.range_agg(func.tstzrange(stretch.c.starts, ends), type_=TSTZMULTIRANGE()))
        .where(stretch.c.total >= tier.c.required)
        .correlate_except(stretch)
        .scalar_subquery()
    )
    each = worked_out_once(
        rows(tier, [tier.c.rank, tier.c.required, spans.label("spans")], [tier.key == course.c.program_id]), tier.table
    )
    asks_for_nothing = each.c.required == _ZERO
    until = case((not_(asks_for_nothing), func.upper(around(each.c.spans, lens.moment), type_=_MOMENT)))
    found = (
        select(each.c.rank, until.label("until"), (each.c.required - _total_at(course, until)).label("lacking"))
        .where(or_(asks_for_nothing, contains(each.c.spans, lens.moment)))
        .order_by(each.c.rank.desc())
        .limit(number(1))
    )
    return worked_out_once(found, each)


def _total_at(course: Table, moment: Expression) -> Expression:
    """Return the sum at a moment; nothing counts behind the last stretch, nor where there is no moment."""
    stretch = _stretches(course)
    there = [stretch.c.starts <= moment, or_(stretch.c.ends.is_(None), stretch.c.ends > moment)]
    total = select(stretch.c.total).where(*there).correlate_except(stretch).scalar_subquery()
    return func.coalesce(total, _ZERO, type_=Numeric)


def _following(course: Table, held: Table, lens: Lens) -> Table:
    """Return the tier above the one that is held, as `next_rank` and what it asks for."""
    tier = Row(tiers, lens)
    columns = [tier.c.rank.label("next_rank"), tier.c.required.label("next_required")]
    above = [tier.key == course.c.program_id, tier.c.rank > held.c.rank]
    found = rows(tier, columns, above).order_by(tier.c.rank).limit(number(1))
    return worked_out_once(found, tier.table)


def _first_drop(course: Table, lens: Lens) -> Expression:
    """Return when the sum is lower than now for the first time if nothing else happens, null where it never is."""
    stretch = _stretches(course)
    lower = [stretch.c.starts > lens.moment, stretch.c.total < course.c.total]
    return select(func.min(stretch.c.starts, type_=_MOMENT)).where(*lower).correlate_except(stretch).scalar_subquery()


def tiers_before() -> Select[Any]:
    """Return the tiers in which customers were when they bought, before what they bought at that moment counted.

    It is what `asOf` tells of the moment; for rules by which points depend on the tier.

    parameters  customer_ids and moments, one of each for a purchase
    returns     ord, the place of the purchase, from 1, and the `code` of the tier; none where no program was in force
    """
    given = parents([Uuid(), _MOMENT], [parameter("customer_ids", "uuids"), parameter("moments", "moments")])
    customer, moment = given.keys
    lens = Lens(moment=moment, as_of=moment)
    held = standing_of(customer, lens, before=True)
    tier = Row(tiers, lens)
    same = and_(tier.key == held.c.program_id, tier.c.rank == held.c.rank)
    found = given.table.join(held, true()).join(tier.table, same)
    return select(given.table.c.ord, tier.c.code).select_from(found).order_by(given.table.c.ord)
