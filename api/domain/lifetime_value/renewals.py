"""Renewals of contracts: sBG, and BdW where early renewals are rarer or more frequent than sBG can have it.

sBG: Fader & Hardie (2007), "How to project customer retention", J. Interactive Marketing 21(1). BdW: Fader, Hardie,
Liu, Davin & Steenburgh (2018), "How to project customer retention revisited", J. Interactive Marketing 43. A period is
the term of the contract: a yearly plan counts years.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, hyp2f1, psi

from api.domain.lifetime_value.beta_geometric import check_positive
from api.domain.lifetime_value.count_model import Likelihood
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import Integers

MOST_PERIODS = 120


@dataclass(frozen=True, slots=True, eq=False)
class RenewalStatistics:
    """How contracts stand, one row for each, or one for many of a kind.

    periods  (n,) t: the renewal at which the customer left (1, 2, …), or the renewals made so far (0, 1, …)
    churned  (n,) whether the customer has left
    number   (n,) of how many contracts this is true
    """

    periods: Array
    churned: npt.NDArray[np.bool_]
    number: Array

    @classmethod
    def of(
        cls, periods: npt.ArrayLike, churned: npt.ArrayLike, number: npt.ArrayLike | None = None
    ) -> RenewalStatistics:
        """Return the statistics as arrays; raise ValueError where they cannot be those of any contracts."""
        t, left = np.atleast_1d(np.asarray(periods, dtype=float)), np.atleast_1d(np.asarray(churned, dtype=bool))
        many = np.ones(len(t)) if number is None else np.atleast_1d(np.asarray(number, dtype=float))
        if not t.shape == left.shape == many.shape or t.ndim != 1:
            raise ValueError("periods, churned and number are arrays of one dimension and of one length.")
        if (t < left).any() or (t != np.floor(t)).any() or not (np.isfinite(many) & (many >= 0)).all():
            raise ValueError("Renewals are whole numbers: from 1 on where the customer left, from 0 on otherwise.")
        return cls(t, left, many)

    @classmethod
    def of_cohorts(cls, *survivors: Sequence[float]) -> RenewalStatistics:
        """Return the statistics of cohorts from how many of each were left after 0, 1, 2, … renewals."""
        periods: list[int] = []
        number: list[float] = []
        churned: list[bool] = []
        for left in survivors:
            last = len(left) - 1
            periods += [*range(1, last + 1), last]
            churned += [True] * last + [False]
            number += [*(before - after for before, after in pairwise(left)), left[-1]]
        return cls.of(periods, churned, number)

    def __len__(self) -> int:
        return len(self.periods)


@dataclass(frozen=True, slots=True)
class BetaDiscreteWeibull:
    """Parameters of BdW: at each renewal a customer leaves with a probability of their own, Beta(alpha, beta) at first.

    alpha, beta  scalars > 0
    c            below 1 the probability falls with the renewals made, above 1 it rises; 1 is sBG
    """

    alpha: float
    beta: float
    c: float = 1.0

    def __post_init__(self) -> None:
        """Raise ValueError for parameters that no contracts can have."""
        check_positive(self.alpha, self.beta, self.c)

    @property
    def name(self) -> str:
        """Return sBG or BdW."""
        return "sBG" if self.c == 1 else "BdW"

    def survival(self, periods: npt.ArrayLike, *, made: npt.ArrayLike = 0) -> Array:
        """Return the share of contracts that survive some more periods, of those that were renewed `made` times."""
        begun = np.asarray(made, dtype=float)
        return np.exp(self._log_survival(begun + np.asarray(periods, dtype=float)) - self._log_survival(begun))

    def retention(self, period: npt.ArrayLike) -> Array:
        """Return the share that is renewed at the end of the 1st, 2nd, … period, of those still there by then."""
        t = np.asarray(period, dtype=float)
        return np.exp(self._log_survival(t) - self._log_survival(t - 1))

    def likelihood(self, renewals: RenewalStatistics) -> Likelihood:
        """Return how likely the parameters make each row, for one contract; slopes by ln alpha, ln beta, ln c."""
        before = np.where(renewals.churned, renewals.periods - 1, renewals.periods)
        stayed, slopes = self._log_survival(before), self._slopes(before)
        kept = np.where(renewals.churned, self._log_survival(renewals.periods) - stayed, -np.inf)
        left = -np.expm1(kept)
        slopes = (slopes - np.exp(kept) * self._slopes(renewals.periods)) / left
        return Likelihood(stayed + np.log(left), slopes)

    def discounted_renewals(self, made: npt.ArrayLike, *, rate: float) -> Array:
        """Return the expected number of renewals to come, each discounted by so many periods as it lies ahead (sBG).

        It is taken right before the next renewal, which is not discounted: DERL, Fader & Hardie (2010), "Customer-base
        valuation in a contractual setting", Marketing Science 29(1).

        made   (n,) renewals made so far
        rate   scalar > 0, discount per period
        raises ValueError for BdW, which has no closed form
        """
        if self.c != 1:
            raise ValueError("Only sBG has a closed form for all periods to come; name a number of periods.")
        n = np.asarray(made, dtype=float) + 1
        total = self.alpha + self.beta + n
        return (self.beta + n - 1) / (total - 1) * hyp2f1(1, self.beta + n, total, 1 / (1 + rate))

    def discounted_renewals_within(self, made: npt.ArrayLike, *, periods: int, rate: float) -> Array:
        """Return the same (n,) for the next 1 to 120 renewals alone; the rate may be 0."""
        if not 1 <= periods <= MOST_PERIODS:
            raise ValueError(f"Between 1 and {MOST_PERIODS} periods can be looked at.")
        ahead = np.arange(periods)
        n = np.atleast_1d(np.asarray(made, dtype=float))[:, None]
        return self.survival(ahead + 1, made=n) @ (1 + rate) ** -ahead.astype(float)

    def renewals_within(self, made: npt.ArrayLike, *, probability: float) -> Integers:
        """Return the smallest number of further periods (n,) after which the contract is over with a probability."""
        lasting = self._log_survival(np.atleast_1d(np.asarray(made, dtype=float)))
        start, target = np.atleast_1d(np.asarray(made, dtype=float)), np.log1p(-probability)
        low, high = np.full(len(start), -1.0), np.ones(len(start))
        while (short := (self._log_survival(start + high) - lasting > target) & (high < 2**40)).any():
            high = np.where(short, high * 2, high)
        while (high - low > 1).any():
            middle = np.floor((low + high) / 2)
            over = self._log_survival(start + middle) - lasting <= target
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        return high.astype(np.int64)

    def _log_survival(self, periods: Array) -> Array:
        return log_survival(self.alpha, self.beta, self.c, periods)

    def _slopes(self, periods: Array) -> Array:
        grown, both = periods**self.c, self.alpha + self.beta
        later = psi(both + grown)
        kept = psi(self.beta + grown) - later
        return np.stack(
            [
                self.alpha * (psi(both) - later),
                self.beta * (kept - psi(self.beta) + psi(both)),
                self.c * kept * grown * np.log(np.maximum(periods, 1)),
            ]
        )


def log_survival(
    alpha: float | Array, beta: float | Array, c: float | Array, periods: Array, *, made: float | Array = 0.0
) -> Array:
    """Return the logarithm of the share of contracts that survive so many periods from their start; shapes broadcast.

    alpha, beta, c  parameters of `BetaDiscreteWeibull`
    made            periods that they are known to have survived
    """
    found = betaln(alpha, beta + periods**c) - betaln(alpha, beta + made**c)
    return np.asarray(found, dtype=np.float64)
