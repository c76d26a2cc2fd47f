"""Carrying out what is only supposed, by the same functions as what really happens, in a transaction that is undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select

from api.database import prepare
from api.domain.contract import Renewal as FurtherTerm
from api.domain.customer_name import CUSTOMER_PREFIX, CustomerName, ExternalKey
from api.domain.identity import new_id, public_id
from api.domain.purchase import NewPurchase
from api.domain.subscription import Cancellation, Renewal
from api.domain.what_if import Bought, Cancelled, Event, Paid, Refunded, Renewed, Waited
from api.errors import BadUserInput, Rejection, UserErrorCode
from api.tables.contracts import contracts
from api.tables.orders import orders, refunds
from api.tables.subscriptions import subscriptions
from api.writes.change import Change, Refused
from api.writes.contracts import renew_contract
from api.writes.lookups import products_known
from api.writes.purchases import record_purchases
from api.writes.refunds import refund_the_rest
from api.writes.subscriptions import Which, change_subscription

_WHOSE, _WHICH = bindparam("whose", type_=Uuid), bindparam("which", type_=Uuid)


def _latest(moment: Any, key: Any) -> Any:
    return select(func.max(moment)).where(moment.table.c.customer_id == _WHOSE, key == _WHICH).scalar_subquery()


_CHANGED_AT = prepare(
    select(
        func.greatest(
            _latest(orders.c.placed_at, orders.c.order_id),
            _latest(refunds.c.refunded_at, refunds.c.order_id),
            _latest(subscriptions.c.changed_at, subscriptions.c.subscription_id),
            _latest(contracts.c.changed_at, contracts.c.contract_id),
        ).label("at")
    )
)


async def suppose(change: Change, events: Sequence[Event], *, looking_back: bool, patience: float) -> datetime:
    """Let events happen one after the other, from the moment of the change on; return the moment that is reached.

    Raises BadUserInput, which names the first that cannot happen and says why.

    change        by a principal who sees no other customer than the one it is supposed of
    looking_back  whether the change's moment is not now: then later facts are there, and must stay out of it
    patience      seconds for which it waits for a lock, and for a statement; shorter than a second, after which
                  PostgreSQL looks for changes that wait for one another, so that what gives up is never a real one
    """
    milliseconds = int(patience * 1000)
    await change.connection.execute(
        f"SET LOCAL lock_timeout = {milliseconds}; SET LOCAL statement_timeout = {milliseconds * 2};"
    )
    for place, event in enumerate(events):
        with _naming(place, event):
            if looking_back:
                await _check_nothing_later(change, event)
            change = await _after(change, event)
    # Reading is not what a change's settings are made for.
    await change.connection.execute("RESET plan_cache_mode; RESET enable_seqscan;")
    return change.now


async def _after(change: Change, event: Event) -> Change:
    """Let an event happen and return the change at the moment that follows."""
    match event:
        case Waited():
            return replace(change, now=event.after(change.now, change.business.time_zone))
        case Bought():
            await _buy(change, event)
        case Refunded(order_id):
            await refund_the_rest(change, order_id)
        case Cancelled(key):
            await change_subscription(change, Which(key, None), Cancellation("OTHER"))
        case Paid(key):
            await change_subscription(change, Which(key, None), Renewal())
        case Renewed(key):
            await renew_contract(change, key, FurtherTerm(None, None), None)
    return change


async def _buy(change: Change, event: Bought) -> None:
    purchase = _purchase(change, event).checked(change.now, ())
    known = await products_known(change, [line.sku for line in purchase.lines])
    for index, line in enumerate(purchase.lines):
        if line.sku not in known:
            message = "There is no such product; only what is known can be supposed to be bought."
            raise Rejection(UserErrorCode.NOT_FOUND, message, ("lines", str(index), "sku"))
    await record_purchases(change, [purchase], [()], all_or_none=True)


def _purchase(change: Change, event: Bought) -> NewPurchase:
    buyer = change.principal.customer_id
    assert buyer is not None
    return NewPurchase(
        customer=CustomerName(id=public_id(CUSTOMER_PREFIX, buyer)),
        # Without one it would draw the next order's number, which is not given back when all is undone.
        external_id=ExternalKey("what if", f"what-if-{new_id().hex[-12:]}"),
        placed_at=event.placed_at or change.now,
        lines=event.lines,
        discount=event.discount,
    )


async def _check_nothing_later(change: Change, event: Event) -> None:
    """Raise Rejection where what an event is about began or changed after the moment of the change."""
    key = _key(event)
    rows = await change.rows(_CHANGED_AT, whose=change.principal.customer_id, which=key) if key else []
    if rows and rows[0]["at"] is not None and rows[0]["at"] > change.now:
        message = f"It is not what it was at {change.now.isoformat()}; leave asOf out to suppose this from now on."
        raise Rejection(UserErrorCode.INVALID_STATE, message)


def _key(event: Event) -> UUID | None:
    match event:
        case Refunded(key) | Cancelled(key) | Paid(key) | Renewed(key):
            return key
    return None


@contextmanager
def _naming(place: int, event: Event) -> Iterator[None]:
    """Raise BadUserInput with the place of an event in place of what refuses it."""
    try:
        yield
    except Refused as refused:
        raise _refusal(place, event, refused.outcomes[0].errors[0]) from None
    except Rejection as rejection:
        raise _refusal(place, event, rejection) from None


def _refusal(place: int, event: Event, rejection: Rejection) -> BadUserInput:
    # What other changes call their inputs says nothing to who asks.
    way = rejection.field if isinstance(event, Bought) and rejection.field else ()
    steps = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in (str(place), event.named, *way))
    return BadUserInput(f"`events{steps}`: {rejection.message}")
