"""The last stretch of a history, held out: what was known when it began, and what came within it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from api.domain.lifetime_value.back_test import Errors, Outcome, errors_of
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK

LENGTHS = (365, 90)
SETTLING = 182
"""Days for which a business is to be known beyond the length of a hold-out: half a year."""


@dataclass(frozen=True, slots=True, eq=False)
class HoldOut:
    """What n customers were known by at the end of a day, and what they bought in the days after it.

    cut               number of the last day that was seen
    length            days after it
    seen              all purchases up to the cut
    known             how often the customers had bought by then
    spend             and for how much, on the days on which it was worth anything
    purchases, value  (n,) what came: how often they bought in those days, and for how much
    last_purchases, last_value
                      (n,) the same of as many days before the cut
    """

    cut: int
    length: int
    seen: PurchaseDays
    known: PurchaseStatistics
    spend: SpendStatistics
    purchases: Array
    value: Array
    last_purchases: Array
    last_value: Array

    @classmethod
    def of(cls, days: PurchaseDays, *, until: int, length: int) -> HoldOut:
        """Return the days up to one of them as a hold-out; what comes later is not looked at."""
        cut = until - length
        seen = days.until(cut)
        known = seen.histories(cut)
        came = days.between(known.customers, after=cut, until=until)
        last = days.between(known.customers, after=cut - length, until=cut)
        return cls(cut, length, seen, known.purchases, seen.spend(), *came, *last)

    @property
    def weeks(self) -> float:
        """How long it is."""
        return self.length / DAYS_IN_WEEK

    @property
    def outcome(self) -> Outcome:
        """How often the customers bought in it, beside how often they had bought in the same time before it."""
        return Outcome(self.purchases, self.weeks, self.last_purchases)

    def repeated_value(self) -> Errors:
        """Return how it does to say that everybody spends what they spent in the same time before."""
        return errors_of(self.last_value, self.value)


def hold_outs(days: PurchaseDays, until: int) -> Iterator[HoldOut]:
    """Yield the hold-outs that end with a day, the longest first, as far as the history before them is long enough.

    It is, when it is half a year longer than what is held out: the same time before the cut is there to be repeated,
    and a model has seen more of the customers than it is asked to tell.
    """
    first = int(days.days.min()) if len(days.days) else until
    for length in LENGTHS:
        if until - length - first + 1 >= length + SETTLING:
            found = HoldOut.of(days, until=until, length=length)
            if np.any(found.value > 0):
                yield found
