"""Who would count as active under another policy, and who would not any more; nothing is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from sqlalchemy import and_, func, not_, or_, true

from api.domain.active_policy import NewPolicy, NewRule
from api.errors import BadUserInput, Rejection
from api.reads.active_rules import RULE, tried_policy
from api.reads.counted_purchases import may_count
from api.reads.judging import reasons_by, with_all
from api.reads.relation import Condition, Expression, Row, Table


def active_now(row: Row) -> Expression:
    """Return how many customers count as active under the policy in force."""
    return func.count().filter(_is_active(row))


def active_then(row: Row) -> Expression:
    """Return how many would count as active under the policy that is tried."""
    return func.count().filter(_would_be_active(row))


def become_active(row: Row) -> Expression:
    """Return how many inactive customers would count as active."""
    return func.count().filter(_would_be_active(row), not_(_is_active(row)))


def become_inactive(row: Row) -> Expression:
    """Return how many active customers would not count as active any more."""
    return func.count().filter(_is_active(row), not_(_would_be_active(row)))


def would_change(row: Row) -> Condition:
    """Return whether a customer is one of either."""
    is_active, would_be = _is_active(row), _would_be_active(row)
    return or_(and_(is_active, not_(would_be)), and_(would_be, not_(is_active)))


def _is_active(row: Row) -> Condition:
    active: Condition = row["stands_active"]
    return active


def _would_be_active(row: Row) -> Condition:
    return _trial(row).c.span.is_not(None)


def _trial(row: Row) -> Table:
    """Return what the policy that is tried says, beside a customer."""

    def make() -> tuple[Table, Condition]:
        assert row.given is not None
        rules = row.given.parameter("text", "policy", convert=_rules)
        zone = row.given.parameter("text", "policy", convert=lambda given: _policy(given).time_zone)
        return with_all(row, reasons_by(row, tried_policy(zone, rules), may_count)), true()

    row.require("trial")
    return row.beside("trial", make)


def _rules(given: Mapping[str, Any]) -> str:
    """Return the rules of an input as text, as `tried_policy` takes them."""
    rules = [{name: getattr(rule, name) for name in RULE} for rule in _policy(given).rules]
    return json.dumps(rules, default=str)


def _policy(given: Mapping[str, Any]) -> NewPolicy:
    """Return the policy of an input, checked; raise BadUserInput where it cannot be."""
    try:
        return NewPolicy([_rule(rule) for rule in given["rules"]], given.get("timeZone")).checked(("policy",))
    except Rejection as rejection:
        raise BadUserInput(f"{rejection.message} (`{'.'.join(rejection.field or ())}`)") from None


def _rule(given: Mapping[str, Any]) -> NewRule:
    return NewRule(
        code=_plain(given["code"]),
        enabled=given.get("enabled") is not False,
        customer_kind=_plain(given.get("customerKind")),
        category=given.get("category"),
        window=given.get("window"),
        minimum_count=given.get("minimumCount"),
    )


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, Enum) else value
