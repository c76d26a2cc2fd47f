"""A made-up customer's orders: each comes to what the behaviour says it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from api.domain.population.baskets import Item, basket, line_count
from api.domain.population.behaviour import Purchase
from api.domain.population.exchange import HOME, from_home, rate_of_month, to_home
from api.domain.population.identifiers import derived_id, one_of
from api.domain.population.model import PopulationModel

_WHOLE = 100
_DISCOUNTS = (5, 10, 10, 15, 20)
_REASONS = ("Damaged in transit", "Not as expected", "Ordered twice", "Arrived late", "Wrong item")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is particular about an order.

    discount        percent off the gross amount
    refund          percent of the total given back
    recorded_after  how long after the purchase it was recorded
    """

    currency: str = HOME
    discount: int = 0
    refund: int = 0
    recorded_after: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back, in minor units of the order's currency and of the business's."""

    amount: int
    business_amount: int
    reason: str
    refunded_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """An order; amounts are in minor units, `spend` is its total in the currency of the business."""

    position: int
    placed_at: datetime
    recorded_at: datetime
    currency: str
    gross: int
    discount: int
    business_gross: int
    business_discount: int
    items: tuple[Item, ...]
    refund: Refund | None

    @property
    def spend(self) -> int:
        """What the order is worth: after discount, before refunds."""
        return self.business_gross - self.business_discount

    @property
    def paid_back(self) -> bool:
        """Whether all of it was given back."""
        return self.refund is not None and self.refund.amount == self.gross - self.discount

    def name_in(self, owner: str) -> str:
        """Return what the identifiers of the order and its lines follow from, for the customer of a name."""
        return f"{owner}/order/{self.position}"

    def key(self, owner: str) -> UUID:
        """Return the order's identifier."""
        return derived_id(self.placed_at, self.name_in(owner))

    def line_key(self, owner: str, line: int) -> UUID:
        """Return the identifier of a line, counted from 1."""
        return derived_id(self.placed_at, f"{self.name_in(owner)}/{line}")


def drawn_terms(draw: Random, home: str, model: PopulationModel) -> Terms:
    """Return the terms of one order of a customer whose own currency is `home`."""
    currency = home if draw.random() < model.home_share else HOME
    discounted, refunded, late = draw.random(), draw.random(), draw.random()
    return Terms(
        currency=currency,
        discount=one_of(draw, _DISCOUNTS) if discounted < model.discount_share else 0,
        refund=_percent_back(draw) if refunded < model.refund_share else 0,
        recorded_after=_some_weeks(draw)
        if late < model.late_share
        else timedelta(seconds=5 + int(draw.random() * 300)),
    )


def order(
    draw: Random, purchase: Purchase, terms: Terms, *, position: int, until: datetime, model: PopulationModel
) -> Order:
    """Return the order of a purchase, the customer's `position`th; nothing is recorded after `until`.

    In the currency of the business the order's total is the purchase's worth to the cent. In another currency it is
    the total nearest to it, within one minor unit of either currency.
    """
    rate = rate_of_month(terms.currency, purchase.placed_at.date())
    total = from_home(purchase.spend, rate)
    recorded_at = min(until, purchase.placed_at + terms.recorded_after)
    gross = (total * 100 + 50) // (100 - terms.discount)
    business_gross, business_discount = to_home(gross, rate), to_home(gross - total, rate)
    return Order(
        position=position,
        placed_at=purchase.placed_at,
        recorded_at=recorded_at,
        currency=terms.currency,
        gross=gross,
        discount=gross - total,
        business_gross=business_gross,
        business_discount=business_discount,
        items=basket(draw, gross, lines=line_count(draw, model), rate=rate),
        refund=_refund(
            draw, terms, total, business_gross - business_discount, (purchase.placed_at, recorded_at, until)
        ),
    )


def _refund(
    draw: Random, terms: Terms, total: int, spend: int, moments: tuple[datetime, datetime, datetime]
) -> Refund | None:
    """Return the refund unless it would be recorded after the end.

    moments  when the order was placed, when it was recorded, and the end

    A part comes back within three weeks. The whole comes back after more than 30 days: an order undone sooner would not
    count as a purchase, and the purchases should stay those of the behaviour. Whenever it comes back, it is recorded
    after the order: nobody can enter a refund of an order that is not there.
    """
    if not terms.refund:
        return None
    whole = terms.refund == _WHOLE
    placed_at, order_recorded_at, until = moments
    refunded_at = placed_at + timedelta(days=(31 if whole else 3) + int(draw.random() * 15), hours=1)
    amount = max(1, total * terms.refund // _WHOLE)
    refund = Refund(
        amount=amount,
        business_amount=max(1, spend * amount // total),
        reason=one_of(draw, _REASONS),
        refunded_at=refunded_at,
        recorded_at=max(refunded_at, order_recorded_at) + timedelta(minutes=1 + int(draw.random() * 30)),
    )
    return refund if refund.recorded_at < until else None


def _percent_back(draw: Random) -> int:
    """Return what share of an order is given back: the whole of every third one."""
    return _WHOLE if draw.random() < 1 / 3 else 10 + int(draw.random() * 50)


def _some_weeks(draw: Random) -> timedelta:
    return timedelta(days=14 + int(draw.random() * 42))
