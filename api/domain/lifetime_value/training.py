"""Training: all candidates fitted and judged on time they have not seen, from the days on which customers bought."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from api.domain.lifetime_value.back_test import DEFAULT, BackTest, back_test, spend_back_test, winner
from api.domain.lifetime_value.candidates import Candidates, Trained, Trial
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.fit import Fit, weak_pareto_prior, weak_prior
from api.domain.lifetime_value.fitting import (
    NothingToFit,
    fit_beta_geometric,
    fit_gamma_gamma,
    fit_nbd,
    fit_pareto_nbd,
)
from api.domain.lifetime_value.flags import model_flags, season_risk
from api.domain.lifetime_value.hold_out import HoldOut, hold_outs
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK

Report = Callable[[str, int], None]
"""Is told what is done next, and how many steps there are in all."""

FEWEST = 50
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
    days: PurchaseDays, *, today: int, complete: int, report: Report = lambda _step, _steps: None, most: int = MOST
) -> Trained:
    """Return the models fitted to purchases; raise NothingToFit where there are too few.

    days      purchases up to a moment
    today     number of the day of that moment, up to which customers are observed
    complete  number of the last day that was over by then: hold-outs end with it
    most      customers that are looked at; of more, as many by chance, and the same ones every time
    """
    check_enough(days)
    seen = _sample(days, most)
    known = seen.histories(today).purchases
    held_out = [found for found in hold_outs(seen, complete) if _enough(found.seen)]
    steps = _STEPS_A_FIT + len(held_out) * (_STEPS_A_FIT + _STEPS_A_TEST)

    def say(step: str) -> None:
        report(step, steps)

    candidates = fitted(known, seen.spend(), say)
    trials = tuple(_trials(held_out, say))
    name = trials[0].best if trials else DEFAULT
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


def fitted(purchases: PurchaseStatistics, spend: SpendStatistics, report: Callable[[str], None]) -> Candidates:
    """Return all models fitted to the same customers, those of repeat buying with weak priors."""
    longest = float(purchases.observed.max())
    prior = weak_prior(longest)
    ways: Mapping[str, Callable[[], Fit[CountModel]]] = {
        "MBG/NBD": lambda: fit_beta_geometric(purchases, prior=prior),
        "BG/NBD": lambda: fit_beta_geometric(purchases, lost_after_first=False, prior=prior),
        "Pareto/NBD": lambda: fit_pareto_nbd(purchases, prior=weak_pareto_prior(longest)),
    }
    counts = {}
    for name, fit in ways.items():
        report(f"Fitting {name}")
        counts[name] = fit()
    report("Fitting NBD")
    without_loss = fit_nbd(purchases)
    report("Fitting Gamma-Gamma")
    return Candidates(counts, without_loss, fit_gamma_gamma(spend))


def _enough(days: PurchaseDays) -> bool:
    try:
        check_enough(days)
    except NothingToFit:
        return False
    return True


def _trials(held_out: Sequence[HoldOut], report: Callable[[str], None]) -> Iterator[Trial]:
    """Yield how the candidates did; the one that did best on the first hold-out is judged to the end on all."""
    best: str | None = None
    for hold_out in held_out:

        def say(step: str, length: int = hold_out.length) -> None:
            report(f"{step}, {length} days held out")

        candidates = fitted(hold_out.known, hold_out.spend, say)
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
