"""How long fits and scores take, beside what they may: on CDNOW's customers, and on as many like them as it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import process_time

import numpy as np

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.fitting import fit_beta_geometric, fit_gamma_gamma, fit_pareto_nbd
from api.domain.lifetime_value.purchase_days import Histories
from api.domain.lifetime_value.scoring import score
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics, weekly_rate
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR

_PATIENCE = 0.3
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Timing:
    """What some work took.

    seconds  of processor time, the shortest of several runs
    allowed  of processor time
    """

    work: str
    seconds: float
    allowed: float


def timings(known: Histories, model: BetaGeometric, values: GammaGamma) -> list[Timing]:
    """Return what fits to customers and scores of customers like them take."""
    many, spent = _repeated(known, _MILLION)
    hundred, paid = _repeated(known, 100)
    rate = weekly_rate(0.1)

    def scored() -> None:
        score(model, values, hundred, paid, weeks=WEEKS_IN_YEAR, annual_discount_rate=0.1)

    def figures() -> None:
        model.expected_purchases(many, 52)
        values.expected_value(spent)

    return [
        Timing("fit MBG/NBD", shortest(lambda: fit_beta_geometric(known.purchases)), 0.2),
        Timing("fit Pareto/NBD", shortest(lambda: fit_pareto_nbd(known.purchases)), 1),
        Timing("fit Gamma-Gamma to repeats", shortest(lambda: fit_gamma_gamma(known.repeat_spend)), 0.1),
        Timing("score 100 customers", shortest(scored), 0.0005),
        Timing("alive, purchases and order value of 1,000,000", shortest(figures), 0.5),
        Timing("a discounted year of 1,000,000", shortest(lambda: model.discounted_purchases(many, 52, rate)), 2),
    ]


def shortest(work: Callable[[], object], patience: float = _PATIENCE) -> float:
    """Return the processor time of the shortest of three or more runs, seconds.

    patience  processor time for all of them; a shared machine may be slow for a second or two
    """
    runs: list[float] = []
    while len(runs) < 3 or sum(runs) < patience:
        started = process_time()
        work()
        runs.append(process_time() - started)
    return min(runs)


def timing_table(found: list[Timing]) -> str:
    """Return a table of what work took, and how often it would fit into what it may take."""
    lines = ["\nProcessor time\n", "| work | took | may take | times within it |", "|---|---|---|---|"]
    for timing in found:
        took, allowed = (f"{seconds * 1_000:,.4g} ms" for seconds in (timing.seconds, timing.allowed))
        lines.append(f"| {timing.work} | {took} | {allowed} | {timing.allowed / timing.seconds:.2g} |")
    return "\n".join(lines)


def _repeated(known: Histories, customers: int) -> tuple[PurchaseStatistics, SpendStatistics]:
    rows = np.resize(np.arange(len(known.purchases)), customers)
    return known.purchases.rows(rows), SpendStatistics(known.spend.purchases[rows], known.spend.mean_value[rows])
