"""What a model says beside what came, in sums over many customers: by week, and by how often they had bought before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import Integers
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK

MOST_REPEATS = 7


@dataclass(frozen=True, slots=True, eq=False)
class Tracking:
    """Repeat purchases of some customers since the first day of all, summed up.

    weeks     (w,) 1, 2, 3, …
    actual    (w,) until the end of each week
    expected  (w,) the same as a model tells it that knows nothing but when each customer came
    """

    weeks: Array
    actual: Array
    expected: Array


def tracking(days: PurchaseDays, model: CountModel, *, known: Integers, until: int) -> Tracking:
    """Return the repeat purchases of customers up to a day, whole weeks only.

    known  (n,) numbers of the customers; those who came later have none that a model could have told
    """
    some = days.of_customers(known).until(until)
    begin = int(some.days.min())
    weeks = np.arange(1, (until - begin + 1) // DAYS_IN_WEEK + 1)
    _, starts = np.unique(some.customers, return_index=True)
    first, number = np.unique(some.days[starts] - begin, return_counts=True)
    bought = np.bincount((some.days - begin) // DAYS_IN_WEEK, minlength=len(weeks) + 1)
    new = np.bincount((some.days[starts] - begin) // DAYS_IN_WEEK, minlength=len(weeks) + 1)
    horizon = np.maximum(weeks[:, None] - first / DAYS_IN_WEEK, 0)
    expected = model.expected_of_new(horizon.ravel()).reshape(horizon.shape) @ number
    return Tracking(weeks.astype(float), np.cumsum(bought - new)[: len(weeks)].astype(float), expected)


@dataclass(frozen=True, slots=True)
class Group:
    """Customers who had bought again equally often, the last group also those who had more often.

    expected, actual  mean purchases of one of them in the time held out
    """

    repeats: int
    customers: int
    expected: float
    actual: float


def by_repeats(repeats: Array, expected: Array, actual: Array) -> list[Group]:
    """Return the groups of customers (n,) by their repeat purchases before; none for what nobody had."""
    group = np.minimum(repeats, MOST_REPEATS).astype(np.int64)
    number = np.bincount(group)
    sums = (np.bincount(group, weights=each) for each in (expected, actual))
    rows = zip(number.tolist(), *(each.tolist() for each in sums), strict=True)
    return [Group(x, count, told / count, came / count) for x, (count, told, came) in enumerate(rows) if count]
