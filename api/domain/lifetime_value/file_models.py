"""Models fitted to all purchases there are, tried on the last stretch of them, and the total that they expect.

It fits, and so it imports scipy.optimize: no server takes it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from api.domain.lifetime_value.back_test import (
    LAST_PERIOD,
    BackTest,
    Errors,
    Outcome,
    SpendBackTest,
    back_test,
    errors_of,
    spend_back_test,
)
from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.fit import Fit, slopes_of, weak_prior
from api.domain.lifetime_value.fitting import NothingToFit, fit_beta_geometric, fit_gamma_gamma, fit_nbd
from api.domain.lifetime_value.flags import Flag, extrapolated, model_flags, season_risk
from api.domain.lifetime_value.forecasts import Customers, Forecasts, Horizon, total_value
from api.domain.lifetime_value.intervals import UNKNOWN_BACK_TEST_ERROR, spread_of_total
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import SpendStatistics
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK

FEWEST = 50
_LENGTHS, _SETTLING = (365, 90), 182
_MOST_FOR_SLOPES = 20_000
_LUCK = 0.05
_LEVEL_80 = 1.2815515655446004


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """How models fitted to what came before the last stretch did on it.

    cut, length     number of the last day that was seen, and days after it
    purchases       the back-test of repeat buying; `value`, that of money
    repeated_purchases, repeated_value
                    of the rule that everybody does what they did in the same time before
    """

    cut: int
    length: int
    purchases: BackTest
    value: SpendBackTest
    repeated_purchases: Errors
    repeated_value: Errors


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """What was fitted to the purchases of a file, and what is to be known of it.

    tried  None where the history is too short
    """

    purchases: Fit[BetaGeometric]
    spend: Fit[GammaGamma]
    flags: frozenset[Flag]
    tried: Tried | None

    @property
    def knows_losses(self) -> bool:
        """Whether the model can tell lost customers from silent ones well enough to be asked."""
        return not {Flag.ATTRITION_NOT_IDENTIFIED, Flag.SMALL_SAMPLE} & self.flags


@dataclass(frozen=True, slots=True)
class Total:
    """What all customers together are expected to bring, with the range that holds it at 80 %."""

    expected: float
    low: float
    high: float


def known_customers(days: PurchaseDays, until: int) -> Customers:
    """Return what is known at the end of a day of those who have bought by then, in the order of their numbers."""
    seen = days.until(until)
    return Customers(seen.histories(until).purchases, _spend(seen))


def fitted_models(days: PurchaseDays, until: int, horizon: Horizon) -> Models:
    """Return MBG/NBD and Gamma-Gamma fitted to purchases up to the end of a day; raise NothingToFit for too few."""
    customers = known_customers(days, until)
    _require_enough(customers)
    purchases, spend = _fits(customers)
    tried = _tried(days, until)
    first = int(days.days.min())
    weeks = (until - first) / DAYS_IN_WEEK
    season = season_risk(_per_known_customer(days.until(until), until), weeks)
    test = tried.purchases if tried else None
    flags = model_flags(purchases, fit_nbd(customers.purchases), customers.purchases, season=season, test=test)
    far = {Flag.EXTRAPOLATED} if extrapolated(horizon.weeks, weeks) else set()
    return Models(purchases, spend, flags | far, tried)


def total_of(models: Models, customers: Customers, found: Forecasts, horizon: Horizon) -> Total:
    """Return the total with its range: chance, how well the parameters are known, and how far off the models were."""
    count, spend = models.purchases, models.spend
    value = total_value(customers, horizon, _MOST_FOR_SLOPES)
    slopes = [
        slopes_of(count, lambda model: value(model, spend.model)),
        slopes_of(spend, lambda model: value(count.model, model)),
    ]
    covariance = np.zeros((len(slopes[0]) + len(slopes[1]),) * 2)
    covariance[:4, :4], covariance[4:, 4:] = count.covariance, spend.covariance
    error = _test_error(models.tried)
    spread = spread_of_total(found.variance, np.concatenate(slopes), covariance, found.total, back_test_error=error)
    away = _LEVEL_80 * spread
    return Total(found.total, max(found.total - away, 0.0), found.total + away)


def _test_error(tried: Tried | None) -> float:
    """Return by how much a total is taken to be off; one test that went well may have been lucky."""
    return max(abs(tried.value.errors.bias), _LUCK) if tried else UNKNOWN_BACK_TEST_ERROR


def _require_enough(customers: Customers) -> None:
    if len(customers) < FEWEST:
        raise NothingToFit(f"{len(customers):,} customers are too few to learn from; it takes {FEWEST} or more.")
    if not (customers.purchases.repeats > 0).any():
        raise NothingToFit("No customer bought on a second day, so nothing is known of when customers come back.")
    if not (customers.spend.purchases > 0).any():
        raise NothingToFit("No purchase was worth anything.")


def _fits(customers: Customers) -> tuple[Fit[BetaGeometric], Fit[GammaGamma]]:
    prior = weak_prior(float(customers.purchases.observed.max()))
    return fit_beta_geometric(customers.purchases, prior=prior), fit_gamma_gamma(customers.spend)


def _tried(days: PurchaseDays, until: int) -> Tried | None:
    """Return how models do on the longest stretch that leaves half a year more than itself before it; None for none."""
    first = int(days.days.min())
    for length in _LENGTHS:
        if until - length - first + 1 >= length + _SETTLING and (found := _trial(days, until, length)):
            return found
    return None


def _trial(days: PurchaseDays, until: int, length: int) -> Tried | None:
    cut, weeks = until - length, length / DAYS_IN_WEEK
    numbers, seen = days.histories(cut).customers, known_customers(days, cut)
    came, value = days.between(numbers, after=cut, until=until)
    before, spent = days.between(numbers, after=cut - length, until=cut)
    try:
        _require_enough(seen)
    except NothingToFit:
        return None
    if not value.any():
        return None
    count, worth = _fits(seen)
    test = back_test(count.model, seen.purchases, Outcome(came, weeks, before))
    money = spend_back_test(count.model, worth.model, seen.purchases, seen.spend, actual=value, weeks=weeks)
    return Tried(cut, length, test, money, test.naive[LAST_PERIOD], errors_of(spent, value))


def _spend(days: PurchaseDays) -> SpendStatistics:
    """Return what the purchases of each customer were worth, on those days on which they were worth anything."""
    starts = np.flatnonzero(np.diff(days.customers, prepend=-1))
    number = np.add.reduceat((days.values > 0).astype(float), starts)
    return SpendStatistics.of(number, np.add.reduceat(days.values, starts) / np.maximum(number, 1))


def _per_known_customer(days: PurchaseDays, until: int) -> Array:
    """Return the purchases in each whole week (w,) by each customer known by its end, oldest first."""
    back = (until - days.days) // DAYS_IN_WEEK
    new = back[np.flatnonzero(np.diff(days.customers, prepend=-1))]
    weeks = int(back.max()) + 1
    bought, known = (np.bincount(each, minlength=weeks)[::-1] for each in (back, new))
    found: Array = bought[1:] / np.cumsum(known)[1:]
    return found
