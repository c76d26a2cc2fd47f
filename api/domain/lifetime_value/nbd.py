"""NBD: customers buy at a rate of their own and are never lost; what a model with losses has to do better than.

Ehrenberg (1959), "The pattern of consumer purchases", Applied Statistics 8(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from scipy.special import gammaln, psi

from api.domain.lifetime_value.beta_geometric import check_positive
from api.domain.lifetime_value.count_model import CountModel, Likelihood
from api.domain.lifetime_value.posterior import log_coefficients, negative_binomial
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import PurchaseStatistics


@dataclass(frozen=True, slots=True)
class NegativeBinomial(CountModel):
    """Parameters of NBD: purchases a week are Gamma(r, alpha), alpha in weeks."""

    r: float
    alpha: float

    def __post_init__(self) -> None:
        """Raise ValueError for parameters that no customers can have."""
        check_positive(self.r, self.alpha)

    @property
    def name(self) -> str:
        """NBD."""
        return "NBD"

    def likelihood(self, purchases: PurchaseStatistics) -> Likelihood:
        """Return how likely the parameters make the purchases of n customers; slopes by ln r and ln alpha."""
        shape, rate = self.r + purchases.repeats, self.alpha + purchases.observed
        values = gammaln(shape) - gammaln(self.r) + self.r * log(self.alpha) - shape * np.log(rate)
        by_r = self.r * (psi(shape) - psi(self.r) + log(self.alpha) - np.log(rate))
        return Likelihood(values, np.stack([by_r, self.r - self.alpha * shape / rate]))

    def probability_alive(self, purchases: PurchaseStatistics) -> Array:
        """Return 1 for each of n customers."""
        return np.ones(len(purchases))

    def active_while_alive(self, purchases: PurchaseStatistics, weeks: float) -> Array:
        """Return the probability (n,) of a purchase within the next weeks."""
        shape, rate = self.r + purchases.repeats, self.alpha + purchases.observed
        return -np.expm1(-shape * np.log1p(weeks / rate))

    def expected_while_alive(self, purchases: PurchaseStatistics, weeks: float | Array) -> Array:
        """Return the expected number of purchases (n,) within the next weeks."""
        return (self.r + purchases.repeats) * weeks / (self.alpha + purchases.observed)

    def discounted_while_alive(self, purchases: PurchaseStatistics, weeks: float, rate: float) -> Array:
        """Return the same (n,), each purchase discounted at a continuous rate per week."""
        factor = -np.expm1(-rate * weeks) / (rate * weeks) if rate * weeks else 1.0
        return self.expected_while_alive(purchases, weeks) * factor

    def squares_while_alive(self, purchases: PurchaseStatistics, weeks: float) -> Array:
        """Return the mean of the squared number of purchases (n,) within the next weeks."""
        shape, expected = self.r + purchases.repeats, self.expected_while_alive(purchases, weeks)
        return expected + expected**2 * (shape + 1) / shape

    def counts_while_alive(self, purchases: PurchaseStatistics, weeks: float, most: int) -> Array:
        """Return the probability (n, most + 1) of exactly 0, 1, …, `most` purchases within the next weeks."""
        shape, rate = self.r + purchases.repeats, self.alpha + purchases.observed
        return np.exp(negative_binomial(log_coefficients(shape, most), shape, weeks / (rate + weeks)))
