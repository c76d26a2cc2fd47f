"""Recording purchases: one or 250 cost the same handful of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from api.domain.identity import new_id
from api.domain.money import LARGEST_AMOUNT
from api.domain.purchase import NewLine, NewPurchase
from api.errors import Rejection, UserErrorCode
from api.writes.change import Apart, Change, Kept, Outcome, Overtaken, Refused
from api.writes.lookups import KnownCustomer, KnownProduct, customers_and_products, products_known, rates_on
from api.writes.loyalty_earning import earn
from api.writes.loyalty_ledger import locked
from api.writes.orders import Priced, add_lines, add_orders, add_orders_with_lines, add_products
from api.writes.referral_purchases import codes_of, in_time, move_referrals
from api.writes.standing import AddedOrder, stand_anew_by_orders, take_turns
from api.writes.worth import day_of, worth

MOST_PURCHASES = 250

Field = tuple[str, ...]
FIELD: Field = ("input", "purchase")
"""Where a purchase stands in the input of a call for one."""
Outcomes = list[Outcome | None]


async def record_purchases(
    change: Change,
    purchases: Sequence[NewPurchase],
    fields: Sequence[Field],
    *,
    all_or_none: bool = False,
    as_if_alone: bool = False,
) -> Sequence[Outcome]:
    """Record purchases and return one outcome each, in order; raise Refused where `all_or_none` and one is wrong.

    fields       where each purchase stands in the input
    as_if_alone  raises Apart where one purchase might change what becomes of another
    """
    outcomes: Outcomes = [None] * len(purchases)
    good = _checked(change, purchases, fields, outcomes)
    buyers, known = await _named(change, good)
    if as_if_alone:
        _check_apart(list(good.values()), buyers, known)
    codes = await codes_of(change, good, buyers, fields, outcomes)
    # A product may be named in one row and used in another, also where the row that names it cannot be recorded.
    named = {line.sku: line for purchase in reversed(good.values()) for line in reversed(purchase.lines) if line.name}
    priced = await _priced(change, good, buyers, fields, known.keys() | named.keys(), outcomes)
    hoped = {each.place: Outcome(_ids(each)) for each in priced}
    found: Sequence[Outcome] = [outcome or hoped[place] for place, outcome in enumerate(outcomes)]
    if priced and not (all_or_none and any(outcome.errors for outcome in found)):
        found = await _written(change, priced, fields, known, named, found, codes)
    if all_or_none and any(outcome.errors for outcome in found):
        raise Refused([Outcome({}, errors=outcome.errors) for outcome in found])
    return found


def _checked(
    change: Change, purchases: Sequence[NewPurchase], fields: Sequence[Field], outcomes: Outcomes
) -> dict[int, NewPurchase]:
    """Return the purchases that are fine in themselves, by their place."""
    good: dict[int, NewPurchase] = {}
    for place, purchase in enumerate(purchases):
        try:
            good[place] = purchase.checked(change.now, fields[place])
        except Rejection as rejection:
            outcomes[place] = Outcome({}, errors=(rejection,))
    return good


async def _named(
    change: Change, purchases: Mapping[int, NewPurchase]
) -> tuple[list[KnownCustomer | None], dict[str, KnownProduct]]:
    names = [purchase.customer for purchase in purchases.values()]
    return await customers_and_products(
        change, names, (line.sku for purchase in purchases.values() for line in purchase.lines)
    )


async def _priced(
    change: Change,
    purchases: Mapping[int, NewPurchase],
    buyers: Sequence[KnownCustomer | None],
    fields: Sequence[Field],
    nameable: set[str],
    outcomes: Outcomes,
) -> list[Priced]:
    days = {place: day_of(change, purchase.placed_at) for place, purchase in purchases.items()}
    rates = await rates_on(change, [(purchases[place].currency, day) for place, day in days.items()])
    found = []
    for (place, purchase), buyer in zip(purchases.items(), buyers, strict=True):
        try:
            rate = rates[purchase.currency, days[place]]
            if outcomes[place]:
                continue
            each = _price(change, purchase, buyer, rate, fields[place], place)
            _check_products(purchase, nameable, fields[place])
            found.append(each)
        except Rejection as rejection:
            outcomes[place] = Outcome({}, errors=(rejection,))
    return found


def _check_apart(
    purchases: Sequence[NewPurchase], buyers: Sequence[KnownCustomer | None], known: Mapping[str, KnownProduct]
) -> None:
    """Raise Apart where two purchases are of one customer, one may move a referral, or one names a new product."""
    met = [buyer.customer_id for buyer in buyers if buyer]
    moving = any(
        buyer and buyer.moves_until and purchase.placed_at < buyer.moves_until
        for purchase, buyer in zip(purchases, buyers, strict=True)
    )
    if len(set(met)) < len(met) or moving or any(line.sku not in known for each in purchases for line in each.lines):
        raise Apart


def _check_products(purchase: NewPurchase, nameable: set[str], field: Field) -> None:
    for index, line in enumerate(purchase.lines):
        if line.sku not in nameable:
            message = "The product is not known yet, so its name is needed."
            raise Rejection(UserErrorCode.BLANK, message, (*field, "lines", str(index), "name"))


def _price(
    change: Change,
    purchase: NewPurchase,
    buyer: KnownCustomer | None,
    rate: Decimal | None,
    field: Field,
    place: int,
) -> Priced:
    if buyer is None:
        message = "There is no such customer; setCustomer creates one."
        raise Rejection(UserErrorCode.NOT_FOUND, message, (*field, "customer"))
    if rate is None:
        message = "There is no exchange rate for this currency on the day of the purchase; import one first."
        raise Rejection(UserErrorCode.MISSING_EXCHANGE_RATE, message, (*field, "lines", "0", "unitPrice"))
    gross, discount = (
        worth(change, amount, purchase.currency, rate) for amount in (purchase.gross, purchase.reduction)
    )
    if gross > LARGEST_AMOUNT:
        message = "The sum of the lines is too large in the currency of the business."
        raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*field, "lines"))
    return Priced(new_id(), buyer, purchase, gross, min(discount, gross), place)


async def _written(
    change: Change,
    priced: Sequence[Priced],
    fields: Sequence[Field],
    known: dict[str, KnownProduct],
    named: Mapping[str, NewLine],
    hoped: Sequence[Outcome],
    codes: Mapping[int, Any],
) -> Sequence[Outcome]:
    """Add what can be added and return what became of every purchase; `hoped` says what it is if all can be added.

    codes  by which buyers join, by place
    """
    lacking, referrers = _unknown(priced, known), _referrers(priced, codes)
    in_turn = sorted({*_buyers(priced), *referrers})
    if lacking:
        await take_turns(change, in_turn)
        added = await _added_with_products(change, priced, known, named)
    else:
        added = await add_orders_with_lines(change, priced, known, hoped, in_turn)
    joined = await stand_anew_by_orders(
        change, [AddedOrder(each.buyer.customer_id, each.order_id, each.purchase.placed_at) for each in added]
    )
    _check_nothing_missed(added, joined)
    if referrers:
        # Both sides may be given points: who locks one account and then another could meet who does it the other way.
        await locked(change.connection, in_turn)
    earned = await _earn(change, [each for each in added if each.buyer.account_id])
    moved = await move_referrals(change, added, codes)
    if not lacking and len(added) == len(priced) and not moved and not earned:
        return Kept(hoped)
    lost = {each.place for each in priced} - {each.place for each in added}
    more = {place: {"referral": referral} for place, referral in moved.items()}
    return [
        Outcome({}, errors=(_taken(fields[place]),))
        if place in lost
        else replace(outcome, ids={**outcome.ids, **earned.get(place, {}), **more.get(place, {})})
        for place, outcome in enumerate(hoped)
    ]


def _check_nothing_missed(added: Sequence[Priced], joined: Sequence[Any]) -> None:
    """Raise Overtaken where a buyer has enrolled, or joined by a friend, since they were looked up.

    Those are joined under the buyer's turn as well, so none follows what was read after this change had its own.
    """
    seen = {each.buyer.customer_id: (each.buyer.account_id, each.buyer.referral) for each in added}
    for row in joined:
        account_id, referral = seen[row["customer_id"]]
        if row["account_id"] not in (None, account_id) or row["referral_id"] not in (None, referral):
            raise Overtaken


async def _earn(change: Change, added: Sequence[Priced]) -> dict[int, dict[str, UUID]]:
    """Let purchases earn points and return the entries that made, by place."""
    if not added:
        return {}
    order_ids = [each.order_id for each in added]
    entries = await earn(change.connection, change.business.time_zone, _buyers(added), order_ids)
    return {each.place: entries[each.order_id] for each in added if each.order_id in entries}


def _ids(each: Priced) -> dict[str, UUID]:
    account = {"account": each.buyer.account_id} if each.buyer.account_id else {}
    return {"order": each.order_id, "customer": each.buyer.customer_id, **account}


def _referrers(priced: Sequence[Priced], codes: Mapping[int, Any]) -> set[UUID]:
    """Return who may be rewarded because of purchases, or lose a reward."""
    waiting = {each.buyer.referrer for each in priced if each.buyer.referrer and in_time(each)}
    return waiting | {codes[each.place]["customer_id"] for each in priced if each.place in codes}


def _buyers(added: Sequence[Priced]) -> list[UUID]:
    return [each.buyer.customer_id for each in added]


async def _added_with_products(
    change: Change, priced: Sequence[Priced], known: dict[str, KnownProduct], named: Mapping[str, NewLine]
) -> Sequence[Priced]:
    """Add orders and what they need, and return those that are new; no product is added for the others alone."""
    added = await add_orders(change, priced)
    new = _unknown(added, known)
    if new:
        await add_products(change, [named[sku] for sku in new])
        known |= await products_known(change, new)
    if added:
        await add_lines(change, added, known)
    return added


def _unknown(purchases: Sequence[Priced], known: Mapping[str, KnownProduct]) -> set[str]:
    return {line.sku for each in purchases for line in each.purchase.lines} - known.keys()


def _taken(field: Field) -> Rejection:
    message = "An order with this external identifier is recorded already."
    return Rejection(UserErrorCode.TAKEN, message, (*field, "externalId"))
