"""What many customers are expected to bring by everything they do, in columns: orders, and things with a term."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from api.domain.lifetime_value.churn_risk import RiskBand
from api.domain.lifetime_value.facts import FittedModel
from api.domain.lifetime_value.forecasts import Customers, Horizon, forecasts
from api.domain.lifetime_value.prediction import Asked, Batch
from api.domain.lifetime_value.purchase_table import PurchaseTable
from api.domain.lifetime_value.quadrature import Array
from api.domain.money import MINOR_DIGITS

_WITH_TERMS_AT_ONCE = 500
"""Customers whose renewals are looked at together: one renewal a day or an hour makes a wide table."""


@dataclass(frozen=True, slots=True, eq=False)
class Prospects:
    """What n customers are expected to bring within a horizon; money in currency units, discounted to now.

    value               (n,) of orders and of all things with a term
    terms_value         (n,) the part of it that is no orders
    variance            (n,) of the value
    probability_active  (n,) of a purchase or another payment, or that something runs on to the end of the horizon
    bands               how likely it is that nothing more comes of each
    """

    value: Array
    terms_value: Array
    variance: Array
    probability_active: Array
    bands: list[RiskBand]


def buyers(known: PurchaseTable) -> Customers:
    """Return what is known of the purchases of those who have bought."""
    bought = known.rows(np.flatnonzero(known.bought))
    return Customers(bought.purchases, bought.spend)


def prospects(known: PurchaseTable, asked: Asked, model: FittedModel) -> Prospects:
    """Return what customers are expected to bring; of each it is what a prediction says of the customer."""
    found, having = _of_orders(known, asked, model), np.flatnonzero(known.have_terms)
    for start in range(0, len(having), _WITH_TERMS_AT_ONCE):
        places = having[start : start + _WITH_TERMS_AT_ONCE]
        _add_terms(found, places, Batch(known.rows(places), asked, model))
    return found


def _of_orders(known: PurchaseTable, asked: Asked, model: FittedModel) -> Prospects:
    """Return the same of orders alone: nothing of those who have bought nothing."""
    everybody = Customers(known.purchases, known.spend)
    horizon = Horizon(asked.weeks, float(asked.annual_discount_rate))
    found = forecasts(model.purchases, model.spend, everybody, horizon, knows_losses=model.knows_losses)
    bought, order = known.bought, list(RiskBand)
    return Prospects(
        found.expected_value * bought,
        np.zeros(len(known)),
        found.variance * bought,
        found.probability_active * bought,
        [order[place] for place in found.bands],
    )


def _add_terms(found: Prospects, places: npt.NDArray[np.int64], batch: Batch) -> None:
    """Put what customers with terms bring, at their places, where what their orders bring stands."""
    assert batch.combined is not None
    # In minor units, each stream rounded by itself: a ranking shows the very amount that a prediction does.
    units = batch.units / 10.0 ** MINOR_DIGITS[batch.model.currency]
    found.value[places], found.terms_value[places] = units.sum(axis=1), units[:, 1:].sum(axis=1)
    found.variance[places] += batch.combined.terms.variance
    found.probability_active[places] = batch.probability_active
    for place, (band, _) in zip(places, batch.risks, strict=True):
        found.bands[place] = band
