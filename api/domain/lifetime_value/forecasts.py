"""What each of many customers will do and bring, in columns: what `prediction` says, without walking rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from api.domain.lifetime_value.churn_risk import bands
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.intervals import approximate_spend, spend_quantiles
from api.domain.lifetime_value.next_purchase import LATEST, MEDIAN, due_after
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.scoring import Score, score
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK

_LOW, _HIGH = 0.1, 0.9
_WIDTH_OF_80 = 2.5631031310892007
_EXACT_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far ahead is looked, in weeks, and by how much less later money counts, per year."""

    weeks: float
    annual_discount_rate: float


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """What n customers are expected to do within a horizon; money in currency units, discounted to now.

    probability_active, expected_purchases, expected_value  (n,)
    low, high   (n,) the range that holds the value with a probability of 80 %
    variance    (n,) of the value
    bands       (n,) place in `RiskBand` of how likely it is that nothing more is bought
    due_days    (n,) days from the last purchase to the one that is due; infinite where that is over ten years
    overdue     (n,) whether even the late end of its range has gone by
    """

    probability_active: Array
    expected_purchases: Array
    expected_value: Array
    low: Array
    high: Array
    variance: Array
    bands: npt.NDArray[np.int64]
    due_days: Array
    overdue: npt.NDArray[np.bool_]

    @property
    def total(self) -> float:
        """What all of them together are expected to bring."""
        return float(self.expected_value.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Customers:
    """What is known of n customers: when they bought, and what it was worth."""

    purchases: PurchaseStatistics
    spend: SpendStatistics

    def __len__(self) -> int:
        return len(self.purchases)

    def rows(self, chosen: npt.NDArray[np.int64]) -> Customers:
        """Return some of them."""
        spend = SpendStatistics(self.spend.purchases[chosen], self.spend.mean_value[chosen])
        return Customers(self.purchases.rows(chosen), spend)


def forecasts(
    model: CountModel, values: GammaGamma, customers: Customers, horizon: Horizon, *, knows_losses: bool
) -> Forecasts:
    """Return what customers are expected to do; each row is what it would be among any others.

    knows_losses  whether the model tells lost customers from silent ones; otherwise bands go by silence
    """
    found = scored(model, values, customers, horizon)
    low, high, variance = _ranges(model, values, customers, horizon, found)
    late = due_after(model, customers.purchases, LATEST)
    silent = customers.purchases.observed - customers.purchases.last
    return Forecasts(
        found.probability_active,
        found.expected_purchases,
        found.discounted_value,
        low,
        high,
        variance,
        bands(model, customers.purchases, found.probability_active, knows_losses=knows_losses),
        # A day begins at midnight: what is due in the course of one is due on it.
        np.floor(due_after(model, customers.purchases, MEDIAN) * DAYS_IN_WEEK),
        np.floor(late * DAYS_IN_WEEK) < np.rint(silent * DAYS_IN_WEEK),
    )


def scored(model: CountModel, values: GammaGamma, customers: Customers, horizon: Horizon) -> Score:
    """Return the score of customers."""
    rate = horizon.annual_discount_rate
    return score(model, values, customers.purchases, customers.spend, weeks=horizon.weeks, annual_discount_rate=rate)


def total_value(customers: Customers, horizon: Horizon, most: int) -> Callable[[CountModel, GammaGamma], float]:
    """Return how models give the total that customers bring; of more than `most`, some stand for all."""
    chosen = np.unique(np.linspace(0, len(customers) - 1, min(most, len(customers))).astype(np.int64))
    some, share = customers.rows(chosen), len(customers) / len(chosen)
    return lambda model, values: share * float(scored(model, values, some, horizon).discounted_value.sum())


def _ranges(
    model: CountModel, values: GammaGamma, customers: Customers, horizon: Horizon, found: Score
) -> tuple[Array, Array, Array]:
    """Return the ends of the ranges, and the variances; the exact range where the second moment is infinite."""
    about = approximate_spend(model, values, customers.purchases, customers.spend, weeks=horizon.weeks)
    low, high = about.quantiles([_LOW, _HIGH])
    variance = about.second - about.mean**2
    for rows in _few_at_once(np.flatnonzero(~np.isfinite(low + high + variance))):
        some = customers.rows(rows)
        given = model, values, some.purchases, some.spend
        low[rows], high[rows] = spend_quantiles(*given, weeks=horizon.weeks, levels=[_LOW, _HIGH])
        # There is no variance: that of a normal distribution with the same range stands for it.
        variance[rows] = ((high[rows] - low[rows]) / _WIDTH_OF_80) ** 2
    share = found.discounted_share
    return low * share, high * share, variance * share**2


def _few_at_once(rows: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    return [rows[start : start + _EXACT_AT_ONCE] for start in range(0, len(rows), _EXACT_AT_ONCE)]
