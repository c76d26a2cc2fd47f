"""The rules by which a policy judges a customer: those that are kept, or those that somebody tries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
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
)
from sqlalchemy.dialects.postgresql import JSONB

from api.reads.active_policies import zone_of
from api.reads.json import number
from api.reads.orders import refunds_of_customer
from api.reads.relation import Condition, Expression, Row, Table
from api.reads.rowset import worked_out_once
from api.tables.active_policies import active_rules
from api.tables.business import business
from api.tables.standing import REASONS

RECENT_PURCHASE, LOYAL, PAID_SUPPORT_PLAN, PRODUCT_SUBSCRIPTION, SERVICE_SUBSCRIPTION, CONTRACT = REASONS


@dataclass(frozen=True, slots=True)
class Policy:
    """What judges: its key, the zone in which it counts months and days, and its rules with what makes them its own."""

    key: Expression
    zone: Expression
    rules: Callable[[], tuple[Table, list[Condition]]]


def kept_policy(key: Expression) -> Policy:
    """Return the policy that is kept under a key."""

    def rules() -> tuple[Table, list[Condition]]:
        rule = active_rules.alias()
        return rule, [rule.c.policy_id == key]

    return Policy(key, zone_of(key), rules)


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

    return Policy(cast(null(), Uuid), func.coalesce(zone, home, literal_column("'UTC'"), type_=Text), made)


def rules_for(row: Row, policy: Policy) -> Table:
    """Return the rules for a customer's kind in one row; one for the kind comes before one for all kinds.

    returns  `policy_id`, `zone`, `recent_window`, `by_category`, `loyal_window`, `loyal_count`; under the name of each
             reason with `_on` behind it whether the policy uses its rule; `refunded`, whether the customer ever got
             money back; `longest`, the longest of all windows
    """
    rule, its = policy.rules()
    for_kind = _for_kind(rule, row)

    def of(reason: str, value: Any) -> Expression:
        # There is one for all kinds at most, and one for this kind, which holds even where it says that nothing does.
        this = and_(rule.c.code == literal_column(f"'{reason.upper()}'"), rule.c.category.is_(None))
        special, general = rule.c.customer_kind.is_not(None), rule.c.customer_kind.is_(None)
        found = [func.max(value).filter(this, rule.c.enabled, kind) for kind in (special, general)]
        return case((func.bool_or(this & special), found[0]), else_=found[1])

    def is_on(reason: str) -> Expression:
        return of(reason, number(1)).is_not(None)

    by_category = and_(rule.c.category.is_not(None), rule.c.enabled, not_(_is_overruled(rule, row, policy)))
    on: dict[str, Expression] = {reason: is_on(reason) for reason in REASONS}
    on[RECENT_PURCHASE] = or_(on[RECENT_PURCHASE], func.bool_or(by_category))
    columns: list[Any] = [_or_not(each).label(f"{reason}_on") for reason, each in on.items()]
    columns += [
        of(RECENT_PURCHASE, rule.c.window).label("recent_window"),
        _or_not(func.bool_or(rule.c.category.is_not(None))).label("by_category"),
        of(LOYAL, rule.c.window).label("loyal_window"),
        of(LOYAL, rule.c.minimum_count).label("loyal_count"),
        func.coalesce(func.max(rule.c.window), literal_column("interval '0'"), type_=Interval).label("longest"),
        # Most customers never got money back, and need no look at what was paid back on each of their orders.
        row.has(refunds_of_customer).label("refunded"),
        policy.key.label("policy_id"),
        policy.zone.label("zone"),
    ]
    return worked_out_once(select(*columns).where(*its, for_kind), rule)


def _for_kind(rule: Table, row: Row) -> Condition:
    return or_(rule.c.customer_kind.is_(None), rule.c.customer_kind == row["kind"])


def _is_overruled(rule: Table, row: Row, policy: Policy) -> Condition:
    """Return whether a rule for a category and all kinds of customers gives way to one for the customer's kind."""
    special, its = policy.rules()
    same = [special.c[name] == rule.c[name] for name in ("code", "category")]
    found = select(number(1)).where(*its, *same, special.c.customer_kind == row["kind"]).correlate_except(special)
    return and_(rule.c.customer_kind.is_(None), found.exists())


def _or_not(condition: Expression) -> Expression:
    return func.coalesce(condition, false(), type_=Boolean)


def window_of(row: Row, product: Row, policy: Policy) -> Expression:
    """Return for how long the purchase of a product counts: a rule for its category comes before one for all."""
    rule, its = policy.rules()
    for_category = or_(rule.c.category.is_(None), rule.c.category == product.c.category)
    window = (
        select(case((rule.c.enabled, rule.c.window)))
        .where(*its, rule.c.code == literal_column("'RECENT_PURCHASE'"), for_category, _for_kind(rule, row))
        .order_by(rule.c.category.asc().nulls_last(), rule.c.customer_kind.asc().nulls_last())
        .limit(number(1))
        .correlate_except(rule)
        .scalar_subquery()
    )
    return type_coerce(window, Interval)
