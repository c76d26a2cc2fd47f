"""The true behaviour of one made-up customer: MBG/NBD purchases, Gamma-Gamma spend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from api.domain.population.model import PopulationModel

HORIZON_WEEKS = 52
SMALLEST_SPEND = 100
_WEEK = timedelta(weeks=1)
_OPENING, _OPEN = timedelta(hours=6), 15 / 24


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase and what it is worth, in cents of the business currency, after discount and before refunds."""

    placed_at: datetime
    spend: int


@dataclass(frozen=True, slots=True)
class Traits:
    """What is true of a customer for ever and never observed.

    purchase_rate        purchases a week while the customer is not lost
    dropout_probability  chance of being lost after a purchase
    mean_spend           mean worth of a purchase, in currency units
    """

    purchase_rate: float
    dropout_probability: float
    mean_spend: float


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a customer is like, did before the reference moment, and will do in the 52 weeks after it.

    traits          None for customers whose history is written by hand
    purchases       those before the reference moment, in order of time
    dropped_out_at  the moment of the last purchase where it left the customer lost, None while they may come back
    """

    traits: Traits | None
    registered_at: datetime
    purchases: tuple[Purchase, ...]
    dropped_out_at: datetime | None
    next_purchases: int
    next_spend: int


def behaviour(draw: Random, until: datetime, model: PopulationModel) -> Behaviour:
    """Return a customer drawn from the model; nothing in it but the moments depends on `until`."""
    traits, waits = traits_of(draw, model), draw.random() < model.wait_share
    registered = until - _WEEK * ((1 - draw.random()) * model.weeks)
    first = registered + _WEEK * draw.expovariate(1 / model.wait_weeks) if waits else registered
    end = until + _WEEK * HORIZON_WEEKS
    purchases, lost = _history(draw, traits, first, end, model.spend_shape)
    past = tuple(Purchase(in_opening_hours(each.placed_at), each.spend) for each in purchases if each.placed_at < until)
    following = purchases[len(past) :]
    return Behaviour(
        traits=traits,
        registered_at=in_opening_hours(registered),
        purchases=past,
        dropped_out_at=past[-1].placed_at if lost and past and not following else None,
        next_purchases=len(following),
        next_spend=sum(each.spend for each in following),
    )


def traits_of(draw: Random, model: PopulationModel) -> Traits:
    """Return the traits of a customer drawn from the model."""
    rate = draw.gammavariate(model.rate_shape, 1 / model.rate_scale)
    dropout = draw.betavariate(model.dropout_a, model.dropout_b)
    nu = draw.gammavariate(model.spend_rate_shape, 1 / model.spend_rate_scale)
    return Traits(rate, dropout, model.spend_shape / nu)


def in_opening_hours(moment: datetime) -> datetime:
    """Return the moment moved into 06:00–21:00 UTC of its day, to the second; the order of moments stays.

    Days stay too, in UTC and in Europe/Berlin, and it is days that the models of purchases count.
    """
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return (day + _OPENING + (moment - day) * _OPEN).replace(microsecond=0)


def _history(draw: Random, traits: Traits, first: datetime, end: datetime, shape: float) -> tuple[list[Purchase], bool]:
    """Return the purchases before `end`, and whether the customer was lost after the last of them."""
    purchases: list[Purchase] = []
    for placed_at in _moments(draw, traits.purchase_rate, first, end):
        spend = draw.gammavariate(shape, traits.mean_spend / shape)
        purchases.append(Purchase(placed_at, max(SMALLEST_SPEND, round(spend * 100))))
        if draw.random() < traits.dropout_probability:
            return purchases, True
    return purchases, False


def _moments(draw: Random, rate: float, first: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the moments of a Poisson process that begins with an event, up to `end`."""
    weeks_left = (end - first) / _WEEK
    moment = first
    while weeks_left > 0:
        yield moment
        gap = draw.expovariate(rate)
        weeks_left -= gap
        if weeks_left > 0:
            moment += _WEEK * gap
