"""The rows of what made-up customers have agreed: versions that close each other, payments, and what was used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from api.domain.population import (
    Agreements,
    Subscription,
    SubscriptionVersion,
    SupportPlan,
    Version,
    derived_id,
    worth,
)
from api.tables.contracts import contracts
from api.tables.subscriptions import subscription_payments, subscriptions
from api.tables.support_plans import support_plans, support_usages
from api.writes.subscriptions import columns_of

Row = tuple[Any, ...]
Rows = dict[Table, list[Row]]
"""Rows by table, in an order that foreign keys allow."""

Owner = tuple[UUID, str, str]
"""A customer's key, the name that identifiers follow from, and the external identifier."""

AGREED_COLUMNS: Mapping[Table, tuple[str, ...]] = {
    table: tuple(column.name for column in table.c if not column.computed)
    for table in (subscriptions, subscription_payments, support_plans, support_usages, contracts)
}


def add_agreements(rows: Rows, owner: Owner, agreed: Agreements) -> None:
    """Add the rows of what one customer has agreed."""
    for number, subscription in enumerate(agreed.subscriptions, start=1):
        _add_subscription(rows, owner, f"{owner[1]}/subscription/{number}", subscription)
    for number, plan in enumerate(agreed.support_plans, start=1):
        _add_support_plan(rows, owner, f"{owner[1]}/support plan/{number}", plan)
    for number, contract in enumerate(agreed.contracts, start=1):
        key = derived_id(contract.versions[0].recorded_at, f"{owner[1]}/contract/{number}")
        named = {"customer_id": owner[0], "contract_id": key, "number": f"V-{owner[2]}-{number}"}
        _add_versions(rows, contracts, named, contract.versions)


def minor_units(amount: int) -> Decimal:
    """Return an amount from its minor units; all currencies of the made-up shop have two digits."""
    return Decimal(amount).scaleb(-2)


def _add_subscription(rows: Rows, owner: Owner, name: str, subscription: Subscription) -> None:
    key = derived_id(subscription.versions[0].recorded_at, name)
    belongs = {"customer_id": owner[0], "subscription_id": key}
    versions = [Version(_values(version), version.recorded_at) for version in subscription.versions]
    _add_versions(rows, subscriptions, belongs | {"kind": subscription.kind}, versions)
    for paid in subscription.payments:
        values = {
            "payment_id": derived_id(paid.recorded_at, f"{name}/{paid.period_start.isoformat()}"),
            "period_start": paid.period_start,
            "period_end": paid.period_end,
            "amount": paid.amount.amount,
            "currency": paid.amount.currency_code,
            "business_amount": worth(paid.amount, paid.paid_at),
            "paid_at": paid.paid_at,
            "recorded_at": paid.recorded_at,
        }
        _add(rows, subscription_payments, belongs | values)


def _values(version: SubscriptionVersion) -> dict[str, Any]:
    timeline = version.timeline
    return columns_of(timeline) | {
        "change": version.change,
        "plan_name": version.plan_name,
        "price": version.price.amount,
        "currency": version.price.currency_code,
        "grace": str(timeline.grace),
        "started_at": timeline.started_at,
        "trial_ends_at": timeline.trial_ends_at,
        "cancellation_reason": version.cancellation_reason,
        "comment": version.comment,
    }


def _add_support_plan(rows: Rows, owner: Owner, name: str, plan: SupportPlan) -> None:
    key = derived_id(plan.versions[0].recorded_at, name)
    belongs: dict[str, Any] = {"customer_id": owner[0], "support_plan_id": key}
    bought = {}
    if plan.order and plan.line:
        bought = {"order_id": plan.order.key(owner[1]), "line_id": plan.order.line_key(owner[1], plan.line)}
    _add_versions(rows, support_plans, belongs | bought, plan.versions)
    for number, used in enumerate(plan.usages, start=1):
        values = {
            "usage_id": derived_id(used.recorded_at, f"{name}/{number}"),
            "incidents": used.incidents,
            "note": used.note,
            "used_at": used.used_at,
            "recorded_at": used.recorded_at,
        }
        _add(rows, support_usages, belongs | values)


def _add_versions(rows: Rows, table: Table, named: Mapping[str, Any], versions: Sequence[Version]) -> None:
    """Add the versions of one thing, each closed by the next."""
    for number, (version, following) in enumerate(zip_longest(versions, versions[1:]), start=1):
        values = {"version": number, "recorded_at": version.recorded_at}
        if following:
            values |= {"replaced_at": following.values["changed_at"], "superseded_at": following.recorded_at}
        _add(rows, table, {**named, **version.values, **values})


def _add(rows: Rows, table: Table, values: Mapping[str, Any]) -> None:
    rows[table].append(tuple(values.get(name) for name in AGREED_COLUMNS[table]))
