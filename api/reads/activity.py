"""Who counts as active: per reason the stretches of time during which it holds, for fields, filters and counts.

Each policy judges the time during which it is in force, those that are set for a time to come among them. So nothing
that was said of the past changes with a new policy, and what ends when one begins is known before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import DateTime, and_, case, func, not_, select, true
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE

from api.reads.active_policies import policy_in_force, reigns
from api.reads.active_rules import kept_policy
from api.reads.counted_purchases import Which, may_count
from api.reads.json import number
from api.reads.judging import NOTHING, reasons_by, with_all
from api.reads.relation import Condition, Expression, Row, Table
from api.reads.rowset import worked_out_once
from api.tables.standing import REASONS

_MOMENT = DateTime(timezone=True)


def activity(row: Row) -> Table:
    """Return one row beside a customer: what `judging` says by the policy in force, its spans those of all time.

    returns  what `reasons_by` and `with_all` do, and `policy_until`: when the next policy begins, null where none is to
    """

    def make() -> tuple[Table, Condition]:
        return with_all(row, _through_policies(row, only_around=False), *REASONS), true()

    row.require("activity")
    return row.beside("activity", make)


def activity_around(row: Row) -> Table:
    """Return what `activity` does, sure only of the moment and what comes after it, for counting many customers."""
    row.require("around")
    return row.beside("around", lambda: (with_all(row, _through_policies(row, only_around=True)), true()))


def judged_in_turn(
    row: Row,
    policies: Table,
    *conditions: Condition,
    which: Which | None = None,
    reasons: Sequence[str] = REASONS,
) -> Table:
    """Return one row for a customer: the spans of every reason, as each policy judges the time of its reign.

    policies    those that judge, as `reigns` returns them
    conditions  which of them
    which       which purchases are read, as `reasons_by` takes it
    reasons     which of them are wanted
    """
    each = reasons_by(row, kept_policy(policies.c.policy_id), which, reasons=reasons)
    spans = [func.range_agg(_within(each.c[reason], policies.c.reign)).label(reason) for reason in reasons]
    found = select(*spans).select_from(policies.join(each, true())).where(*conditions)
    return worked_out_once(found, policies, each)


def _through_policies(row: Row, *, only_around: bool) -> Table:
    """Return what the policy in force says, for the time in which it is, and beyond it what the others say."""
    in_force, others = policy_in_force(row.lens), reigns(row.lens)
    which = may_count if only_around else None
    here = reasons_by(row, kept_policy(in_force), which)

    def is_other(policies: Table) -> list[Condition]:
        found: list[Condition] = [policies.c.policy_id != in_force]
        return [*found, func.lower(policies.c.reign, type_=_MOMENT) > row.lens.moment] if only_around else found

    now = _reign_in_force(row, in_force, is_other)
    elsewhere = judged_in_turn(row, others, *is_other(others), now.c.is_shared, which=which)
    spans = [_throughout(here.c[reason], now, elsewhere.c[reason]).label(reason) for reason in REASONS]
    rules = [column for column in here.c if column.name not in REASONS]
    policy_until = func.upper(now.c.reign, type_=_MOMENT).label("policy_until")
    both = select(*spans, *rules, policy_until).select_from(here.join(now, true()).join(elsewhere, true()))
    return worked_out_once(both, here, elsewhere, now)


def _reign_in_force(row: Row, in_force: Expression, is_other: Callable[[Table], list[Condition]]) -> Table:
    """Return one row, the same for all customers: the `reign` of a policy, and `is_shared`, whether others count."""
    policies, some = reigns(row.lens), reigns(row.lens)
    reign = select(policies.c.reign).where(policies.c.policy_id == in_force).correlate_except(policies)
    any_other = select(number(1)).select_from(some).where(*is_other(some)).correlate_except(some).exists()
    return worked_out_once(select(reign.scalar_subquery().label("reign"), any_other.label("is_shared")))


def _throughout(spans: Expression, now: Table, others: Expression) -> Expression:
    """Return spans within the reign of the policy in force, and those that others found within theirs."""
    cut = united(_within(spans, now.c.reign), others)
    # Where one policy has judged all there is, nothing needs to be cut and put together.
    is_whole = and_(not_(now.c.is_shared), spans.op("<@", is_comparison=True)(now.c.reign))
    return case((is_whole, spans), else_=cut)


def _within(spans: Expression, span: Expression) -> Expression:
    """Return what of spans lies in a span."""
    return spans.op("*", return_type=TSTZMULTIRANGE())(func.tstzmultirange(span))


def united(spans: Expression, others: Expression) -> Expression:
    """Return spans with others, either of which may be missing."""
    return func.coalesce(spans, NOTHING).op("+", return_type=TSTZMULTIRANGE())(func.coalesce(others, NOTHING))
