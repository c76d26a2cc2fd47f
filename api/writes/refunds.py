"""Recording money paid back on an order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.identity import new_id
from api.domain.money import Amount, in_minor_units
from api.domain.purchase import NewRefund
from api.errors import Rejection, UserErrorCode
from api.tables.orders import orders, refunds
from api.tables.referrals import referrals
from api.writes.change import Change, Outcome, refusing
from api.writes.loyalty_ledger import locked
from api.writes.loyalty_reversals import account_of, earning_of, take_back
from api.writes.referral_steps import after_refund_on
from api.writes.standing import stand_anew, take_turns
from api.writes.support_plans import end_with_order


def _of_referral(column: ColumnElement[UUID]) -> Any:
    """Return a column of the referral that counts because of an order."""
    return (
        select(column)
        .where(
            referrals.c.referred_id == orders.c.customer_id,
            referrals.c.order_id == orders.c.order_id,
            referrals.c.superseded_at.is_(None),
            referrals.c.status == literal_column("'QUALIFIED'"),
        )
        .scalar_subquery()
    )


_LOCK_ORDER = prepare(
    select(
        *(orders, _of_referral(referrals.c.referral_id).label("referral_id")),
        _of_referral(referrals.c.customer_id).label("referrer_id"),
        *(earning_of(orders.c.order_id).label("earning"), account_of(orders.c.customer_id).label("account_id")),
    )
    .where(orders.c.order_id == bindparam("which"))
    .with_for_update(key_share=True)
)
_ZERO: ColumnElement[Decimal] = literal_column("0")
_PAID_BACK = prepare(
    select(
        func.coalesce(func.sum(refunds.c.amount), _ZERO).label("amount"),
        func.coalesce(func.sum(refunds.c.business_amount), _ZERO).label("business_amount"),
        func.max(refunds.c.refunded_at).label("last_at"),
    ).where(refunds.c.customer_id == bindparam("whose"), refunds.c.order_id == bindparam("which"))
)
_COLUMNS = (
    "customer_id",
    "refund_id",
    "order_id",
    "source",
    "external_id",
    "amount",
    "currency",
    "business_amount",
    "reason",
    "refunded_at",
)
_ADD = prepare(
    insert(refunds)
    .values({name: bindparam(name) for name in _COLUMNS})
    .on_conflict_do_nothing(index_elements=["source", "external_id"])
    .returning(refunds.c.refund_id)
)


async def record_refund(change: Change, order_id: UUID | None, refund: NewRefund) -> list[Outcome]:
    """Record a refund and return its identifiers; raise Refused where it cannot be recorded.

    The order's row is locked, so that refunds at the same time take turns and never exceed its total together.
    """
    with refusing():
        return [Outcome(await _record(change, order_id, refund.checked(change.now, ("input", "refund"))))]


async def refund_the_rest(change: Change, order_id: UUID | None) -> list[Outcome]:
    """Record that all that is left of an order is paid back now; raise Refused where nothing is, or it cannot be."""
    with refusing():
        order = await _locked(change, order_id)
        rest, _, _ = await _rest(change, order)
        left = _shown(order, rest)
        if left <= 0:
            message = "Nothing is left of this order to be paid back."
            raise Rejection(UserErrorCode.INVALID_STATE, message, ("input", "orderId"))
    return await record_refund(change, order_id, NewRefund(None, Amount(left, order["currency"]), None, None))


async def _record(change: Change, order_id: UUID | None, refund: NewRefund) -> dict[str, UUID]:
    order = await _locked(change, order_id)
    rest, business_rest, last_at = await _rest(change, order)
    _check(order, refund, rest)
    # What is left is shown in minor units; who pays that back has paid all of it back.
    amount = rest if refund.amount.amount == _shown(order, rest) else refund.amount.amount
    refunded_at = refund.refunded_at or max(change.now, order["placed_at"])
    ids = {"refund": new_id(), "order": order["order_id"], "customer": order["customer_id"]}
    worth = _worth(change, order, amount, rest, business_rest)
    added = await change.rows(
        _ADD,
        customer_id=ids["customer"],
        refund_id=ids["refund"],
        order_id=ids["order"],
        source=refund.external_id and refund.external_id.source,
        external_id=refund.external_id and refund.external_id.value,
        amount=amount,
        currency=order["currency"],
        business_amount=worth,
        reason=refund.reason,
        refunded_at=refunded_at,
    )
    if not added:
        message = "A refund with this external identifier is recorded already."
        raise Rejection(UserErrorCode.TAKEN, message, ("input", "refund", "externalId"))
    if amount == rest:
        # Refunds may be entered in another order than they happened in: the last one to happen paid it all back.
        await end_with_order(change, ids["customer"], ids["order"], max(refunded_at, last_at or refunded_at))
    if order["referral_id"]:
        await _take_both_turns(change, [ids["customer"], order["referrer_id"]])
    await stand_anew(change, [ids["customer"]])
    if order["account_id"]:
        ids["account"] = order["account_id"]
    if order["account_id"] and order["earning"]:
        ids |= await take_back(change.connection, [ids["customer"]], [ids["refund"]])
    referral = order["referral_id"]
    if referral and await after_refund_on(change, referral, refunded_at, business_rest - worth):
        ids["referral"] = referral
    return ids


async def _take_both_turns(change: Change, both: Sequence[UUID]) -> None:
    """Lock what a refund may take back from who bought and who recommended, in the order in which all changes do."""
    await take_turns(change, both)
    await locked(change.connection, both)


async def _locked(change: Change, order_id: UUID | None) -> Any:
    found = await change.rows(_LOCK_ORDER, which=order_id) if order_id else []
    owner = change.principal.customer_id
    if not found or owner not in (None, found[0]["customer_id"]):
        raise Rejection(UserErrorCode.NOT_FOUND, "There is no such order.", ("input", "orderId"))
    return found[0]


async def _rest(change: Change, order: Any) -> tuple[Decimal, Decimal, datetime | None]:
    paid = (await change.rows(_PAID_BACK, whose=order["customer_id"], which=order["order_id"]))[0]
    business_total = order["business_gross"] - order["business_discount"]
    rest = order["gross"] - order["discount"] - paid["amount"]
    return rest, business_total - paid["business_amount"], paid["last_at"]


def _check(order: Any, refund: NewRefund, rest: Decimal) -> None:
    field = ("input", "refund")
    if refund.amount.currency_code != order["currency"]:
        message = "A refund is in the currency of its order."
        raise Rejection(UserErrorCode.CURRENCY_MISMATCH, message, (*field, "amount", "currencyCode"))
    if refund.refunded_at is not None and refund.refunded_at < order["placed_at"]:
        message = "Money cannot be paid back before the purchase."
        raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*field, "refundedAt"))
    if refund.amount.amount > max(rest, _shown(order, rest)):
        message = "This is more than what is left of the order; read its `net` for the rest."
        raise Rejection(UserErrorCode.EXCEEDS_REMAINING, message, (*field, "amount", "amount"))


def _shown(order: Any, rest: Decimal) -> Decimal:
    return in_minor_units(rest, order["currency"])


def _worth(change: Change, order: Any, amount: Decimal, rest: Decimal, business_rest: Decimal) -> Decimal:
    """Return the same share of what is left in the currency of the business; a full refund leaves exactly nothing."""
    if amount == rest:
        return business_rest
    if order["currency"] == change.business.currency:
        return amount
    with localcontext() as context:
        context.prec = 60
        return min(in_minor_units(business_rest * amount / rest, change.business.currency), business_rest)
