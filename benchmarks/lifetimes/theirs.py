"""What the package `lifetimes` takes; run by an environment of its own, which knows nothing of this repository."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped, import-not-found, unused-ignore]
from lifetimes import BetaGeoFitter, GammaGammaFitter  # type: ignore[import-not-found, unused-ignore]

_YEAR = 365.25 / 7


def timed(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """Return the processor time of the shortest of some runs, and what came of the last."""
    seconds, found = [], None
    for _ in range(runs):
        started = process_time()
        found = work()
        seconds.append(process_time() - started)
    return min(seconds), found


def main(data: str, runs: int) -> None:
    """Print the seconds and the answers for the customers in a file, as JSON."""
    warnings.simplefilter("ignore")
    given = dict(np.load(data).items())
    fit, fitted = timed(lambda: BetaGeoFitter().fit(given["repeats"], given["last"], given["observed"]), runs)
    model, values = BetaGeoFitter(), GammaGammaFitter()
    model.params_ = pd.Series(dict(zip(("r", "alpha", "a", "b"), given["model"], strict=True)))
    model.predict = model.conditional_expected_number_of_purchases_up_to_time
    values.params_ = pd.Series(dict(zip(("p", "q", "v"), given["values"], strict=True)))
    many, fewer = (
        pd.DataFrame({name: np.resize(given[name], int(size)) for name in COLUMNS}) for size in given["sizes"]
    )
    spread = pd.DataFrame({name: given[f"spread_{name}"] for name in COLUMNS})

    def figures(of: Any) -> tuple[float, ...]:
        known = of["repeats"], of["last"], of["observed"]
        alive = model.conditional_probability_alive(*known)
        expected = model.conditional_expected_number_of_purchases_up_to_time(_YEAR, *known)
        worth = values.conditional_expected_average_profit(of["purchases"], of["mean"])
        return float(np.sum(alive)), float(np.sum(expected)), float(np.sum(worth))

    def valued() -> float:
        # The package takes one number of purchases for both models: that of purchases after the first.
        known = fewer["repeats"], fewer["last"], fewer["observed"]
        rate = 1.1 ** (1 / 12) - 1
        found = values.customer_lifetime_value(model, *known, fewer["mean"], time=12, discount_rate=rate, freq="W")
        return float(np.sum(found))

    score, totals = timed(lambda: figures(many), runs)
    longer, others = timed(lambda: figures(spread), runs)
    value, total = timed(valued, runs)
    told = {
        "seconds": {"fit": fit, "score": score, "spread": longer, "value": value},
        "parameters": [float(fitted.params_[name]) for name in ("r", "alpha", "a", "b")],
        "totals": [*totals, *others, total],
    }
    print(json.dumps(told))  # noqa: T201  (the figures are what is asked for)


COLUMNS = ("repeats", "last", "observed", "purchases", "mean")

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
