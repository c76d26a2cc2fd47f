"""Pareto/NBD: customers buy at a rate of their own, and may be lost at any moment, at a rate of their own.

Schmittlein, Morrison & Colombo (1987), "Counting your customers: who are they and what will they do next?", Management
Science 33(1). The literature writes the likelihood as a difference of two hypergeometric functions, which loses it for
heavy buyers; here it is an integral of something positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from scipy.special import expit, gammaln, hyperu, psi

from api.domain.lifetime_value.beta_geometric import check_positive
from api.domain.lifetime_value.count_model import CountModel, Likelihood
from api.domain.lifetime_value.posterior import log_coefficients, negative_binomial
from api.domain.lifetime_value.power_integral import PowerIntegral
from api.domain.lifetime_value.quadrature import Array, legendre
from api.domain.lifetime_value.statistics import PurchaseStatistics

_NODES, _TIME_NODES = 32, 16
_NEAR = 1e-8


@dataclass(frozen=True, slots=True)
class ParetoNBD(CountModel):
    """Parameters of Pareto/NBD.

    r, alpha  purchases a week while alive are Gamma(r, alpha); alpha in weeks
    s, beta   losses a week are Gamma(s, beta); beta in weeks
    """

    r: float
    alpha: float
    s: float
    beta: float

    def __post_init__(self) -> None:
        """Raise ValueError for parameters that no customers can have."""
        check_positive(self.r, self.alpha, self.s, self.beta)

    @property
    def name(self) -> str:
        """Pareto/NBD."""
        return "Pareto/NBD"

    def likelihood(self, purchases: PurchaseStatistics) -> Likelihood:
        """Return how likely the parameters make n customers' purchases; slopes by ln r, ln alpha, ln s, ln beta."""
        r, alpha, s, beta = self.r, self.alpha, self.s, self.beta
        shape, lost = r + purchases.repeats, self._lost_before(purchases).means()
        end, late = np.log(alpha + purchases.observed), np.log(beta + purchases.observed)
        never = -shape * end - s * late
        odds = log(s) + lost.logarithm - never
        q = expit(odds)
        values = gammaln(shape) - gammaln(r) + r * log(alpha) + s * log(beta) + never + np.logaddexp(0, odds)
        slopes = np.stack(
            [
                r * (psi(shape) - psi(r) + log(alpha) - (1 - q) * end - q * lost.log_first),
                r - alpha * shape * ((1 - q) / (alpha + purchases.observed) + q * lost.inverse_first),
                s * (log(beta) - (1 - q) * late + q * (1 / s - lost.log_second)),
                s - beta * (s * (1 - q) / (beta + purchases.observed) + (s + 1) * q * lost.inverse_second),
            ]
        )
        return Likelihood(values, slopes)

    def probability_alive(self, purchases: PurchaseStatistics) -> Array:
        """Return the probability (n,) of not having been lost yet."""
        shape, observed = self.r + purchases.repeats, purchases.observed
        never = -shape * np.log(self.alpha + observed) - self.s * np.log(self.beta + observed)
        return expit(never - log(self.s) - self._lost_before(purchases).logarithm())

    def active_while_alive(self, purchases: PurchaseStatistics, weeks: float) -> Array:
        """Return the probability (n,) of a purchase within the next weeks: the time to it, while alive, integrated."""
        shape, rate = self.r + purchases.repeats, self.alpha + purchases.observed
        late, now = self.beta + purchases.observed, np.zeros(len(purchases))
        next_one = PowerIntegral(rate, shape + 1, late, now + self.s, now, now + weeks).logarithm()
        logarithm = np.log(shape) + shape * np.log(rate) + self.s * np.log(late) + next_one
        return np.exp(np.minimum(logarithm, 0))

    def expected_while_alive(self, purchases: PurchaseStatistics, weeks: float | Array) -> Array:
        """Return the expected number of purchases (n,) within the next weeks, of customers who are alive now."""
        late, power = self.beta + purchases.observed, self.s - 1
        grown = np.log1p(weeks / late)
        alive_for = grown if abs(power) < _NEAR else -np.expm1(-power * grown) / power
        return self._rate(purchases) * np.minimum(late * alive_for, weeks)

    def discounted_while_alive(self, purchases: PurchaseStatistics, weeks: float, rate: float) -> Array:
        """Return the same (n,), each purchase discounted at a continuous rate per week."""
        passed, density = self._time_alive(purchases, weeks)
        alive_for: Array = np.sum(density * np.exp(-rate * passed), axis=1)
        return self._rate(purchases) * alive_for

    def squares_while_alive(self, purchases: PurchaseStatistics, weeks: float) -> Array:
        """Return the mean of the squared number of purchases (n,), of customers who are alive now.

        Pairs of purchases come as the square of the rate times that of the time alive, whose mean is an integral.
        """
        passed, density = self._time_alive(purchases, weeks)
        shape, rate = self.r + purchases.repeats, self.alpha + purchases.observed
        pairs: Array = shape * (shape + 1) / rate**2 * 2 * np.sum(density * passed, axis=1)
        return self.expected_while_alive(purchases, weeks) + pairs

    def counts_while_alive(self, purchases: PurchaseStatistics, weeks: float, most: int) -> Array:
        """Return the probability (n, most + 1) of exactly 0, 1, …, `most` purchases, of customers who are alive now.

        A customer who is lost at some moment until then buys up to that moment, and the moments are summed at nodes.
        """
        shape, rate = self.r + purchases.repeats, self.alpha + purchases.observed
        late, coefficients = self.beta + purchases.observed, log_coefficients(shape, most)
        lost = -np.expm1(-self.s * np.log1p(weeks / late))
        found = (1 - lost)[:, None] * np.exp(negative_binomial(coefficients, shape, weeks / (rate + weeks)))
        for node, weight in zip(*legendre(_NODES), strict=True):
            passed = late * np.expm1(-np.log1p(-node * lost) / self.s)
            bought = np.exp(negative_binomial(coefficients, shape, passed / (rate + passed)))
            found += (weight * lost)[:, None] * bought
        return found

    def discounted_without_end(self, purchases: PurchaseStatistics, rate: float) -> Array:
        """Return the expected number (n,) for all time to come, discounted; dominated by what no data can tell.

        Fader, Hardie & Lee (2005), "RFM and CLV: using iso-value curves for customer base analysis", J. Marketing
        Research 42(4).
        """
        late = self.beta + purchases.observed
        return self.probability_alive(purchases) * self._rate(purchases) * late * hyperu(1, 2 - self.s, rate * late)

    def _time_alive(self, purchases: PurchaseStatistics, weeks: float) -> tuple[Array, Array]:
        """Return moments within the next weeks, and weights by which a sum over them is one over the time alive.

        returns  two arrays (n, count), for customers who are alive now
        """
        late = (self.beta + purchases.observed)[:, None]
        nodes, weights = legendre(_TIME_NODES)
        width = np.log1p(weeks / late)
        grown = width * nodes
        return late * np.expm1(grown), late * width * weights * np.exp((1 - self.s) * grown)

    def _rate(self, purchases: PurchaseStatistics) -> Array:
        """Return the expected number of purchases a week (n,) right now, of customers who are alive."""
        return (self.r + purchases.repeats) / (self.alpha + purchases.observed)

    def _lost_before(self, purchases: PurchaseStatistics) -> PowerIntegral:
        """Return the likelihood of having been lost after the last purchase, but for its constants."""
        shape, every = self.r + purchases.repeats, np.ones(len(purchases))
        alpha, beta, power = self.alpha * every, self.beta * every, (self.s + 1) * every
        return PowerIntegral(alpha, shape, beta, power, purchases.last, purchases.observed)
