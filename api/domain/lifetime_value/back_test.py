"""Back-tests: what a model fitted to data up to a moment says of the time after it, beside what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from api.domain.lifetime_value import calibration
from api.domain.lifetime_value.calibration import Decile
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.intervals import money_at_most, quantile
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.spend import GammaGamma, SpendPosterior
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics

HISTORIC_RATE, HIATUS, LAST_PERIOD = "historic rate", "hiatus rule", "last period repeated"
HIATUS_WEEKS = 13.0
DEFAULT = "MBG/NBD"
_TIE = 1.0
_NAIVE_IS_TRUE, _MODEL_IS_OFF = 0.1, 0.25


class NothingToCompare(ValueError):
    """Nobody bought anything in the time that was held out."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What n customers bought in the weeks after a moment.

    purchases   (n,) how often they bought
    weeks       how long that time was
    last_period (n,) how often they had bought in the same number of weeks before the moment, None where it is not known
    """

    purchases: Array
    weeks: float
    last_period: Array | None = None


@dataclass(frozen=True, slots=True)
class Errors:
    """How a forecast of one figure for each customer did; see `calibration` for each measure."""

    bias: float
    mean_absolute: float
    root_mean_square: float
    rank_correlation: float
    gini: float
    top_decile_capture: float


@dataclass(frozen=True, slots=True)
class BackTest:
    """How a model of repeat buying did on a time that was held out.

    model             its name
    weeks             how long that time was
    customers         how many there were
    errors            of the expected number of purchases
    naive             of rules that need no model, by their names
    log_score         sum over the customers of the logarithm of the probability that what came had
    area_under_curve, brier, calibration_error
                      of the probability of any purchase
    accuracy          share of customers of whom "more probable than not" was right
    mean_probability_active, share_active
                      predicted and actual share of customers with a purchase
    coverage_80       share of outcomes within the range from the 10 % to the 90 % quantile
    fair_coverage_80  the same, were numbers of purchases not whole: 0.8 for a true distribution
    reliability       predicted and actual share with a purchase, by tenths of the customers
    """

    model: str
    weeks: float
    customers: int
    errors: Errors
    naive: dict[str, Errors]
    log_score: float
    area_under_curve: float
    brier: float
    calibration_error: float
    accuracy: float
    mean_probability_active: float
    share_active: float
    coverage_80: float
    fair_coverage_80: float
    reliability: tuple[Decile, ...]

    @property
    def low_confidence(self) -> bool:
        """Whether repeating the last period was clearly the better forecast, so that both are to be shown."""
        repeated = self.naive.get(LAST_PERIOD)
        if repeated is None or repeated.mean_absolute >= self.errors.mean_absolute:
            return False
        return abs(repeated.bias) < _NAIVE_IS_TRUE and abs(self.errors.bias) > _MODEL_IS_OFF


@dataclass(frozen=True, slots=True)
class SpendBackTest:
    """How a model of repeat buying and one of spend did on a time that was held out.

    errors            of the expected value of all purchases
    fair_coverage_80  share of outcomes between the 10 % and the 90 % quantile of the exact mixture, 0.8 if that is true
    deciles           predicted and actual value of a customer, by tenths of the customers
    """

    model: str
    errors: Errors
    fair_coverage_80: float
    deciles: tuple[Decile, ...]


def back_test(model: CountModel, purchases: PurchaseStatistics, outcome: Outcome) -> BackTest:
    """Return how a model did; raise NothingToCompare where nothing was bought.

    purchases  of n customers up to the moment
    outcome    of the same customers after it
    """
    actual, weeks = outcome.purchases, outcome.weeks
    active = actual > 0
    if not active.any():
        raise NothingToCompare("Nobody bought anything in the time that was held out.")
    rows, _, row = purchases.distinct()
    counts, number = model.count_probabilities(rows, weeks, int(actual.max())), actual.astype(np.int64)
    probability = model.probability_active(rows, weeks)[row]
    seen, upto = counts[row, number], np.cumsum(counts, axis=1)[row, number]
    return BackTest(
        model=model.name,
        weeks=weeks,
        customers=len(actual),
        errors=errors_of(model.expected_purchases(rows, weeks)[row], actual),
        naive=naive_errors(purchases, outcome),
        log_score=calibration.log_score(seen),
        area_under_curve=calibration.area_under_curve(probability, active),
        brier=calibration.brier(probability, active),
        calibration_error=calibration.calibration_error(probability, active),
        accuracy=float(((probability > 0.5) == active).mean()),
        mean_probability_active=float(probability.mean()),
        share_active=float(active.mean()),
        coverage_80=calibration.coverage(quantile(counts, 0.1)[row], quantile(counts, 0.9)[row], actual),
        fair_coverage_80=calibration.fair_coverage(upto - seen, upto),
        reliability=tuple(calibration.deciles(probability, active.astype(float))),
    )


def spend_back_test(
    model: CountModel,
    values: GammaGamma,
    purchases: PurchaseStatistics,
    spend: SpendStatistics,
    *,
    actual: Array,
    weeks: float,
    most: int = 127,
) -> SpendBackTest:
    """Return how two models did on the value of purchases; raise NothingToCompare where there was none.

    purchases, spend  of n customers up to the moment
    actual            (n,) value of what they bought in the weeks after it
    most              how many purchases of one customer are looked at
    """
    if not actual.sum() > 0:
        raise NothingToCompare("Nobody bought anything in the time that was held out.")
    rows, _, row = purchases.distinct()
    counts = model.count_probabilities(rows, weeks, most)[row]
    known, some = values.posterior(spend), actual > 0
    below, upto = np.zeros(len(actual)), counts[:, 0].copy()
    buyers = SpendPosterior(known.p, known.shape[some], known.rate[some])
    below[some] = upto[some] = money_at_most(counts[some], buyers, actual[some])
    predicted = model.expected_purchases(rows, weeks)[row] * values.expected_value(spend)
    return SpendBackTest(
        f"{model.name} x {values.name}",
        errors_of(predicted, actual),
        calibration.fair_coverage(below, upto),
        tuple(calibration.deciles(predicted, actual)),
    )


def errors_of(predicted: Array, actual: Array) -> Errors:
    """Return how a forecast (n,) did; the actual figures are not all 0."""
    return Errors(
        calibration.bias(predicted, actual),
        calibration.mean_absolute_error(predicted, actual),
        calibration.root_mean_square_error(predicted, actual),
        calibration.rank_correlation(predicted, actual),
        calibration.gini(predicted, actual),
        calibration.captured(predicted, actual, 0.1),
    )


def historic_rate(purchases: PurchaseStatistics, weeks: float, *, hiatus: float | None = None) -> Array:
    """Return what customers buy (n,) if they go on as they did; nothing from those silent for longer than a hiatus.

    hiatus  weeks, None for no such rule
    """
    observed = purchases.observed
    rate = np.where(observed > 0, purchases.repeats / np.where(observed > 0, observed, 1.0), 0.0)
    if hiatus is not None:
        rate = np.where(observed - purchases.last <= hiatus, rate, 0.0)
    return rate * weeks


def naive_errors(purchases: PurchaseStatistics, outcome: Outcome) -> dict[str, Errors]:
    """Return how rules did that need no model, by their names."""
    rules = {
        HISTORIC_RATE: historic_rate(purchases, outcome.weeks),
        HIATUS: historic_rate(purchases, outcome.weeks, hiatus=HIATUS_WEEKS),
    }
    if outcome.last_period is not None:
        rules[LAST_PERIOD] = outcome.last_period
    return {name: errors_of(predicted, outcome.purchases) for name, predicted in rules.items()}


def winner(tests: Sequence[BackTest]) -> BackTest:
    """Return the test of the model that gave what came the highest probability; MBG/NBD where it is as good.

    Log scores that differ by less than 1 are taken for equal.
    """
    best = max(tests, key=lambda test: test.log_score)
    for test in tests:
        if test.model == DEFAULT and best.log_score - test.log_score < _TIE:
            return test
    return best
