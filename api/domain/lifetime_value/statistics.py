"""What is known of customers' purchases up to a moment: how many there were, when, and what they were worth."""

from __future__ import annotations

from dataclasses import dataclass
from math import log1p

import numpy as np
import numpy.typing as npt

from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR

Integers = npt.NDArray[np.int64]


def weekly_rate(annual_rate: float) -> float:
    """Return the continuous discount rate per week that comes to a rate per year.

    >>> round(weekly_rate(0.1), 7)
    0.0018266
    """
    return log1p(annual_rate) / WEEKS_IN_YEAR


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseStatistics:
    """The purchases of n customers up to a moment, as far as the models of repeat buying need them.

    A purchase is a day on which the customer bought: orders of one day are one purchase. What the literature calls
    "recency" is `last`; it is not the time that has gone by since the last purchase.

    repeats   (n,) x, purchases after the first
    last      (n,) t_x, weeks from the first purchase to the last; 0 where that is the same
    observed  (n,) T, weeks from the first purchase to the moment
    """

    repeats: Array
    last: Array
    observed: Array

    @classmethod
    def of(cls, repeats: npt.ArrayLike, last: npt.ArrayLike, observed: npt.ArrayLike) -> PurchaseStatistics:
        """Return the statistics as arrays; raise ValueError where they cannot be those of any customers."""
        x, t_x, big_t = (np.atleast_1d(np.asarray(values, dtype=float)) for values in (repeats, last, observed))
        if not x.shape == t_x.shape == big_t.shape or x.ndim != 1:
            raise ValueError("repeats, last and observed are arrays of one dimension and of one length.")
        if not (np.isfinite(big_t).all() and (x >= 0).all() and (x == np.floor(x)).all()):
            raise ValueError("A number of purchases is whole and not negative, a time finite.")
        if not ((t_x >= 0) & (t_x <= big_t)).all():
            raise ValueError("The last purchase lies between the first and the moment.")
        if (t_x[x == 0] > 0).any():
            raise ValueError("The last purchase is counted from the first: with no repeat purchase it is at 0.")
        return cls(x, t_x, big_t)

    def __len__(self) -> int:
        return len(self.repeats)

    def rows(self, chosen: npt.NDArray[np.bool_] | Integers) -> PurchaseStatistics:
        """Return some of the customers."""
        return PurchaseStatistics(self.repeats[chosen], self.last[chosen], self.observed[chosen])

    def rescaled(self, unit: float) -> PurchaseStatistics:
        """Return the same with time counted in a unit of so many weeks."""
        return PurchaseStatistics(self.repeats, self.last / unit, self.observed / unit)

    def without_last(self) -> tuple[PurchaseStatistics, Integers]:
        """Return the different rows (k,) but for the last purchase, which is 0, and the row of each customer (n,).

        Exact as long as the largest number of purchases times the number of different times is below 2 ** 53.
        """
        times, place = np.unique(self.observed, return_inverse=True)
        most = self.repeats.max(initial=0) + 1
        codes, row = np.unique(place * most + self.repeats, return_inverse=True)
        repeats = codes % most
        observed = times[(codes // most).astype(np.int64)]
        return PurchaseStatistics(repeats, np.zeros_like(repeats), observed), row

    def distinct(self) -> tuple[PurchaseStatistics, Array, Integers]:
        """Return the different rows, how many customers have each (k,), and the row of each customer (n,)."""
        order = np.lexsort((self.repeats, self.last, self.observed))
        ordered = self.rows(order)
        new = np.ones(len(self), dtype=bool)
        new[1:] = (np.diff(ordered.repeats) != 0) | (np.diff(ordered.last) != 0) | (np.diff(ordered.observed) != 0)
        row = np.empty(len(self), dtype=np.int64)
        row[order] = np.cumsum(new) - 1
        return ordered.rows(new), np.bincount(row, minlength=int(new.sum())).astype(float), row


@dataclass(frozen=True, slots=True, eq=False)
class SpendStatistics:
    """What the purchases of n customers were worth, in one currency.

    purchases   (n,) how many are known; all of a customer's, the first one too, unless something else is said
    mean_value  (n,) their mean value, currency units; of any value where there is none
    """

    purchases: Array
    mean_value: Array

    @classmethod
    def of(cls, purchases: npt.ArrayLike, mean_value: npt.ArrayLike) -> SpendStatistics:
        """Return the statistics as arrays; raise ValueError where they cannot be those of any customers."""
        number, mean = (np.atleast_1d(np.asarray(values, dtype=float)) for values in (purchases, mean_value))
        if number.shape != mean.shape or number.ndim != 1:
            raise ValueError("purchases and mean_value are arrays of one dimension and of one length.")
        if not ((number >= 0) & np.isfinite(number) & np.isfinite(mean)).all():
            raise ValueError("A number of purchases is not negative, and a value is finite.")
        return cls(number, mean)

    def __len__(self) -> int:
        return len(self.purchases)

    def positive(self) -> SpendStatistics:
        """Return those customers who have bought something of value: the only ones a model of spend is fitted to."""
        chosen = (self.purchases > 0) & (self.mean_value > 0)
        return SpendStatistics(self.purchases[chosen], self.mean_value[chosen])
