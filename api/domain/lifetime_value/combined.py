"""Orders and things with a term together: what they bring, in which range, and whether anything comes at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from api.domain.lifetime_value.churn_risk import RiskBand, RiskBasis, band_of
from api.domain.lifetime_value.facts import FittedModel
from api.domain.lifetime_value.flags import Flag
from api.domain.lifetime_value.intervals import ZeroInflated, approximate_spend, spend_quantiles
from api.domain.lifetime_value.purchase_table import PurchaseTable
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.scoring import Score
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.term_forecasts import TermBatch
from api.domain.money import Amount

Risk = tuple[RiskBand, RiskBasis]


@dataclass(frozen=True, slots=True)
class StreamForecast:
    """What one stream is expected to bring."""

    stream: Stream
    expected: Amount


@dataclass(frozen=True, eq=False)
class Combined:
    """n customers of one answer, some of whom have things with a term, and what their orders are expected to bring.

    weeks  the horizon
    rate   the discount rate, continuous, per week
    """

    known: PurchaseTable
    model: FittedModel
    purchases: PurchaseStatistics
    spend: SpendStatistics
    score: Score
    weeks: float
    rate: float
    _intervals: dict[float, list[list[float]]] = field(default_factory=dict)

    @cached_property
    def terms(self) -> TermBatch:
        """What things with a term will bring them."""
        currency = self.model.currency
        return TermBatch(self.known.terms, self.model.renewals, currency=currency, weeks=self.weeks, rate=self.rate)

    @cached_property
    def probability_active(self) -> Array:
        """The chance (n,) of a purchase or another payment, or that something runs on to the end of the horizon."""
        found: Array = 1 - (1 - self.score.probability_active) * self.terms.inactive
        return found

    def risks(self, of_orders: Sequence[Risk]) -> list[Risk]:
        """Return how likely it is that nothing more comes of each of them, and what that rests on.

        Where the model of orders knows losses, the chance of anything tells. Where it does not, silence does, unless
        the terms alone make the risk lower, or there are no orders to be silent about.
        """
        order, found = list(RiskBand), list(of_orders)
        for customer in self.terms.customers:
            band, basis = of_orders[customer]
            by_terms = band_of(1 - float(self.terms.inactive[customer]))
            if basis is RiskBasis.MODEL:
                found[customer] = band_of(float(self.probability_active[customer])), basis
            elif not self.known.bought[customer] or order.index(by_terms) < order.index(band):
                found[customer] = by_terms, RiskBasis.MODEL
        return found

    def interval(self, level: float) -> list[list[float]]:
        """Return the ends of everybody's range at a level, the low ones and the high ones.

        Orders and terms are taken for independent, their sum for log-normal with its mean, its variance and its chance
        of nothing.
        """
        if level not in self._intervals:
            levels = [(1 - level) / 2, (1 + level) / 2]
            found = ZeroInflated.of_streams([self._orders(), self.terms.money]).quantiles(levels)
            self._intervals[level] = self._finite(found, levels).tolist()
        return self._intervals[level]

    def flags(self, customer: int) -> Iterator[Flag]:
        """Yield what a reader has to know of the forecast of one of them."""
        if not self.known.bought[customer]:
            yield Flag.ORDERS_UNKNOWN
        if self.terms.on_prior(customer):
            yield Flag.RENEWALS_UNKNOWN

    def _orders(self) -> ZeroInflated:
        given = (self.model.purchases, self.model.spend, self.purchases, self.spend)
        found = approximate_spend(*given, weeks=self.weeks)
        return found.scaled(np.where(self.known.bought, self.score.discounted_share, 0.0))

    def _finite(self, quantiles: Array, levels: Sequence[float]) -> Array:
        """Return the quantiles; where orders have no finite variance, theirs with the mean of the terms added."""
        if np.isfinite(quantiles).all():
            return quantiles
        given = (self.model.purchases, self.model.spend, self.purchases, self.spend)
        orders = (
            spend_quantiles(*given, weeks=self.weeks, levels=levels) * self.score.discounted_share * self.known.bought
        )
        return np.where(np.isfinite(quantiles), quantiles, orders + self.terms.money.mean)
