"""What is known of many customers' purchases, as columns: a page of them is judged in hardly more time than one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from api.domain.lifetime_value.agreed_terms import AgreedTerm
from api.domain.lifetime_value.facts import PurchaseFacts
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import Integers, PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK

Booleans = npt.NDArray[np.bool_]
Terms = tuple[AgreedTerm, ...]
COLUMNS = ("days", "first", "last", "value_days", "value")


@dataclass(frozen=True, slots=True, eq=False)
class PurchaseTable:
    """The purchases of n customers up to a day, and what they have agreed to for a time.

    today        the day of the moment
    days         (n,) on how many days there were any
    first, last  (n,) how many days before today the first and the last of them were; NaN for none
    value_days   (n,) how many of them brought something, and `value`, what they brought in all
    terms        of each; empty where nobody has any
    """

    today: date
    days: Array
    first: Array
    last: Array
    value_days: Array
    value: Array
    terms: Sequence[Terms] = ()

    @classmethod
    def of(cls, today: date, columns: Sequence[Sequence[float | None]], terms: Sequence[Terms] = ()) -> PurchaseTable:
        """Return the table of `COLUMNS`."""
        days, first, last, value_days, value = np.array(columns, dtype=float)
        return cls(today, days, first, last, value_days, value, terms)

    def __len__(self) -> int:
        return len(self.days)

    @property
    def bought(self) -> Booleans:
        """Who (n,) has bought anything."""
        return self.days > 0

    @property
    def are_sound(self) -> Booleans:
        """Whose purchases (n,) can be anybody's: none lies beyond tomorrow, none is worth less than nothing."""
        ordered = (self.first >= self.last) & (self.last >= -1) & (self.value >= 0)
        counted = (self.days >= 1) & (self.days <= self.first - self.last + 1)
        valued = (self.value_days >= 0) & (self.value_days <= self.days)
        return np.where(np.isnan(self.last), self.days == 0, ordered & counted & valued)

    @property
    def _ahead(self) -> Booleans:
        # A till's clock may be ahead of midnight: who bought there has purchases that are known until tomorrow.
        return self.last < 0

    @property
    def have_terms(self) -> Booleans:
        """Who (n,) has agreed to anything for a time."""
        return np.array([bool(mine) for mine in self.terms]) if self.terms else np.zeros(len(self), dtype=bool)

    def rows(self, places: Sequence[int] | Integers) -> PurchaseTable:
        """Return some of the customers."""
        days, first, last, value_days, value = (
            each[places] for each in (self.days, self.first, self.last, self.value_days, self.value)
        )
        terms = [self.terms[place] for place in places] if self.terms else ()
        return PurchaseTable(self.today, days, first, last, value_days, value, terms)

    def one(self, place: int) -> PurchaseFacts:
        """Return what is known of one of them."""
        terms = self.terms[place] if self.terms else ()
        if not self.bought[place]:
            return PurchaseFacts(0, None, None, 0, 0.0, self.today, terms)
        days, first, last, value_days, ahead = (
            int(each[place]) for each in (self.days, self.first, self.last, self.value_days, self._ahead)
        )
        first_day, last_day, until = (self.today - timedelta(days=ago) for ago in (first, last, -ahead))
        return PurchaseFacts(days, first_day, last_day, value_days, float(self.value[place]), until, terms)

    @property
    def purchases(self) -> PurchaseStatistics:
        """The statistics of sound purchases; who has not bought is taken for somebody who just did."""
        some = self.bought
        first, last = np.where(some, self.first, 0.0), np.where(some, self.last, 0.0)
        return PurchaseStatistics(
            np.maximum(self.days - 1, 0.0), (first - last) / DAYS_IN_WEEK, (first + self._ahead) / DAYS_IN_WEEK
        )

    @property
    def spend(self) -> SpendStatistics:
        """What the purchases were worth, those that were worth something."""
        return SpendStatistics(self.value_days, self.value / np.maximum(self.value_days, 1.0))
