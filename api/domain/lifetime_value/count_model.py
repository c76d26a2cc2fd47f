"""What every model of repeat buying can tell of customers, whichever was fitted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import PurchaseStatistics


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """How likely a model with some parameters makes what was observed.

    values  (n,) log-likelihood of each row, without the constants that no parameter changes
    slopes  (k, n) its derivatives by the logarithms of the k parameters
    """

    values: Array
    slopes: Array


class CountModel(ABC):
    """A model of how often customers buy again; all its times are weeks, and all its arrays have a row for a customer.

    A model says what customers do while they are alive, that is not lost yet, and how probable it is that they are.

    r, alpha  purchases a week while alive are Gamma(r, alpha) in all of them; alpha in weeks
    """

    __slots__ = ()
    r: float
    alpha: float

    @property
    @abstractmethod
    def name(self) -> str:
        """What the literature calls it."""

    @abstractmethod
    def likelihood(self, purchases: PurchaseStatistics) -> Likelihood:
        """Return how likely it makes the purchases of n customers."""

    @abstractmethod
    def probability_alive(self, purchases: PurchaseStatistics) -> Array:
        """Return the probability (n,) of not having been lost yet, which is not that of another purchase."""

    @abstractmethod
    def active_while_alive(self, purchases: PurchaseStatistics, weeks: float) -> Array:
        """Return the probability (n,) of a purchase within the next weeks, of customers who are alive now."""

    @abstractmethod
    def expected_while_alive(self, purchases: PurchaseStatistics, weeks: float | Array) -> Array:
        """Return the expected number of purchases within the next weeks, of customers who are alive now.

        weeks    scalar, or (k, 1) for several horizons at once
        returns  (n,), or (k, n)
        """

    @abstractmethod
    def discounted_while_alive(self, purchases: PurchaseStatistics, weeks: float, rate: float) -> Array:
        """Return the same (n,), each purchase discounted from its moment to now; the rate is continuous, per week."""

    @abstractmethod
    def squares_while_alive(self, purchases: PurchaseStatistics, weeks: float) -> Array:
        """Return the mean of the squared number of purchases (n,), of customers who are alive now."""

    @abstractmethod
    def counts_while_alive(self, purchases: PurchaseStatistics, weeks: float, most: int) -> Array:
        """Return the probability (n, most + 1) of exactly 0, 1, …, `most` purchases, of customers who are alive now."""

    def purchases_while_alive(self, purchases: PurchaseStatistics, weeks: float, rate: float) -> tuple[Array, Array]:
        """Return the expected number as it is and discounted, two arrays (n,), of customers who are alive now."""
        expected = self.expected_while_alive(purchases, weeks)
        return expected, self.discounted_while_alive(purchases, weeks, rate)

    def mean_gap(self, purchases: PurchaseStatistics) -> Array:
        """Return the mean time (n,) between purchases of a customer while alive, weeks.

        It is infinite where r + x ≤ 1: the population's alpha / r stands in there.
        """
        shape = self.r + purchases.repeats
        finite = shape > 1
        known = (self.alpha + purchases.observed) / np.where(finite, shape - 1, 1.0)
        return np.where(finite, known, self.alpha / self.r)

    def probability_active(self, purchases: PurchaseStatistics, weeks: float) -> Array:
        """Return the probability (n,) of a purchase within the next weeks."""
        return self.probability_alive(purchases) * self.active_while_alive(purchases, weeks)

    def expected_purchases(self, purchases: PurchaseStatistics, weeks: float | Array) -> Array:
        """Return the expected number of purchases within the next weeks; horizons as in `expected_while_alive`."""
        return self.probability_alive(purchases) * self.expected_while_alive(purchases, weeks)

    def discounted_purchases(self, purchases: PurchaseStatistics, weeks: float, rate: float) -> Array:
        """Return the same (n,), each purchase discounted from its moment to now; the rate is continuous, per week."""
        return self.probability_alive(purchases) * self.discounted_while_alive(purchases, weeks, rate)

    def second_moment(self, purchases: PurchaseStatistics, weeks: float) -> Array:
        """Return the mean of the squared number of purchases (n,) within the next weeks."""
        return self.probability_alive(purchases) * self.squares_while_alive(purchases, weeks)

    def count_probabilities(self, purchases: PurchaseStatistics, weeks: float, most: int) -> Array:
        """Return the probability (n, most + 1) of exactly 0, 1, …, `most` purchases within the next weeks."""
        alive = self.probability_alive(purchases)[:, None]
        found = alive * self.counts_while_alive(purchases, weeks, most)
        found[:, 0] += 1 - alive[:, 0]
        return found

    def expected_of_new(self, weeks: npt.ArrayLike) -> Array:
        """Return the expected number of repeat purchases (k,) within so many weeks (k,) of a customer's first one."""
        horizons = np.atleast_1d(np.asarray(weeks, dtype=float))[:, None]
        return self.expected_purchases(PurchaseStatistics.of(0, 0, 0), horizons)[:, 0]
