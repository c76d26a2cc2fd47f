"""Ranges in which what a customer will do is expected to lie: predictive, with the parameters taken as they are.

How well the parameters are known hardly matters for one customer; for the total of many it does, see `spread_of_total`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import betainc, ndtri

from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.spend import GammaGamma, SpendPosterior
from api.domain.lifetime_value.statistics import Integers, PurchaseStatistics, SpendStatistics

_FIRST_MOST, _LAST_MOST = 31, 2**14
_NEGLIGIBLE = 1e-12
_WIDEST, _STEPS = 40.0, 48
UNKNOWN_BACK_TEST_ERROR = 0.2
_LUCK = 0.05


def count_quantiles(
    model: CountModel, purchases: PurchaseStatistics, weeks: float, levels: Sequence[float]
) -> Integers:
    """Return for each level the smallest number of purchases that is not exceeded with that probability.

    levels   (k,) from 0 to below 1
    returns  (k, n)
    """
    counts = counts_to(model, purchases, weeks, max(levels))
    return np.stack([quantile(counts, level) for level in levels])


def quantile(counts: Array, level: float) -> Integers:
    """Return the smallest number (n,) that is not exceeded with a probability; one more than there are, where none is.

    counts  (n, most + 1) probability of 0, 1, …, `most`
    """
    reached = np.cumsum(counts, axis=1) >= level - _NEGLIGIBLE
    found: Integers = np.where(reached.any(axis=1), np.argmax(reached, axis=1), counts.shape[1])
    return found


def counts_to(model: CountModel, purchases: PurchaseStatistics, weeks: float, level: float) -> Array:
    """Return the probabilities (n, most + 1) of 0, 1, 2, … purchases, as far as they come to a level for everybody."""
    most = _FIRST_MOST
    while True:
        found = model.count_probabilities(purchases, weeks, most)
        if most >= _LAST_MOST or not (found.sum(axis=1) < level).any():
            return found
        most = 2 * most + 1


def money_at_most(counts: Array, spend: SpendPosterior, value: Array) -> Array:
    """Return the probability (n,) that the purchases to come are worth at most a value: an exact mixture.

    counts  (n, most + 1) probability of each number of purchases
    value   (n,) currency units, ≥ 0
    """
    row, before = np.nonzero(counts[:, 1:] > _NEGLIGIBLE)
    share = value / (value + spend.rate)
    below = counts[row, before + 1] * betainc(spend.p * (before + 1), spend.shape[row], share[row])
    return counts[:, 0] + np.bincount(row, weights=below, minlength=len(counts))


def money_quantiles(counts: Array, spend: SpendPosterior, levels: Sequence[float]) -> Array:
    """Return for each level the value that the purchases to come do not exceed with that probability; by bisection.

    counts   (n, most + 1) probability of each number of purchases; what they lack counts as `most`
    returns  (k, n) currency units, 0 where no purchase is that probable
    """
    counts = counts.copy()
    counts[:, -1] += 1 - counts.sum(axis=1)
    found = [_money_quantile(counts, spend, level) for level in levels]
    return np.where([counts[:, 0] >= level for level in levels], 0.0, found)


def spend_quantiles(
    model: CountModel,
    values: GammaGamma,
    purchases: PurchaseStatistics,
    spend: SpendStatistics,
    *,
    weeks: float,
    levels: Sequence[float],
) -> Array:
    """Return for each level what is spent at most with that probability within the next weeks: an exact mixture.

    It costs dozens of times what `approximate_spend` does: it is for one customer, not for a list.

    returns  (k, n) currency units, not discounted and before any margin
    """
    counts = counts_to(model, purchases, weeks, 1 - (1 - max(levels)) / 1_000)
    return money_quantiles(counts, values.posterior(spend), levels)


def approximate_spend(
    model: CountModel, values: GammaGamma, purchases: PurchaseStatistics, spend: SpendStatistics, *, weeks: float
) -> ZeroInflated:
    """Return about what is spent within the next weeks: with the exact chance of nothing, mean and second moment."""
    expected, squared = model.expected_purchases(purchases, weeks), model.second_moment(purchases, weeks)
    return ZeroInflated(
        1 - model.probability_active(purchases, weeks),
        expected * values.expected_value(spend),
        values.posterior(spend).second_moment(expected, squared),
    )


def _money_quantile(counts: Array, spend: SpendPosterior, level: float) -> Array:
    # By the logarithm of the value in units of the rate, which is of the size of a few purchases.
    low, high = np.full(len(counts), -_WIDEST), np.full(len(counts), _WIDEST)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        below = money_at_most(counts, spend, spend.rate * np.exp(middle)) < level
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found: Array = spend.rate * np.exp((low + high) / 2)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class ZeroInflated:
    """What n customers will spend: nothing with some probability, log-normal otherwise.

    zero    (n,) probability of nothing
    mean    (n,) currency units
    second  (n,) mean of the square; where it is infinite, there are no quantiles but 0
    """

    zero: Array
    mean: Array
    second: Array

    @classmethod
    def of_streams(cls, streams: Sequence[ZeroInflated]) -> ZeroInflated:
        """Return the sum of independent streams: means and variances add up, nothing comes where none brings any."""
        mean = np.sum([stream.mean for stream in streams], axis=0)
        variance = np.sum([stream.second - stream.mean**2 for stream in streams], axis=0)
        return cls(np.prod([stream.zero for stream in streams], axis=0), mean, variance + mean**2)

    def scaled(self, factor: Array) -> ZeroInflated:
        """Return so many times the money (n,), which is nothing for sure where that is 0."""
        some = factor > 0
        second = np.where(some, self.second, 0.0) * factor**2
        return ZeroInflated(np.where(some, self.zero, 1.0), self.mean * factor, second)

    def quantiles(self, levels: Sequence[float]) -> Array:
        """Return for each level the value that is not exceeded with that probability, (k, n)."""
        some = np.maximum(1 - self.zero, 1e-300)
        ever = self.mean > 0
        mean = np.where(ever, self.mean / some, 1.0)
        spread = np.sqrt(np.log(np.maximum(np.where(ever, self.second / some, 1.0) / mean**2, 1.0)))
        known = np.isfinite(spread)
        spread, center = np.where(known, spread, 0.0), np.log(mean) - np.where(known, spread, 0.0) ** 2 / 2
        found = []
        for level in levels:
            rest = np.clip((level - self.zero) / some, 0.0, 1.0)
            value = np.where((rest > 0) & ever, np.exp(center + spread * ndtri(np.maximum(rest, 1e-16))), 0.0)
            found.append(np.where(known | (value == 0), value, np.inf))
        return np.stack(found)


def spread_of_total(
    variances: Array,
    slopes: Array,
    covariance: Array,
    total: float,
    *,
    back_test_error: float = UNKNOWN_BACK_TEST_ERROR,
) -> float:
    """Return the standard deviation of a total over many customers; quantiles of single ones must not be added up.

    variances        (n,) predictive, of each customer
    slopes           (k,) of the total by the logarithms of the parameters
    covariance       (k, k) of those logarithms
    total            what is expected
    back_test_error  root mean square of the relative errors of totals in past back-tests at the same horizon
    """
    return sqrt(float(variances.sum() + slopes @ covariance @ slopes) + (back_test_error * total) ** 2)


def back_test_error(biases: Sequence[float]) -> float:
    """Return by how much a total is taken to be off, relative: what it was in back-tests, in root mean square.

    One test that went well may have been lucky, so it is never less than 5 %; without a test it is 20 %.

    biases  predicted over actual total, less one, of each back-test
    """
    if not len(biases):
        return UNKNOWN_BACK_TEST_ERROR
    return max(float(np.sqrt(np.mean(np.square(biases)))), _LUCK)
