"""Models fitted to all purchases there are, tried on the last stretch of them, and the total that they expect.

It fits, and so it imports scipy.optimize: no server takes it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from api.domain.lifetime_value.back_test import BackTest, Errors, SpendBackTest, back_test, spend_back_test
from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.fit import Fit, slopes_of, weak_prior
from api.domain.lifetime_value.fitting import NothingToFit, fit_beta_geometric, fit_gamma_gamma, fit_nbd
from api.domain.lifetime_value.flags import Flag, extrapolated, knows_losses, model_flags, season_risk
from api.domain.lifetime_value.forecasts import Customers, Forecasts, Horizon, total_value
from api.domain.lifetime_value.hold_out import HoldOut, hold_outs
from api.domain.lifetime_value.intervals import back_test_error, spread_of_total
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.training import FEWEST
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK

_MOST_FOR_SLOPES = 20_000
_LEVEL_80 = 1.2815515655446004


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """How models fitted to what came before the last stretch did on it.

    hold_out        that stretch
    purchases       the back-test of repeat buying; `value`, that of money
    repeated_value  of the rule that everybody spends what they spent in the same time before
    """

    hold_out: HoldOut
    purchases: BackTest
    value: SpendBackTest
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
        return knows_losses(self.flags)


@dataclass(frozen=True, slots=True)
class Total:
    """What all customers together are expected to bring, with the range that holds it at 80 %."""

    expected: float
    low: float
    high: float


def known_customers(days: PurchaseDays, until: int) -> Customers:
    """Return what is known at the end of a day of those who have bought by then, in the order of their numbers."""
    seen = days.until(until)
    return Customers(seen.histories(until).purchases, seen.spend())


def fitted_models(days: PurchaseDays, until: int, horizon: Horizon) -> Models:
    """Return MBG/NBD and Gamma-Gamma fitted to purchases up to the end of a day; raise NothingToFit for too few."""
    customers = known_customers(days, until)
    _require_enough(customers)
    purchases, spend = _fits(customers)
    tried = _tried(days, until)
    first = int(days.days.min())
    weeks = (until - first) / DAYS_IN_WEEK
    season = season_risk(days.per_known_customer(until), weeks)
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
    error = back_test_error([models.tried.value.errors.bias] if models.tried else [])
    spread = spread_of_total(found.variance, np.concatenate(slopes), covariance, found.total, back_test_error=error)
    away = _LEVEL_80 * spread
    return Total(found.total, max(found.total - away, 0.0), found.total + away)


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
    """Return how models do on the longest hold-out before which there is enough to fit them to; None for none."""
    for hold_out in hold_outs(days, until):
        with suppress(NothingToFit):
            return _trial(hold_out)
    return None


def _trial(hold_out: HoldOut) -> Tried:
    seen = Customers(hold_out.known, hold_out.spend)
    _require_enough(seen)
    count, worth = _fits(seen)
    test = back_test(count.model, seen.purchases, hold_out.outcome)
    given = count.model, worth.model, seen.purchases, seen.spend
    money = spend_back_test(*given, actual=hold_out.value, weeks=hold_out.weeks)
    return Tried(hold_out, test, money, hold_out.repeated_value())
