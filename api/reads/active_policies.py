"""The rules that decide who counts as active, in versions, and the version in force at a moment."""

from __future__ import annotations

from sqlalchemy import Text, func, literal_column, select
from sqlalchemy.dialects.postgresql import TSTZRANGE

from api.reads.in_force import in_force
from api.reads.relation import Expression, Lens, Link, Relation, Row, Table, Term, rows
from api.tables import active_policies as tables
from api.tables.business import business

_POLICY = ("policy_id", "policy_id")

active_policies = Relation(
    "active_policies",
    tables.active_policies,
    "policy_id",
    "apo",
    happened="effective_from",
    recorded="recorded_at",
    order=(Term("effective_from", descending=True),),
)
active_rules = Relation(
    "active_rules",
    tables.active_rules,
    "policy_id",
    "apr",
    within=lambda: policy_of_rule,
    order=(Term("position"),),
)
rules_of_policy = Link(active_policies, active_rules, (_POLICY,), order=(Term("position"),), total=True)
policy_of_rule: Link = Link(active_rules, active_policies, (_POLICY,))


@active_policies.expression
def time_zone(row: Row) -> Expression:
    """Return the zone in which months and days are counted: the policy's own, else that of the business."""
    zone = select(business.c.time_zone).scalar_subquery()
    # There are rules before there is a business, and a zone that is shown is never missing.
    return func.coalesce(row.c.time_zone, zone, literal_column("'UTC'"), type_=Text)


def policy_in_force(lens: Lens) -> Expression:
    """Return the key of the policy in force at the moment of a lens, as far as it was known; once per statement."""
    return in_force(active_policies, lens)


def reigns(lens: Lens) -> Table:
    """Return each policy that was known with its `reign`: the time from when it begins until the next one does.

    What is to come is among them where it had been set by the moment of the lens, as a change that is agreed ahead.
    """
    policy = Row(active_policies, Lens(moment=lens.moment, known_at=lens.known_at))
    begins: Expression = policy.c.effective_from
    known = policy.visible()
    if lens.as_of is not None:
        known.append(func.least(begins, policy.c.recorded_at) <= lens.as_of)
    next_begins = func.lead(begins).over(order_by=begins)
    reign = func.tstzrange(begins, next_begins, type_=TSTZRANGE).label("reign")
    return rows(policy, [policy.key, reign], known).subquery()


def zone_of(policy: Expression) -> Expression:
    """Return the time zone in which the policy with a key counts months and days."""
    row = Row(active_policies, Lens(moment=func.now()))
    return rows(row, [row["time_zone"]], [row.key == policy]).scalar_subquery()
