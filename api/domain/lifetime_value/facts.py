"""What is known of customers when their value is predicted, and by which model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from api.domain.lifetime_value.agreed_terms import AgreedTerm
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.fit import restored
from api.domain.lifetime_value.flags import Flag, extrapolated, knows_losses, stale
from api.domain.lifetime_value.renewal_models import RenewalModel, RenewalModels
from api.domain.lifetime_value.spend import GammaGamma
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

    @classmethod
    def of(cls, told: Mapping[str, Any], shown: object = None) -> FittedModel:
        """Return a model as it is kept: by the names of the columns, what is JSON as plain values."""
        return cls(
            purchases=restored(told["method"], told["parameters"]),
            spend=GammaGamma(**told["spend_parameters"]),
            currency=told["currency"],
            trained_from=told["trained_from"],
            trained_until=told["trained_until"],
            fitted_at=told["recorded_at"],
            flags=frozenset(Flag(name) for name in told["flags"]),
            shown=shown,
            renewals=RenewalModels([RenewalModel.of(each) for each in told["renewals"]]),
        )

    def flags_on(self, today: date, weeks: float) -> tuple[Flag, ...]:
        """Return what may be wrong with a forecast made on a day, so many weeks ahead; in the order of the flags."""
        observed = (self.trained_until - self.trained_from) / timedelta(days=DAYS_IN_WEEK)
        late = {
            Flag.STALE: stale(min(self.fitted_at, self.trained_until).date(), today),
            Flag.EXTRAPOLATED: extrapolated(weeks, observed),
        }
        return tuple(flag for flag in Flag if flag in self.flags or late.get(flag))

    @property
    def knows_losses(self) -> bool:
        """Whether the model can tell lost customers from silent ones well enough to be asked."""
        return knows_losses(self.flags)
