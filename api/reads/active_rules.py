"""The rules by which a policy judges a customer: those that are kept, or those that somebody tries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    CTE,
    Boolean,
    Integer,
    Interval,
    Text,
    Uuid,
    and_,
    case,
    cast,
    column,
    false,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    type_coerce,
    values,
)
from sqlalchemy.dialects.postgresql import JSONB

from api.reads.active_policies import zone_of
from api.reads.json import number
from api.reads.orders import refunds_of_customer
from api.reads.relation import Condition, Expression, Row, Table, rows
from api.reads.rowset import worked_out_once
from api.tables.active_policies import active_rules
from api.tables.business import business
from api.tables.customers import KINDS
from api.tables.standing import REASONS

RECENT_PURCHASE, LOYAL, PAID_SUPPORT_PLAN, PRODUCT_SUBSCRIPTION, SERVICE_SUBSCRIPTION, CONTRACT = REASONS

Rules: TypeAlias = Callable[[], tuple[Table, list[Condition]]]
"""Returns rules anew each time, with what makes them those of one policy."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What judges: its key, the zone in which it counts months and days, its rules, and how they read for each kind.

    by_kind  what `_for_each_kind` returns, with what makes it this policy's
    """

    key: Expression
    zone: Expression
    rules: Rules
    by_kind: tuple[Table, list[Condition]]


def kept_policy(key: Expression) -> Policy:
    """Return the policy that is kept under a key."""

    def rules() -> tuple[Table, list[Condition]]:
        rule = active_rules.alias()
        return rule, [rule.c.policy_id == key]

    return Policy(key, zone_of(key), rules, (_KEPT, [_KEPT.c.policy_id == key]))


RULE = {
    "code": Text,
    "enabled": Boolean,
    "customer_kind": Text,
    "category": Text,
    "window": Interval,
    "minimum_count": Integer,
}


def tried_policy(zone: Expression, rules: Expression) -> Policy:
    """Return a policy that is kept nowhere.

    zone   null for that of the business
    rules  a JSON array of objects, as text, whose names are those in `RULE`
    """
    home = select(business.c.time_zone).scalar_subquery()

    def made() -> tuple[Table, list[Condition]]:
        columns: list[Any] = [column(name, of) for name, of in RULE.items()]
        given = func.jsonb_to_recordset(cast(rules, JSONB)).table_valued(*columns)
        return given.render_derived("given", with_types=True), []

    named = func.coalesce(zone, home, literal_column("'UTC'"), type_=Text)
    return Policy(cast(null(), Uuid), named, made, (_for_each_kind(made), []))


def rules_for(row: Row, policy: Policy) -> Table:
    """Return the rules for a customer's kind in one row; one for the kind comes before one for all kinds.

    returns  `policy_id`, `zone`, `recent_window`, `by_category`, `loyal_window`, `loyal_count`; under the name of each
             reason with `_on` behind it whether the policy uses its rule; `longest`, the longest of all windows;
             `refunded`, the keys of the customer's orders that money was paid back on, null for none
    """
    rules, its = policy.by_kind
    refund, returned = row.joined(refunds_of_customer)
    # Most customers never got money back, and need no look at what was paid back on each of their orders.
    refunded = rows(refund, [func.array_agg(refund.c.order_id)], returned).scalar_subquery()
    found = [_or_without(column) for column in rules.c if column.name not in ("policy_id", "kind")]
    columns = [*found, policy.key.label("policy_id"), policy.zone.label("zone"), refunded.label("refunded")]
    # A policy may have no rules; customers there are all the same.
    anyhow = select(number(1)).subquery("anyhow")
    judged = anyhow.outerjoin(rules, and_(*its, rules.c.kind == row["kind"]))
    return worked_out_once(select(*columns).select_from(judged), anyhow, rules)


_WITHOUT: dict[str, Expression] = {
    **{name: false() for name in ("by_category", *[f"{reason}_on" for reason in REASONS])},
    "longest": literal_column("interval '0'"),
}
"""What is said where there are no rules, of that which is never null."""


def _or_without(said: Expression) -> Expression:
    name = said.name
    return func.coalesce(said, _WITHOUT[name], type_=said.type).label(name) if name in _WITHOUT else said


def _for_each_kind(rules: Rules, *policy: str) -> CTE:
    """Return how rules read for customers of each kind, which does not depend on the customer.

    Where it is read at two places of a statement, PostgreSQL works it out once; where at one, for the rules that are
    wanted there, which costs a statement about one customer less.

    policy   name of the column that says whose rules they are, where they are those of several policies
    returns  `kind`, that column, and what `_read` does; no row where there is no rule
    """
    rule, its = rules()
    kinds = values(column("kind", Text), name="kinds", literal_binds=True).data([(kind,) for kind in KINDS])
    own = [*[rule.c[name] for name in policy], kinds.c.kind]
    judged = kinds.join(rule, and_(*its, _is_for(rule, kinds.c.kind)))
    read = select(*own, *_read(rule, kinds.c.kind, rules, policy)).select_from(judged).group_by(*own)
    return read.cte("rules" if policy else None)


def _read(rule: Table, kind: Expression, rules: Rules, policy: Sequence[str]) -> list[Expression]:
    """Return what the rules for a kind come to, as `rules_for` says."""
    is_special = rule.c.customer_kind.is_not(None)
    # There is one for all kinds at most, and one for this kind, which holds even where it says that nothing does. What
    # weighs most decides: 3 and 2 are the one for this kind, enabled and not; 1 and 0 the one for all.
    weight = case((is_special, number(2)), else_=number(0)) + cast(rule.c.enabled, Integer)

    def decides(reason: str) -> Expression:
        return func.max(weight).filter(_is_general(rule, reason))

    def of(reason: str, value: Expression) -> Expression:
        special, general = (
            func.max(value).filter(_is_general(rule, reason), which) for which in (is_special, ~is_special)
        )
        return case((decides(reason) == number(3), special), (decides(reason) == number(1), general))

    by_category = and_(rule.c.category.is_not(None), rule.c.enabled, not_(_is_overruled(rule, kind, rules, policy)))
    on: dict[str, Expression] = {reason: decides(reason) % number(2) == number(1) for reason in REASONS}
    on[RECENT_PURCHASE] = or_(on[RECENT_PURCHASE], func.bool_or(by_category))
    return [
        *[each.label(f"{reason}_on") for reason, each in on.items()],
        of(RECENT_PURCHASE, rule.c.window).label("recent_window"),
        func.bool_or(rule.c.category.is_not(None)).label("by_category"),
        of(LOYAL, rule.c.window).label("loyal_window"),
        of(LOYAL, rule.c.minimum_count).label("loyal_count"),
        func.max(rule.c.window).label("longest"),
    ]


def _is_general(rule: Table, reason: str) -> Condition:
    """Return whether a rule is about a reason, and for no category of its own."""
    return and_(rule.c.code == literal_column(f"'{reason.upper()}'"), rule.c.category.is_(None))


def _is_for(rule: Table, kind: Expression) -> Condition:
    return or_(rule.c.customer_kind.is_(None), rule.c.customer_kind == kind)


def _is_overruled(rule: Table, kind: Expression, rules: Rules, policy: Sequence[str]) -> Condition:
    """Return whether a rule for a category and all kinds of customers gives way to one for a kind."""
    special, its = rules()
    same = [special.c[name] == rule.c[name] for name in (*policy, "code", "category")]
    found = select(number(1)).where(*its, *same, special.c.customer_kind == kind).correlate_except(special)
    return and_(rule.c.customer_kind.is_(None), found.exists())


_KEPT = _for_each_kind(lambda: (active_rules.alias(), []), "policy_id")


def window_of(row: Row, product: Row, policy: Policy) -> Expression:
    """Return for how long the purchase of a product counts: a rule for its category comes before one for all."""
    rule, its = policy.rules()
    for_category = or_(rule.c.category.is_(None), rule.c.category == product.c.category)
    window = (
        select(case((rule.c.enabled, rule.c.window)))
        .where(*its, rule.c.code == literal_column("'RECENT_PURCHASE'"), for_category, _is_for(rule, row["kind"]))
        .order_by(rule.c.category.asc().nulls_last(), rule.c.customer_kind.asc().nulls_last())
        .limit(number(1))
        .correlate_except(rule)
        .scalar_subquery()
    )
    return type_coerce(window, Interval)
