"""Gamma-Gamma: what a purchase of a customer is worth, from how many there were and what they were worth.

Fader & Hardie (2013), "The Gamma-Gamma model of monetary value"; Colombo & Jiang (1999), "A stochastic RFM model",
J. Interactive Marketing 13(3).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from scipy.special import betainc, gammaln, psi

from api.domain.lifetime_value.beta_geometric import check_positive
from api.domain.lifetime_value.count_model import Likelihood
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import SpendStatistics


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """Parameters of Gamma-Gamma: a purchase is worth Gamma(p, ν), and ν ~ Gamma(q, gamma) differs between customers.

    p      scalar > 0
    q      scalar > 1; at 1 and below the mean value of a purchase would be infinite
    gamma  scalar > 0, currency units: the only parameter that another currency changes
    """

    p: float
    q: float
    gamma: float

    def __post_init__(self) -> None:
        """Raise ValueError for parameters that no purchases can have."""
        check_positive(self.p, self.q, self.gamma)
        if self.q <= 1:
            raise ValueError("q is above 1: the mean value of a purchase would be infinite.")

    @property
    def name(self) -> str:
        """Gamma-Gamma."""
        return "Gamma-Gamma"

    @property
    def population_mean(self) -> float:
        """The mean value of a purchase over all customers, currency units."""
        return self.p * self.gamma / (self.q - 1)

    def likelihood(self, spend: SpendStatistics) -> Likelihood:
        """Return how likely the parameters make spend, all of it positive; slopes by ln p, ln q, ln gamma."""
        n, mean = spend.purchases, spend.mean_value
        # Functions of the number of purchases alone are dear, and there are few different numbers.
        number, row = np.unique(n, return_inverse=True)
        shape, last = self.p * number, self.p * number + self.q
        constant = gammaln(last) - gammaln(shape) - gammaln(self.q) + self.q * log(self.gamma) + shape * np.log(number)
        by_p, by_q = psi(last) - psi(shape) + np.log(number), psi(last) - psi(self.q) + log(self.gamma)
        total, value = self.gamma + n * mean, np.log(mean)
        level = np.log(total)
        values = constant[row] + (self.p * n - 1) * value - last[row] * level
        slopes = np.stack(
            [
                self.p * n * (by_p[row] + value - level),
                self.q * (by_q[row] - level),
                self.q - last[row] * (self.gamma / total),
            ]
        )
        return Likelihood(values, slopes)

    def expected_value(self, spend: SpendStatistics) -> Array:
        """Return the expected value (n,) of a customer's next purchase, currency units.

        It lies between the customer's own mean and that of all, the nearer to the own one the more purchases there are.
        """
        return self.p * (self.gamma + spend.purchases * spend.mean_value) / (self.p * spend.purchases + self.q - 1)

    def population_weight(self, spend: SpendStatistics) -> Array:
        """Return with which weight (n,), from 0 to 1, the mean of all customers goes into the expected value."""
        return (self.q - 1) / (self.p * spend.purchases + self.q - 1)

    def posterior(self, spend: SpendStatistics) -> SpendPosterior:
        """Return what is known of the purchases of n customers."""
        total = spend.purchases * spend.mean_value
        return SpendPosterior(self.p, self.q + self.p * spend.purchases, self.gamma + total)


@dataclass(frozen=True, slots=True, eq=False)
class SpendPosterior:
    """The purchases of n customers: each is worth Gamma(p, ν), and ν ~ Gamma(shape, rate).

    p      scalar
    shape  (n,) q + p · purchases
    rate   (n,) gamma + the value of all purchases, currency units
    """

    p: float
    shape: Array
    rate: Array

    def probability_at_most(self, value: Array, purchases: Array) -> Array:
        """Return the probability that so many future purchases (> 0) come to at most a value, broadcast."""
        found = betainc(self.p * purchases, self.shape, value / (value + self.rate))
        return np.asarray(found, dtype=np.float64)

    def second_moment(self, expected: Array, squared: Array) -> Array:
        """Return the mean of the squared value (n,) of an unknown number of future purchases; infinite where shape ≤ 2.

        expected, squared  (n,) mean of that number, and of its square
        """
        finite = self.shape > 2
        divisor = np.where(finite, (self.shape - 1) * (self.shape - 2), 1.0)
        found = self.rate**2 * self.p * (self.p * squared + expected) / divisor
        return np.where(finite, found, np.where(expected > 0, np.inf, 0.0))
