"""What came of fitting: the models that were tried, how each did on time it had not seen, and which one won."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.domain.lifetime_value.back_test import BackTest, Errors, SpendBackTest
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.fit import Fit
from api.domain.lifetime_value.flags import Flag
from api.domain.lifetime_value.hold_out import HoldOut
from api.domain.lifetime_value.nbd import NegativeBinomial
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.renewal_models import RenewalModel
from api.domain.lifetime_value.segments import SegmentBasis
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics

MOST_SEGMENTS = 20
"""Parts that have a model of their own, the largest ones; the others go by the model of all."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The models that were fitted to the purchases of the same customers.

    counts        models of repeat buying, by name
    without_loss  NBD: what they have to do better than, or nothing is known of losses
    spend         of what a purchase is worth
    """

    counts: Mapping[str, Fit[CountModel]]
    without_loss: Fit[NegativeBinomial]
    spend: Fit[GammaGamma]


@dataclass(frozen=True, slots=True, eq=False)
class Parent:
    """The models of a larger group, which those of a part are drawn towards, and what its purchases were worth."""

    candidates: Candidates
    spend: SpendStatistics


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """How the candidates did on a hold-out, fitted to what came before it.

    best            name of the model that is judged to the end: the winner of the longest hold-out
    tests           of repeat buying, by the name of the model
    spend_test      of the value of all purchases, as the best model and Gamma-Gamma tell it
    repeated_value  of the rule that everybody spends what they spent in the same time before
    """

    hold_out: HoldOut
    candidates: Candidates
    best: str
    tests: Mapping[str, BackTest]
    spend_test: SpendBackTest
    repeated_value: Errors

    @property
    def parent(self) -> Parent:
        """What models of a part of these customers are drawn towards: nothing in it has seen what was held out."""
        return Parent(self.candidates, self.hold_out.spend)


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """Models fitted to purchases up to the end of a day.

    winner      name of the model that told best what came in the longest hold-out; MBG/NBD where there was none
    flags       what holds of it from now on
    trials      by length of the hold-out, the longest first; none where the history is too short
    days        the purchases that were seen
    first, until
                numbers of the first day with a purchase and of the last day that was seen
    purchases   the same as statistics
    customers   how many there are; more than were seen where a sample had to do
    renewals    how long things with a term are kept
    """

    winner: str
    candidates: Candidates
    flags: frozenset[Flag]
    trials: tuple[Trial, ...]
    days: PurchaseDays
    first: int
    until: int
    purchases: PurchaseStatistics
    customers: int
    renewals: tuple[RenewalModel, ...] = ()

    @property
    def fit(self) -> Fit[CountModel]:
        """The fit of the winner to all that was seen."""
        return self.candidates.counts[self.winner]

    @property
    def seen(self) -> int:
        """How many customers the models were fitted to."""
        return len(self.purchases)

    @property
    def repeaters(self) -> int:
        """How many of them bought on more than one day."""
        return int((self.purchases.repeats > 0).sum())

    @property
    def parent(self) -> Parent:
        """What models of a part of these customers are drawn towards."""
        return Parent(self.candidates, self.days.spend())

    def trial_of(self, length: int) -> Trial | None:
        """Return how the candidates did on the hold-out of so many days, None where there was none."""
        return next((trial for trial in self.trials if trial.hold_out.length == length), None)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentModel:
    """The model of a part of the customers.

    value         what they have in common, such as DE
    score_of_all  log score of the model of all customers on the longest hold-out of these; None without one
    """

    value: str
    trained: Trained
    score_of_all: float | None

    @property
    def is_worse(self) -> bool:
        """Whether the model of all customers did better, where both were tested; this one is not kept then."""
        if not self.trained.trials or self.score_of_all is None:
            return False
        trial = self.trained.trials[0]
        return self.score_of_all > trial.tests[trial.best].log_score


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Models of parts of the customers, the largest part first.

    left  the parts that go by the model of all, with how many of each have bought: too few, or too many parts
    """

    by: SegmentBasis
    models: tuple[SegmentModel, ...]
    left: Mapping[str, int]
