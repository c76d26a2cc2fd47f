"""What is known of customers when their value is predicted, and by which model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from api.domain.lifetime_value.agreed_terms import AgreedTerm
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.flags import FRESH, Flag, extrapolated, knows_losses
from api.domain.lifetime_value.renewal_models import RenewalModels
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK


class PurchaseFacts(NamedTuple):
    """The purchases of one customer up to a day, and what the customer has agreed to for a time.

    days        on how many days there were any; `first_day` and `last_day` of them are None for none
    value_days  how many of them brought something, and `value`, what they brought in all, in the business's currency
    today       the day up to which purchases are known
    terms       subscriptions, support plans and contracts in force, or agreed for later
    """

    days: int
    first_day: date | None
    last_day: date | None
    value_days: int
    value: float
    today: date
    terms: tuple[AgreedTerm, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether these can be the purchases of anybody: none lies in the future, none is worth less than nothing."""
        if self.first_day is None or self.last_day is None:
            return self.days == 0
        ordered = self.first_day <= self.last_day <= self.today
        counted = 1 <= self.days <= (self.last_day - self.first_day).days + 1 and 0 <= self.value_days <= self.days
        return ordered and counted and self.value >= 0


def known_until(today: date, last_day: date | None) -> date:
    """Return the day up to which purchases are known: tomorrow for one from a till whose clock is ahead of midnight."""
    return today if last_day is None else min(max(today, last_day), today + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class FittedModel:
    """A model of repeat buying with one of spend, as they were fitted, and models of how long terms are kept.

    trained_from, trained_until  the purchases that were seen
    flags                        what was known to be wrong with it from then on
    shown                        what stands for the model in an answer
    """

    purchases: CountModel
    spend: GammaGamma
    currency: str
    trained_from: datetime
    trained_until: datetime
    fitted_at: datetime
    flags: frozenset[Flag]
    shown: object = None
    renewals: RenewalModels = field(default_factory=RenewalModels)

    def flags_on(self, today: date, weeks: float) -> tuple[Flag, ...]:
        """Return what may be wrong with a forecast made on a day, so many weeks ahead; in the order of the flags."""
        observed = (self.trained_until - self.trained_from) / timedelta(days=DAYS_IN_WEEK)
        late = {Flag.STALE: today - self.fitted_at.date() > FRESH, Flag.EXTRAPOLATED: extrapolated(weeks, observed)}
        return tuple(flag for flag in Flag if flag in self.flags or late.get(flag))

    @property
    def knows_losses(self) -> bool:
        """Whether the model can tell lost customers from silent ones well enough to be asked."""
        return knows_losses(self.flags)


def purchase_statistics(facts: Sequence[PurchaseFacts]) -> PurchaseStatistics:
    """Return the statistics of customers who have bought; who has not is taken for somebody who just did."""
    firsts = [one.first_day or one.today for one in facts]
    return PurchaseStatistics.of(
        [max(one.days - 1, 0) for one in facts],
        [((one.last_day or one.today) - first).days / DAYS_IN_WEEK for one, first in zip(facts, firsts, strict=True)],
        [(one.today - first).days / DAYS_IN_WEEK for one, first in zip(facts, firsts, strict=True)],
    )


def spend_statistics(facts: Sequence[PurchaseFacts]) -> SpendStatistics:
    """Return what the purchases of customers were worth, those that were worth something."""
    means = [one.value / one.value_days if one.value_days else 0.0 for one in facts]
    return SpendStatistics.of([one.value_days for one in facts], means)
