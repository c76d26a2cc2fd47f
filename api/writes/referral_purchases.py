"""Purchases of friends: the code they join by, and the referral that moves on because they bought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from api.domain.purchase import NewPurchase
from api.errors import Rejection, UserErrorCode
from api.writes.change import Change, Outcome, Overtaken
from api.writes.lookups import KnownCustomer
from api.writes.orders import Priced
from api.writes.referral_codes import code_found
from api.writes.referral_joining import (
    Joining,
    already_referred,
    check_friend,
    check_invitation,
    join,
    join_in_turn,
)
from api.writes.referral_steps import after_purchases

Field = tuple[str, ...]


async def codes_of(
    change: Change,
    purchases: Mapping[int, NewPurchase],
    buyers: Sequence[KnownCustomer | None],
    fields: Sequence[Field],
    outcomes: list[Outcome | None],
) -> dict[int, Any]:
    """Return the codes by which buyers join, by the place of the purchase; a code that is no good is an outcome."""
    found: dict[int, Any] = {}
    for (place, purchase), buyer in zip(purchases.items(), buyers, strict=True):
        if purchase.referral_code is None or buyer is None:
            continue
        field = (*fields[place], "referralCode")
        try:
            known = await code_found(change, purchase.referral_code, field)
            if await _can_join(change, known, buyer.customer_id, purchase.placed_at, field):
                _check_first(purchase, purchases, buyers, buyer, field)
                found[place] = known
        except Rejection as rejection:
            outcomes[place] = Outcome({}, errors=(rejection,))
    return found


async def _can_join(
    change: Change, found: Any, friend: UUID, at: datetime, field: Field, besides: Sequence[UUID] = ()
) -> bool:
    """Return whether a friend has yet to join by a code; raise Rejection where they may not."""
    joined_by = await check_friend(change, referrer=found["customer_id"], friend=friend, field=field, besides=besides)
    if joined_by not in (None, found["code"]):
        raise already_referred(field)
    if joined_by is None:
        await check_invitation(change, Joining(found, friend, at), field)
    return joined_by is None


def _check_first(
    purchase: NewPurchase,
    purchases: Mapping[int, NewPurchase],
    buyers: Sequence[KnownCustomer | None],
    buyer: KnownCustomer,
    field: Field,
) -> None:
    """Raise Rejection where the buyer has bought before by what is recorded together with a purchase."""
    for other, known in zip(purchases.values(), buyers, strict=True):
        if known and known.customer_id == buyer.customer_id and other.placed_at < purchase.placed_at:
            message = "Only new customers can be referred: this one bought something earlier."
            raise Rejection(UserErrorCode.ALREADY_CUSTOMER, message, field)


async def move_referrals(change: Change, added: Sequence[Priced], codes: Mapping[int, Any]) -> dict[int, UUID]:
    """Let buyers join by their codes and their referrals move on; return the referrals that moved, by place.

    Costs nothing unless a buyer has a referral that is open, or a code.
    """
    joined = await _joined(change, [each for each in added if each.place in codes], added, codes)
    moved = {place: referral for place, (_, referral) in joined.items()}
    new = dict(joined.values())
    waiting = {each.buyer.customer_id: each.buyer.referral for each in added if each.buyer.referral and in_time(each)}
    waiting |= new
    for friend, referral in sorted(waiting.items()):
        mine = sorted((each for each in added if each.buyer.customer_id == friend), key=_moment)
        bought = [(each.order_id, each.purchase.placed_at, _net(each)) for each in mine]
        by = await after_purchases(change, referral, bought, joined_now=friend in new)
        moved |= {each.place: referral for each in mine if each.order_id == by}
    return moved


async def _joined(
    change: Change, joining: Sequence[Priced], added: Sequence[Priced], codes: Mapping[int, Any]
) -> dict[int, tuple[UUID, UUID]]:
    """Return by place who joined, and the referral."""
    found: dict[int, tuple[UUID, UUID]] = {}
    if joining:
        await join_in_turn(change, None)
    for each in sorted(joining, key=_moment):
        friend, code, field = each.buyer.customer_id, codes[each.place], ("input",)
        since = [other.order_id for other in added if other.buyer == each.buyer and _moment(other) >= _moment(each)]
        try:
            if await _can_join(change, code, friend, each.purchase.placed_at, field, since):
                joins = Joining(code, friend, each.purchase.placed_at)
                invitation = await check_invitation(change, joins, field)
                found[each.place] = friend, await join(change, joins, invitation, field)
        except Rejection:
            # It was fine before the purchase was written: done again, the change finds what has come between.
            raise Overtaken from None
    return found


def in_time(each: Priced) -> bool:
    """Return whether a purchase was made in time to move its buyer's referral."""
    return each.buyer.moves_until is not None and _moment(each) < each.buyer.moves_until


def _moment(each: Priced) -> datetime:
    return each.purchase.placed_at


def _net(each: Priced) -> Decimal:
    return each.business_gross - each.business_discount
