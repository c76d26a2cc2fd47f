"""Made-up support plans: paid and free ones, what was used of them, and some that came with an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from api.domain.calendar import Duration
from api.domain.population.agreed import SOMEBODY, Version, between, changed, end_of, price, recorded
from api.domain.population.identifiers import one_of
from api.domain.population.orders import Order
from api.domain.support_plan import NewSupportPlan, cancelled, ended_with_order

SHARE = 0.16
CANCELLED_SHARE = 0.08
_DEAR = 3_000
_NOTES = ("How to sharpen it", "The lid does not close", "Rust on the blade", "Descaling", "A spare handle", None)
_REASONS = ("UNUSED", "TOO_EXPENSIVE", "QUALITY")
_DAY = timedelta(days=1)
_UNENDED = {"cancel_at": None, "cancellation_reason": None}


@dataclass(frozen=True, slots=True)
class Care:
    """A plan that customers can be enrolled in.

    cents      of the euro for the whole term, None where it is free
    term       None for one without an end
    incidents  None for no limit
    """

    plan_name: str
    cents: int | None
    term: Duration | None
    incidents: int | None
    response: Duration | None


TOOL_CARE = Care("Tool care", 3900, Duration(12), 4, Duration(days=2))
GOLD_CARE = Care("Gold care", 14900, Duration(12), 12, Duration(minutes=240))
BREAKAGE_COVER = Care("Breakage cover", None, Duration(12), 1, None)
FIRST_STEPS = Care("First steps", None, Duration(days=90), 3, Duration(days=1))
HELP_DESK = Care("Help desk", None, None, None, Duration(days=3))
WITHOUT_ORDER = (TOOL_CARE, TOOL_CARE, GOLD_CARE, FIRST_STEPS, HELP_DESK)
WITH_ORDER = (TOOL_CARE, BREAKAGE_COVER)


@dataclass(frozen=True, slots=True)
class Used:
    """Incidents that were taken from what a plan allows."""

    incidents: int
    note: str | None
    used_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SupportPlan:
    """A support plan with its versions, the first one first; `line` is that of the order it came with, from 1."""

    versions: tuple[Version, ...]
    usages: tuple[Used, ...] = ()
    order: Order | None = None
    line: int | None = None


def enrolled(care: Care, currency: str, starts_at: datetime, recorded_at: datetime) -> Version:
    """Return the first version of a plan that begins at a moment."""
    plan = NewSupportPlan(
        customer=SOMEBODY,
        external_id=None,
        plan_name=care.plan_name,
        paid=care.cents is not None,
        price=None if care.cents is None else price(care.cents, currency, starts_at),
        starts_at=starts_at,
        ends_at=end_of(starts_at, care.term),
        included_incidents=care.incidents,
        response_target=care.response,
        order_line=None,
    )
    return Version(_UNENDED | plan.first_version(starts_at), recorded_at)


def drawn_support_plans(
    draw: Random, currency: str, since: datetime, orders: Sequence[Order], until: datetime
) -> tuple[SupportPlan, ...]:
    """Return the plan of a customer who came at a moment; most have none."""
    if draw.random() >= SHARE:
        return ()
    dear = [(order, line) for order in orders for line in _dear_lines(order)]
    order, line = one_of(draw, dear) if dear and draw.random() < 0.5 else (None, None)
    starts_at = order.placed_at if order else between(draw, since + _DAY, until)
    care = one_of(draw, WITH_ORDER if order else WITHOUT_ORDER)
    known_at = recorded(draw, starts_at, before=order.recorded_at if order else None, until=until)
    versions = _course(draw, enrolled(care, currency, starts_at, known_at), order, until)
    return (SupportPlan(versions, _usages(draw, versions[-1].values, known_at, until), order, line),)


def _dear_lines(order: Order) -> list[int]:
    """Return the lines of an order with something durable that is worth a plan."""
    return [
        line for line, item in enumerate(order.items, 1) if item.product.durable and (item.product.price or 0) >= _DEAR
    ]


def _course(draw: Random, first: Version, order: Order | None, until: datetime) -> tuple[Version, ...]:
    starts_at, ends_at = first.values["starts_at"], first.values["ends_at"] or until
    at = between(draw, starts_at, min(ends_at, until))
    if order and order.refund and order.paid_back:
        ended = ended_with_order(first.values, order.refund.refunded_at)
        return (first, changed(first, ended, order.refund.recorded_at)) if ended else (first,)
    if draw.random() >= CANCELLED_SHARE or not starts_at < at < ends_at:
        return (first,)
    ended = cancelled(first.values, None, one_of(draw, _REASONS), at)
    return first, changed(first, ended, recorded(draw, at, before=first.recorded_at, until=until))


def _usages(draw: Random, plan: Mapping[str, Any], known_at: datetime, until: datetime) -> tuple[Used, ...]:
    """Return what was used while the plan was in force, no more than it allows."""
    last, left = min(plan["ends_at"] or until, until), plan["included_incidents"]
    moments = sorted(between(draw, plan["starts_at"], last) for _ in range(int(draw.random() * 4)))
    used: list[Used] = []
    for used_at in moments:
        incidents = 2 if draw.random() < 0.2 else 1
        if used_at < last and (left is None or sum(each.incidents for each in used) + incidents <= left):
            known = recorded(draw, used_at, before=known_at, until=until)
            used.append(Used(incidents, one_of(draw, _NOTES), used_at, known))
    return tuple(used)
