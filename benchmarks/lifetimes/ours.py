"""What our models take for the same work, in a process of their own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import process_time
from typing import TypeVar

import numpy as np

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.fitting import fit_beta_geometric
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics, weekly_rate
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR

T = TypeVar("T")


def timed(work: Callable[[], T], runs: int) -> tuple[float, T]:
    """Return the processor time of the shortest of some runs, and what came of the last."""
    seconds: list[float] = []
    while True:
        started = process_time()
        found = work()
        seconds.append(process_time() - started)
        if len(seconds) >= runs:
            return min(seconds), found


def main(data: str, runs: int) -> None:
    """Print the seconds and the answers for the customers in a file, as JSON."""
    given = dict(np.load(data).items())
    purchases = PurchaseStatistics.of(given["repeats"], given["last"], given["observed"])
    r, alpha, a, b = given["model"].tolist()
    model, values = BetaGeometric(r, alpha, a, b, lost_after_first=False), GammaGamma(*given["values"].tolist())
    many, fewer = (np.resize(np.arange(len(purchases)), int(size)) for size in given["sizes"])
    some = purchases.rows(fewer)
    cohort = purchases.rows(many), SpendStatistics.of(given["purchases"][many], given["mean"][many])
    spread = (
        PurchaseStatistics.of(*(given[f"spread_{name}"] for name in ("repeats", "last", "observed"))),
        SpendStatistics.of(given["spread_purchases"], given["spread_mean"]),
    )
    repeated = SpendStatistics.of(given["repeats"][fewer], given["mean"][fewer])

    def figures(known: PurchaseStatistics, paid: SpendStatistics) -> tuple[float, ...]:
        # As `scoring` does it: who is alive is worked out once.
        alive = model.probability_alive(known)
        expected = alive * model.expected_while_alive(known, WEEKS_IN_YEAR)
        return float(alive.sum()), float(expected.sum()), float(values.expected_value(paid).sum())

    def valued() -> float:
        found = model.discounted_purchases(some, WEEKS_IN_YEAR, weekly_rate(0.1)) * values.expected_value(repeated)
        return float(found.sum())

    fit, fitted = timed(lambda: fit_beta_geometric(purchases, lost_after_first=False), runs)
    score, totals = timed(lambda: figures(*cohort), runs)
    longer, others = timed(lambda: figures(*spread), runs)
    value, total = timed(valued, runs)
    told = {
        "seconds": {"fit": fit, "score": score, "spread": longer, "value": value},
        "parameters": list(fitted.parameters.values()),
        "totals": [*totals, *others, total],
    }
    print(json.dumps(told))  # noqa: T201  (the figures are what is asked for)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
