"""Training: all candidates fitted and judged on time they have not seen, from the days on which customers bought."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from api.domain.lifetime_value.back_test import DEFAULT, BackTest, back_test, spend_back_test, winner
from api.domain.lifetime_value.candidates import Candidates, Parent, Trained, Trial
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.fit import Fit, Prior, segment_prior, weak_pareto_prior, weak_prior
from api.domain.lifetime_value.fitting import (
    NothingToFit,
    fit_beta_geometric,
    fit_gamma_gamma,
    fit_nbd,
    fit_pareto_nbd,
    shared_gamma_gamma,
)
from api.domain.lifetime_value.flags import model_flags, season_risk
from api.domain.lifetime_value.hold_out import HoldOut, hold_outs
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK

Report = Callable[[str, int], None]
"""Is told what is done next, and how many steps there are in all."""

FEWEST = 50
FEWEST_SPENDERS = 200
"""Customers of a part with purchases of any value; fewer take the model of spend of all, moved to their values."""
MOST = 200_000
SEED = 7_341
_STEPS_A_FIT, _STEPS_A_TEST = 5, 4


def check_enough(days: PurchaseDays) -> None:
    """Raise NothingToFit, with what is needed, where no model could say anything of the customers."""
    customers, number = np.unique(days.customers, return_counts=True)
    if not len(customers):
        raise NothingToFit("Nothing was bought")
    if len(customers) < FEWEST:
        raise NothingToFit(f"Only {len(customers):,} customers bought anything")
    if not (number > 1).any():
        raise NothingToFit("No customer bought on a second day")
    if not (days.values > 0).any():
        raise NothingToFit("No purchase was worth anything")


def trained(
    days: PurchaseDays,
    *,
    today: int,
    complete: int,
    report: Report = lambda _step, _steps: None,
    most: int = MOST,
    whole: Trained | None = None,
) -> Trained:
    """Return the models fitted to purchases; raise NothingToFit where there are too few.

    days      purchases up to a moment
    today     number of the day of that moment, up to which customers are observed
    complete  number of the last day that was over by then: hold-outs end with it
    most      customers that are looked at; of more, as many by chance, and the same ones every time
    whole     what was fitted to all customers where these are a part of them, which leans on that
    """
    check_enough(days)
    seen = _sample(days, most)
    known = seen.histories(today).purchases
    held_out = [found for found in hold_outs(seen, complete) if enough(found.seen) and _is_comparable(found, whole)]
    steps = _STEPS_A_FIT + len(held_out) * (_STEPS_A_FIT + _STEPS_A_TEST)

    def say(step: str) -> None:
        report(step, steps)

    candidates = fitted(known, seen.spend(), say, whole.parent if whole else None)
    trials = tuple(_trials(held_out, say, whole))
    name = trials[0].best if trials else whole.winner if whole else DEFAULT
    first = int(seen.days.min())
    flags = model_flags(
        candidates.counts[name],
        candidates.without_loss,
        known,
        season=season_risk(seen.per_known_customer(complete), (today - first) / DAYS_IN_WEEK),
        test=trials[0].tests[name] if trials else None,
    )
    customers = len(np.unique(days.customers))
    return Trained(name, candidates, flags, trials, seen, first, today, known, customers)


def fitted(
    purchases: PurchaseStatistics,
    spend: SpendStatistics,
    report: Callable[[str], None],
    parent: Parent | None = None,
) -> Candidates:
    """Return all models fitted to the same customers, those of repeat buying with priors: weak ones, or a parent's."""
    priors = _priors(float(purchases.observed.max()), parent)
    ways: Mapping[str, Callable[[], Fit[CountModel]]] = {
        "MBG/NBD": lambda: fit_beta_geometric(purchases, prior=priors["MBG/NBD"]),
        "BG/NBD": lambda: fit_beta_geometric(purchases, lost_after_first=False, prior=priors["BG/NBD"]),
        "Pareto/NBD": lambda: fit_pareto_nbd(purchases, prior=priors["Pareto/NBD"]),
    }
    counts = {}
    for name, fit in ways.items():
        report(f"Fitting {name}")
        counts[name] = fit()
    report("Fitting NBD")
    without_loss = fit_nbd(purchases)
    report("Fitting Gamma-Gamma")
    return Candidates(counts, without_loss, _spend_model(spend, parent))


def _priors(longest: float, parent: Parent | None) -> Mapping[str, Prior]:
    if parent is not None:
        return {name: segment_prior(fit) for name, fit in parent.candidates.counts.items()}
    weak = weak_prior(longest)
    return {"MBG/NBD": weak, "BG/NBD": weak, "Pareto/NBD": weak_pareto_prior(longest)}


def _spend_model(spend: SpendStatistics, parent: Parent | None) -> Fit[GammaGamma]:
    if parent is None or len(spend.positive()) >= FEWEST_SPENDERS:
        return fit_gamma_gamma(spend)
    return shared_gamma_gamma(spend, parent.candidates.spend, parent.spend)


def _is_comparable(held_out: HoldOut, whole: Trained | None) -> bool:
    """Return whether a part can be tested: with what all customers were known by at the cut, and nothing later."""
    return whole is None or whole.trial_of(held_out.length) is not None


def enough(days: PurchaseDays) -> bool:
    """Return whether there are purchases enough to fit a model to."""
    try:
        check_enough(days)
    except NothingToFit:
        return False
    return True


def _trials(held_out: Sequence[HoldOut], report: Callable[[str], None], whole: Trained | None) -> Iterator[Trial]:
    """Yield how the candidates did; the one that did best on the first hold-out is judged to the end on all."""
    best: str | None = None
    for hold_out in held_out:

        def say(step: str, length: int = hold_out.length) -> None:
            report(f"{step}, {length} days held out")

        of_all = whole.trial_of(hold_out.length) if whole else None
        candidates = fitted(hold_out.known, hold_out.spend, say, of_all.parent if of_all else None)
        tests = {}
        for name, fit in candidates.counts.items():
            say(f"Testing {name}")
            tests[name] = back_test(fit.model, hold_out.known, hold_out.outcome)
        best = best or winner(list(tests.values())).model
        say("Testing spend")
        yield _trial(hold_out, candidates, tests, best)


def _trial(hold_out: HoldOut, candidates: Candidates, tests: Mapping[str, BackTest], best: str) -> Trial:
    spend = spend_back_test(
        candidates.counts[best].model,
        candidates.spend.model,
        hold_out.known,
        hold_out.spend,
        actual=hold_out.value,
        weeks=hold_out.weeks,
    )
    return Trial(hold_out, candidates, best, tests, spend, hold_out.repeated_value())


def _sample(days: PurchaseDays, most: int) -> PurchaseDays:
    customers = np.unique(days.customers)
    if len(customers) <= most:
        return days
    return days.of_customers(np.random.default_rng(SEED).choice(customers, most, replace=False))
