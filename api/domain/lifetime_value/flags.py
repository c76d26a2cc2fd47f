"""What a reader of a forecast has to know of the model behind it before they trust it."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from api.domain.lifetime_value.back_test import BackTest
from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.fit import Fit
from api.domain.lifetime_value.nbd import NegativeBinomial
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import PurchaseStatistics
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR

FEWEST_CUSTOMERS, FEWEST_REPEATERS = 500, 100
FRESH = timedelta(days=60)
_UNKNOWN_ERROR = 1.5
_SMALLEST_DROPOUT = 0.005
_SMALLEST_GAIN = 3.0
_PEAK = 1.3
_SHORT_HISTORY = 1.5 * WEEKS_IN_YEAR
_FAR = 3.0
_LATE_WEEKS, _YEAR_OF_WEEKS = 4, 52


class Flag(StrEnum):
    """What may be wrong with a forecast.

    ATTRITION_NOT_IDENTIFIED  the data cannot tell lost customers from silent ones: a rule about silence judges better
    SMALL_SAMPLE              fewer than 500 customers, or 100 who bought again
    STALE                     the model was fitted more than 60 days ago, or has seen nothing since
    PRIOR                     nothing was fitted: the parameters are those believed before any data
    SEASON_RISK               the data ends in a peak, or is shorter than 18 months: a season may pass for a trend
    EXTRAPOLATED              the horizon is more than three times as long as the customers were observed
    LOW_CONFIDENCE            in the last back-test repeating the last period was clearly better
    ORDERS_UNKNOWN            the customer has placed no order yet: what is expected comes from other streams alone
    RENEWALS_UNKNOWN          too few terms like those of the customer were seen: larger groups, or a belief, stand in
    """

    ATTRITION_NOT_IDENTIFIED = "ATTRITION_NOT_IDENTIFIED"
    SMALL_SAMPLE = "SMALL_SAMPLE"
    STALE = "STALE"
    PRIOR = "PRIOR"
    SEASON_RISK = "SEASON_RISK"
    EXTRAPOLATED = "EXTRAPOLATED"
    LOW_CONFIDENCE = "LOW_CONFIDENCE"
    ORDERS_UNKNOWN = "ORDERS_UNKNOWN"
    RENEWALS_UNKNOWN = "RENEWALS_UNKNOWN"


def attrition_identified(fit: Fit[CountModel], without_loss: Fit[NegativeBinomial]) -> bool:
    """Return whether the data tells lost customers from silent ones.

    without_loss  NBD fitted to the same customers
    """
    # The third parameter is the one that losses come from: a of BG/NBD, s of Pareto/NBD.
    if fit.likelihood_errors[2] > _UNKNOWN_ERROR:
        return False
    if fit.log_likelihood - without_loss.log_likelihood < _SMALLEST_GAIN:
        return False
    model = fit.model
    return not (isinstance(model, BetaGeometric) and model.a / (model.a + model.b) < _SMALLEST_DROPOUT)


def small_sample(purchases: PurchaseStatistics) -> bool:
    """Return whether there are too few customers, or too few who bought again."""
    return len(purchases) < FEWEST_CUSTOMERS or int((purchases.repeats > 0).sum()) < FEWEST_REPEATERS


def knows_losses(flags: frozenset[Flag]) -> bool:
    """Return whether a model can tell lost customers from silent ones well enough to be asked."""
    return not {Flag.ATTRITION_NOT_IDENTIFIED, Flag.SMALL_SAMPLE} & flags


def stale(seen: date, today: date) -> bool:
    """Return whether it is too long ago that a model was fitted, or that it has seen anything."""
    return today - seen > FRESH


def season_risk(purchases_per_customer: Array, history_weeks: float) -> bool:
    """Return whether a season may pass for a trend.

    purchases_per_customer  (w,) purchases in each week by each customer known by then, the latest week last
    history_weeks           since the first purchase of all
    """
    year = purchases_per_customer[-_YEAR_OF_WEEKS:]
    peak = len(year) > 0 and bool(year[-_LATE_WEEKS:].mean() > _PEAK * year.mean())
    return peak or history_weeks < _SHORT_HISTORY


def extrapolated(weeks: float, observed_weeks: float) -> bool:
    """Return whether a horizon is far longer than the time that the model was fitted to."""
    return weeks > _FAR * observed_weeks


def model_flags(
    fit: Fit[CountModel],
    without_loss: Fit[NegativeBinomial],
    purchases: PurchaseStatistics,
    *,
    season: bool,
    test: BackTest | None,
) -> frozenset[Flag]:
    """Return what holds of a model from when it is fitted on; the others depend on the read.

    season  whether a season may pass for a trend
    test    the last back-test, None where the history is too short for one
    """
    found = {
        Flag.ATTRITION_NOT_IDENTIFIED: not attrition_identified(fit, without_loss),
        Flag.SMALL_SAMPLE: small_sample(purchases),
        Flag.SEASON_RISK: season,
        Flag.LOW_CONFIDENCE: test is not None and test.low_confidence,
    }
    return frozenset(flag for flag, raised in found.items() if raised)
