"""How good a forecast was: its bias and errors, how it ranks customers, and whether its probabilities are true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import Integers

Booleans = npt.NDArray[np.bool_]
_SMALLEST = 1e-300


def bias(predicted: Array, actual: Array) -> float:
    """Return by which share of the actual total the predicted one is off: 0.1 for 10 % too much."""
    return float(predicted.sum() / actual.sum() - 1)


def mean_absolute_error(predicted: Array, actual: Array) -> float:
    """Return the mean absolute error of one customer's forecast (MAE)."""
    return float(np.abs(predicted - actual).mean())


def root_mean_square_error(predicted: Array, actual: Array) -> float:
    """Return the root of the mean squared error of one customer's forecast (RMSE)."""
    return float(np.sqrt(((predicted - actual) ** 2).mean()))


def ranks(values: Array) -> Array:
    """Return the ranks of values (n,), from 1 on; equal values share the mean of theirs.

    >>> ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, row, number = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(number) - (number - 1) / 2)[row]


def rank_correlation(predicted: Array, actual: Array) -> float:
    """Return Spearman's correlation of ranks; 0 where all predictions are the same."""
    first, second = ranks(predicted), ranks(actual)
    first, second = first - first.mean(), second - second.mean()
    size = np.sqrt((first @ first) * (second @ second))
    return float(first @ second / size) if size else 0.0


def captured(predicted: Array, actual: Array, share: float) -> float:
    """Return which share of the actual total comes from the share of customers who are predicted to bring most."""
    customers, brought = capture_curve(predicted, actual)
    return float(np.interp(share, customers, brought))


def capture_curve(predicted: Array, actual: Array) -> tuple[Array, Array]:
    """Return the share of customers, those predicted to bring most first, and the share of the total they brought.

    What customers with equal predictions brought counts as evenly spread, so that no order of rows matters.

    returns  two arrays (k + 1,) from 0 to 1, for k different predictions
    """
    _, group = np.unique(-predicted, return_inverse=True)
    customers = np.bincount(group).cumsum() / len(actual)
    brought = np.bincount(group, weights=actual).cumsum() / actual.sum()
    return np.append(0.0, customers), np.append(0.0, brought)


def gini(predicted: Array, actual: Array) -> float:
    """Return how well predictions rank customers by what they bring: 1 for the perfect order, 0 for none at all."""
    perfect = _area(actual, actual)
    return _area(predicted, actual) / perfect if perfect else 0.0


def _area(predicted: Array, actual: Array) -> float:
    customers, brought = capture_curve(predicted, actual)
    return float(np.sum(np.diff(customers) * (brought[1:] + brought[:-1])) - 1)


def area_under_curve(probability: Array, happened: Booleans) -> float:
    """Return how probable it is that a customer with the event had the higher probability than one without (AUC).

    It is 0.5 where all customers, or none, had the event.
    """
    events, others = float(happened.sum()), float((~happened).sum())
    if not events * others:
        return 0.5
    return float((ranks(probability)[happened].sum() - events * (events + 1) / 2) / (events * others))


def brier(probability: Array, happened: Booleans) -> float:
    """Return the mean squared error of probabilities: Brier (1950), Monthly Weather Review 78(1)."""
    return float(((probability - happened) ** 2).mean())


def calibration_error(probability: Array, happened: Booleans, groups: int = 10) -> float:
    """Return how far probabilities are off in the mean over groups of about equal size in their order (ECE).

    Customers with the same probability are in the same group.
    """
    edges = np.quantile(probability, np.arange(1, groups) / groups)
    off = np.bincount(np.digitize(probability, edges), weights=probability - happened)
    return float(np.abs(off).sum() / len(probability))


def coverage(low: Integers, high: Integers, actual: Array) -> float:
    """Return the share of customers whose number of purchases is in a range (n,) from one number to another.

    Between quantiles of whole numbers there are more than their due: it is the coverage of what people are shown.
    """
    return float(((low <= actual) & (actual <= high)).mean())


def fair_coverage(below: Array, upto: Array, low: float = 0.1, high: float = 0.9) -> float:
    """Return the share of outcomes between two quantiles, each spread evenly over its own probability (randomised PIT).

    Czado, Gneiting & Held (2009), "Predictive model assessment for count data", Biometrics 65(4). What they draw at
    random is taken in the mean, so that the figure is the same every time; it is `high - low` for a true distribution.

    below, upto  (n,) probability of less than the outcome, and of at most the outcome
    """
    size = upto - below
    inside = np.clip(np.minimum(upto, high) - np.maximum(below, low), 0, None)
    exact = ((below >= low) & (below <= high)).astype(float)
    return float(np.where(size > 0, inside / np.where(size > 0, size, 1.0), exact).mean())


def log_score(probability: Array) -> float:
    """Return the sum of the logarithms of the probabilities (n,) that what came had; finite also where it had none."""
    return float(np.log(np.maximum(probability, _SMALLEST)).sum())


@dataclass(frozen=True, slots=True)
class Decile:
    """A tenth of the customers, by what they were predicted to bring.

    predicted, actual  means of one customer
    share              of the actual total
    """

    predicted: float
    actual: float
    share: float


def deciles(predicted: Array, actual: Array) -> list[Decile]:
    """Return the tenths of the customers, those with the highest predictions first."""
    order = np.argsort(-predicted, kind="stable")
    total = actual.sum()
    return [
        Decile(float(predicted[part].mean()), float(actual[part].mean()), float(actual[part].sum() / total))
        for part in np.array_split(order, 10)
    ]
