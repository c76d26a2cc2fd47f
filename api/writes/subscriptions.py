"""Starting subscriptions, and carrying them from version to version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.calendar import Duration
from api.domain.identity import new_id
from api.domain.money import Amount
from api.domain.subscription import Amendment, Cancellation, NewSubscription, Renewal
from api.domain.subscription_timeline import INPUT, SUBSCRIPTION_ID, Step, Timeline
from api.errors import Rejection, UserErrorCode
from api.tables.subscriptions import subscription_payments, subscriptions
from api.writes.change import Change, Outcome, refusing
from api.writes.lookups import customers_named
from api.writes.standing import stand_anew
from api.writes.terms import Versions
from api.writes.worth import worth_at

_VERSIONS = Versions(subscriptions, "subscription_id")
_PAY = prepare(
    insert(subscription_payments).values(
        {column.name: bindparam(column.name) for column in subscription_payments.c if column.name != "recorded_at"}
    )
)
_NEW = (*INPUT, "subscription")


@dataclass(frozen=True, slots=True)
class Which:
    """The subscription to change; key is None where what names it is no identifier of one."""

    key: UUID | None
    expected_version: int | None


async def start_subscription(change: Change, new: NewSubscription) -> list[Outcome]:
    """Start a subscription, with its first payment where one is due; raise Refused where it cannot be."""
    with refusing():
        return [Outcome(await _start(change, new.checked(change.now, _NEW)))]


async def change_subscription(change: Change, which: Which, step: Step) -> list[Outcome]:
    """Take a subscription one step further; raise Refused where it cannot be.

    Its newest version is locked, so that steps at the same time take turns.
    """
    with refusing():
        return [Outcome(await _take(change, which, step.checked(change.now)))]


async def _start(change: Change, new: NewSubscription) -> dict[str, UUID]:
    timeline = new.timeline(change.now, change.business.time_zone, _NEW)
    (known,) = await customers_named(change, [new.customer])
    if known is None:
        message = "There is no such customer; setCustomer creates one."
        raise Rejection(UserErrorCode.NOT_FOUND, message, (*_NEW, "customer"))
    ids = {"subscription": new_id(), "customer": known.customer_id}
    values = first_version(new, timeline) | {
        "customer_id": ids["customer"],
        "subscription_id": ids["subscription"],
        "source": new.external_id and new.external_id.source,
        "external_id": new.external_id and new.external_id.value,
    }
    if not await _VERSIONS.begin(change, values):
        message = "A subscription with this external identifier is recorded already."
        raise Rejection(UserErrorCode.TAKEN, message, (*_NEW, "externalId"))
    paid_at = new.paid_at(change.now)
    if paid_at is not None:
        await _pay(change, ids, timeline, new.price, paid_at, (*_NEW, "price"))
    await stand_anew(change, [ids["customer"]])
    return ids


def first_version(new: NewSubscription, timeline: Timeline) -> dict[str, Any]:
    """Return what is kept of a subscription, whoever's it is."""
    return columns_of(timeline) | {
        "kind": new.kind,
        "plan_name": new.plan_name,
        "price": new.price.amount,
        "currency": new.price.currency_code,
        "grace": str(new.grace),
        "started_at": timeline.started_at,
        "trial_ends_at": timeline.trial_ends_at,
        "change": "STARTED",
    }


async def _take(change: Change, which: Which, step: Step) -> dict[str, UUID]:
    newest = await _VERSIONS.open(change, which.key, SUBSCRIPTION_ID, "subscription", which.expected_version)
    ids = {"subscription": newest["subscription_id"], "customer": newest["customer_id"]}
    before = _timeline(newest, change)
    timeline = step.after(before, change.now)
    values = columns_of(timeline) | {"change": step.made} | _more(step, newest["currency"])
    if isinstance(step, Amendment) and not _differs(values, before, newest):
        return ids
    await _VERSIONS.follow(change, newest, values)
    if isinstance(step, Renewal):
        amount = step.amount or Amount(newest["price"], newest["currency"])
        _check_currency(amount, newest["currency"], "amount")
        await _pay(change, ids, timeline, amount, step.paid_at or timeline.changed_at, (*INPUT, "amount"))
    await stand_anew(change, [ids["customer"]])
    return ids


def _more(step: Step, currency: str) -> dict[str, Any]:
    """Return what a step sets besides the timeline."""
    match step:
        case Cancellation():
            return {"cancellation_reason": step.reason, "comment": step.comment}
        case Amendment():
            if step.price:
                _check_currency(step.price, currency, "price")
            found = {"plan_name": step.plan_name, "price": step.price and step.price.amount}
            return {name: value for name, value in found.items() if value is not None}
    return {}


def _differs(values: Mapping[str, Any], before: Timeline, newest: Any) -> bool:
    """Return whether other terms are really others: who sends what holds already has changed nothing."""
    named = any(values[name] != newest[name] for name in ("plan_name", "price") if name in values)
    return named or values["billing_interval"] != str(before.interval)


def _check_currency(amount: Amount, currency: str, name: str) -> None:
    if amount.currency_code != currency:
        message = f"A subscription stays in its currency, {currency}; start another one for a price in a new currency."
        raise Rejection(UserErrorCode.CURRENCY_MISMATCH, message, (*INPUT, name, "currencyCode"))


async def _pay(
    change: Change,
    ids: Mapping[str, UUID],
    timeline: Timeline,
    amount: Amount,
    paid_at: datetime,
    field: tuple[str, ...],
) -> None:
    await change.rows(
        _PAY,
        customer_id=ids["customer"],
        payment_id=new_id(),
        subscription_id=ids["subscription"],
        period_start=timeline.period_start,
        period_end=timeline.period_end,
        amount=amount.amount,
        currency=amount.currency_code,
        business_amount=await worth_at(change, amount, paid_at, field),
        paid_at=paid_at,
    )


def _timeline(version: Any, change: Change) -> Timeline:
    return Timeline(
        started_at=version["started_at"],
        trial_ends_at=version["trial_ends_at"],
        interval=Duration(*version["billing_interval"]),
        grace=Duration(*version["grace"]),
        anchored_at=version["anchored_at"],
        period_start=version["period_start"],
        period_end=version["period_end"],
        changed_at=version["changed_at"],
        zone=change.business.time_zone,
        pauses=tuple((pause.lower, pause.upper) for pause in version["pauses"]),
        cancel_at=version["cancel_at"],
    )


def columns_of(timeline: Timeline) -> dict[str, Any]:
    """Return what of a timeline changes from version to version."""
    return {
        "billing_interval": str(timeline.interval),
        "anchored_at": timeline.anchored_at,
        "period_start": timeline.period_start,
        "period_end": timeline.period_end,
        "pauses": [asyncpg.Range(start, end) for start, end in timeline.pauses],
        "cancel_at": timeline.cancel_at,
        "ends_at": timeline.ends_at,
        "changed_at": timeline.changed_at,
    }
