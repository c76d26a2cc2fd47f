"""Enrolling customers in support plans, using what a plan allows, and ending plans early."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.identity import new_id, parse_id
from api.domain.support_plan import (
    NewSupportPlan,
    NewSupportUse,
    cancelled,
    check_in_force,
    check_left,
    ended_with_order,
)
from api.errors import Rejection, UserErrorCode
from api.tables.orders import order_lines, orders, refunds
from api.tables.support_plans import support_plans, support_usages
from api.writes.change import Change, Outcome, refusing
from api.writes.lookups import customer_of
from api.writes.standing import stand_anew
from api.writes.terms import Versions, taken

_PLANS = Versions(support_plans, "support_plan_id")
_WHAT = "support plan"
_ENROLLMENT, _ID = ("input", "enrollment"), ("input", "enrollmentId")
# A refund of the order waits, or is waited for: it ends the plan, or the plan is refused.
_LOCK_ORDER = prepare(
    select(orders.c.order_id, (orders.c.gross - orders.c.discount).label("total"))
    .where(
        orders.c.customer_id == bindparam("whose"),
        exists().where(
            order_lines.c.line_id == bindparam("line"),
            order_lines.c.customer_id == orders.c.customer_id,
            order_lines.c.order_id == orders.c.order_id,
        ),
    )
    .with_for_update(read=True)
)
_PAID_BACK = prepare(
    select(func.coalesce(func.sum(refunds.c.amount), literal_column("0")).label("amount")).where(
        refunds.c.customer_id == bindparam("whose"), refunds.c.order_id == bindparam("which")
    )
)
_USED = prepare(
    select(func.coalesce(func.sum(support_usages.c.incidents), literal_column("0")).label("used")).where(
        support_usages.c.customer_id == bindparam("whose"), support_usages.c.support_plan_id == bindparam("which")
    )
)
_USE_COLUMNS = ("customer_id", "usage_id", "support_plan_id", "incidents", "note", "used_at")
_ADD_USE = prepare(insert(support_usages).values({name: bindparam(name) for name in _USE_COLUMNS}))
_OF_ORDER = prepare(
    select(support_plans.c.support_plan_id)
    .where(
        support_plans.c.customer_id == bindparam("whose"),
        support_plans.c.order_id == bindparam("which"),
        support_plans.c.superseded_at.is_(None),
    )
    .order_by(support_plans.c.support_plan_id)
)


async def enroll_support_plan(change: Change, plan: NewSupportPlan) -> list[Outcome]:
    """Enroll a customer in a support plan and return its identifiers; raise Refused where that cannot be."""
    with refusing():
        plan = plan.checked(change.now, _ENROLLMENT)
        customer = await customer_of(change, plan.customer, (*_ENROLLMENT, "customer"))
        key = new_id()
        line = await _line(change, customer, plan.order_line)
        named = {"customer_id": customer, "support_plan_id": key, **line}
        if not await _PLANS.begin(change, named | plan.first_version(change.now)):
            raise taken("support plan", (*_ENROLLMENT, "externalId"))
        return await _done(change, customer, key)


async def use_support_allowance(change: Change, plan_id: UUID | None, use: NewSupportUse) -> list[Outcome]:
    """Take incidents from what a plan allows; raise Refused where it does not hold, or less is left.

    The plan's newest version is locked, so that uses at the same time take turns.
    """
    with refusing():
        use = use.checked(change.now, ("input",))
        plan = await _PLANS.open(change, plan_id, _ID, _WHAT)
        ids = {"support_plan": plan["support_plan_id"], "customer": plan["customer_id"], "usage": new_id()}
        check_in_force(plan, use.used_at or change.now, _ID)
        # Read by a statement of its own: one that waited for the lock does not see what was added meanwhile.
        used = (await change.rows(_USED, whose=ids["customer"], which=ids["support_plan"]))[0]["used"]
        check_left(plan, used, use.incidents, ("input", "incidents"))
        await change.rows(
            _ADD_USE,
            customer_id=ids["customer"],
            usage_id=ids["usage"],
            support_plan_id=ids["support_plan"],
            incidents=use.incidents,
            note=use.note,
            used_at=use.used_at,
        )
        return [Outcome(ids)]


async def cancel_support_plan(
    change: Change, plan_id: UUID | None, cancel_at: datetime | None, reason: str, expected_version: int | None
) -> list[Outcome]:
    """End a support plan early; raise Refused where that cannot be."""
    with refusing():
        newest = await _PLANS.open(change, plan_id, _ID, _WHAT, expected_version)
        await _PLANS.follow(change, newest, cancelled(newest, cancel_at, reason, change.now))
        return await _done(change, newest["customer_id"], newest["support_plan_id"])


async def end_with_order(change: Change, customer: UUID, order: UUID, refunded_at: datetime) -> None:
    """End the plans that came with an order, which is locked and was paid back in full at a moment."""
    for row in await change.rows(_OF_ORDER, whose=customer, which=order):
        newest = await _PLANS.open(change, row["support_plan_id"], _ID, _WHAT)
        ended = ended_with_order(newest, refunded_at)
        if ended:
            await _PLANS.follow(change, newest, ended)


async def _line(change: Change, customer: UUID, identifier: str | None) -> Mapping[str, UUID]:
    """Return the order line that a plan comes with, and its order, locked; nothing where it comes with none."""
    if identifier is None:
        return {}
    field, named = (*_ENROLLMENT, "orderLineId"), parse_id(identifier)
    line = named[1] if named and named[0] == "lin" else None
    found: Any = await change.rows(_LOCK_ORDER, whose=customer, line=line) if line else []
    if not found:
        raise Rejection(UserErrorCode.NOT_FOUND, "The customer has no such order line.", field)
    order = found[0]
    paid_back = (await change.rows(_PAID_BACK, whose=customer, which=order["order_id"]))[0]["amount"]
    if 0 < order["total"] <= paid_back:
        message = "This order has been paid back in full, so nothing can come with it."
        raise Rejection(UserErrorCode.INVALID_STATE, message, field)
    return {"order_id": order["order_id"], "line_id": line}


async def _done(change: Change, customer: UUID, plan: UUID) -> list[Outcome]:
    await stand_anew(change, [customer])
    return [Outcome({"support_plan": plan, "customer": customer})]
