"""The days on which customers bought, and what they come to before and after a day."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import Integers, PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """What is known of n customers at the end of a day, in the order of their numbers.

    customers     (n,) their numbers
    purchases     when they bought
    spend         the value of all their purchases
    repeat_spend  the value of those after the first alone, as the literature has it
    """

    customers: Integers
    purchases: PurchaseStatistics
    spend: SpendStatistics
    repeat_spend: SpendStatistics


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseDays:
    """One row for each customer and day with a purchase, in the order of customer and day.

    customers  (m,) numbers of customers
    days       (m,) days since any one day
    values     (m,) what was bought on the day, currency units
    """

    customers: Integers
    days: Integers
    values: Array

    @classmethod
    def of(cls, customers: npt.ArrayLike, days: npt.ArrayLike, values: npt.ArrayLike) -> PurchaseDays:
        """Return the days of orders (m,) in any order; several orders of one customer on one day are one purchase."""
        who, when = np.asarray(customers, dtype=np.int64), np.asarray(days, dtype=np.int64)
        order = np.lexsort((when, who))
        who, when, worth = who[order], when[order], np.asarray(values, dtype=float)[order]
        starts = _starts((np.diff(who) != 0) | (np.diff(when) != 0), len(who))
        return cls(who[starts], when[starts], np.add.reduceat(worth, starts) if len(who) else worth)

    @property
    def fingerprint(self) -> str:
        """What tells these purchases from any others: SHA-256 of the three arrays, as 64 hexadecimal digits."""
        digest = sha256()
        for each in (self.customers, self.days, self.values):
            digest.update(each.astype(each.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()

    def until(self, day: int) -> PurchaseDays:
        """Return the purchases up to the end of a day."""
        return self._rows(self.days <= day)

    def histories(self, day: int) -> Histories:
        """Return what is known of the customers at the end of a day: of those who have bought by then."""
        known = self.until(day)
        starts = _starts(np.diff(known.customers) != 0, len(known.customers))
        ends = np.append(starts[1:], len(known.customers))[: len(starts)]
        number = (ends - starts).astype(float)
        total = np.add.reduceat(known.values, starts) if len(starts) else np.empty(0)
        first, last = known.days[starts], known.days[ends - 1]
        repeated = total - known.values[starts]
        return Histories(
            known.customers[starts],
            PurchaseStatistics.of(number - 1, (last - first) / DAYS_IN_WEEK, (day - first) / DAYS_IN_WEEK),
            SpendStatistics.of(number, total / number),
            SpendStatistics.of(number - 1, repeated / np.maximum(number - 1, 1)),
        )

    def spend(self) -> SpendStatistics:
        """Return what the purchases of each customer were worth, on those days on which they were worth anything."""
        _, row = np.unique(self.customers, return_inverse=True)
        worth = np.maximum(self.values, 0.0)
        number = np.bincount(row, weights=worth > 0)
        return SpendStatistics.of(number, np.bincount(row, weights=worth) / np.maximum(number, 1))

    def of_customers(self, customers: Integers) -> PurchaseDays:
        """Return the purchases of some customers."""
        return self._rows(np.isin(self.customers, customers))

    def per_known_customer(self, day: int) -> Array:
        """Return the purchases in each of the weeks (w,) up to a day by each customer known by its end, oldest first.

        The first week, of which a part may be missing, is left out.
        """
        known = self.until(day)
        starts = _starts(np.diff(known.customers) != 0, len(known.customers))
        back = (day - known.days) // DAYS_IN_WEEK
        weeks = int(back.max(initial=-1)) + 1
        bought = np.bincount(back, minlength=weeks)[::-1]
        new = np.bincount(back[starts], minlength=weeks)[::-1]
        found: Array = bought[1:] / np.cumsum(new)[1:]
        return found

    def between(self, customers: Integers, *, after: int, until: int) -> tuple[Array, Array]:
        """Return how often each of some customers bought after one day and up to another, and for how much.

        customers  (n,) in ascending order; the purchases of others are left out
        returns    two arrays (n,): purchases, and their total value
        """
        chosen = self._rows((self.days > after) & (self.days <= until) & np.isin(self.customers, customers))
        row = np.searchsorted(customers, chosen.customers)
        counted: Array = np.bincount(row, minlength=len(customers)).astype(float)
        total: Array = np.bincount(row, weights=chosen.values, minlength=len(customers)).astype(float)
        return counted, total

    def _rows(self, chosen: npt.NDArray[np.bool_]) -> PurchaseDays:
        return PurchaseDays(self.customers[chosen], self.days[chosen], self.values[chosen])


def _starts(changes: npt.NDArray[np.bool_], rows: int) -> Integers:
    """Return where each group of rows begins; `changes` says of every row but the first whether one does."""
    return np.append(0, np.flatnonzero(changes) + 1)[: None if rows else 0]
