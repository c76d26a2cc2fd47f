"""Who counts as active: per reason the stretches of time during which it holds, for fields, filters and counts.

Each policy judges the time during which it is in force, those that are set for a time to come among them. So nothing
that was said of the past changes with a new policy, and what ends when one begins is known before.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import DateTime, func, select, true
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE

from api.reads.active_policies import policy_in_force, reigns
from api.reads.active_rules import kept_policy
from api.reads.json import number
from api.reads.judging import NOTHING, loyal_over, reasons_by, recent_over, undone_at, until, with_all
from api.reads.relation import Condition, Expression, Row, Table
from api.reads.rowset import worked_out_once
from api.tables.standing import REASONS

_MOMENT = DateTime(timezone=True)


def activity(row: Row) -> Table:
    """Return one row beside a customer: what `judging` says by the policy in force, its spans those of all time.

    returns  what `reasons_by` and `with_all` do, and `policy_until`: when the next policy begins, null where none is to
    """
    row.require("activity")
    return row.beside("activity", lambda: (_through_policies(row, only_around=False), true()))


def activity_around(row: Row) -> Table:
    """Return what `activity` does, sure only of the moment and what comes after it, for counting many customers."""
    row.require("around")
    return row.beside("around", lambda: (_through_policies(row, only_around=True), true()))


def judged_in_turn(
    row: Row, policies: Table, *conditions: Condition, only_around: bool = False, reasons: Sequence[str] = REASONS
) -> Table:
    """Return one row for a customer: the spans of every reason, as each policy judges the time of its reign.

    policies    those that judge, as `reigns` returns them
    conditions  which of them
    reasons     which of them are wanted
    """
    each = reasons_by(row, kept_policy(policies.c.policy_id), only_around=only_around, reasons=reasons)
    spans = [func.range_agg(_within(each.c[reason], policies.c.reign)).label(reason) for reason in reasons]
    found = select(*spans).select_from(policies.join(each, true())).where(*conditions)
    return worked_out_once(found, policies, each)


def recent_until(row: Row, order: Row) -> Expression:
    """Return until when a customer's order counts as a recent purchase; from the start where no rule is about it."""
    rules = activity(row).c
    over = recent_over(row, order, kept_policy(rules.policy_id), rules)
    return until(order.c.placed_at, over, undone_at(order, rules))


def loyal_until(row: Row, order: Row) -> Expression:
    """Return until when a customer's order counts towards loyalty; from the start where no rule is about it."""
    rules = activity(row).c
    return until(order.c.placed_at, loyal_over(order, rules), undone_at(order, rules))


def _through_policies(row: Row, *, only_around: bool) -> Table:
    """Return what the policy in force says, for the time in which it is, and beyond it what the others say."""
    in_force, policies = policy_in_force(row.lens), reigns(row.lens)
    here = reasons_by(row, kept_policy(in_force), only_around=only_around)
    now = worked_out_once(select(_reign_of(policies, in_force).label("reign")))

    def is_other(policies: Table) -> list[Condition]:
        found: list[Condition] = [policies.c.policy_id != in_force]
        return [*found, func.lower(policies.c.reign, type_=_MOMENT) > row.lens.moment] if only_around else found

    others, some = reigns(row.lens), reigns(row.lens)
    # Asked once for all customers: where one policy has judged all time, nobody is judged by a second one.
    any_other = select(number(1)).select_from(some).where(*is_other(some)).correlate_except(some).exists()
    elsewhere = judged_in_turn(row, others, *is_other(others), any_other, only_around=only_around)
    spans = [_union(_within(here.c[reason], now.c.reign), elsewhere.c[reason]).label(reason) for reason in REASONS]
    rules = [column for column in here.c if column.name not in REASONS]
    policy_until = func.upper(now.c.reign, type_=_MOMENT).label("policy_until")
    both = select(*spans, *rules, policy_until).select_from(here.join(elsewhere, true()).join(now, true()))
    return with_all(row, worked_out_once(both, here, elsewhere, now))


def _reign_of(policies: Table, policy: Expression) -> Expression:
    return select(policies.c.reign).where(policies.c.policy_id == policy).correlate_except(policies).scalar_subquery()


def _within(spans: Expression, span: Expression) -> Expression:
    """Return what of spans lies in a span."""
    return spans.op("*", return_type=TSTZMULTIRANGE())(func.tstzmultirange(span))


def _union(spans: Expression, others: Expression) -> Expression:
    """Return spans with others, either of which may be missing."""
    return func.coalesce(spans, NOTHING).op("+", return_type=TSTZMULTIRANGE())(func.coalesce(others, NOTHING))
