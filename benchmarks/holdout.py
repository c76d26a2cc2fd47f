"""`python -m benchmarks.holdout`: what the models say of 39 weeks they have not seen, beside what the field reaches.

CDNOW's customers of early 1997: the models are fitted to the purchases until 30 September 1997, and forecast those
until 30 June 1998.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from api.domain.lifetime_value import calibration
from api.domain.lifetime_value.back_test import (
    BackTest,
    Errors,
    Outcome,
    SpendBackTest,
    back_test,
    errors_of,
    historic_rate,
    spend_back_test,
)
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.fit import Fit
from api.domain.lifetime_value.fitting import fit_beta_geometric, fit_gamma_gamma, fit_nbd, fit_pareto_nbd
from api.domain.lifetime_value.purchase_days import Histories, PurchaseDays
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.spend import GammaGamma
from benchmarks.cohorts import CDNOW, CDNOW_SAMPLE, cdnow, day, missing
from benchmarks.model_speed import timing_table, timings
from benchmarks.published import CUMULATIVE, FULL_COUNTS, FULL_SPEND, HIATUS, SAMPLE_BY_REPEATS, SAMPLE_COUNTS, table

BEGIN, CUT, END = date(1997, 1, 1), date(1997, 9, 30), date(1998, 6, 30)
WEEKS = 39.0
Figures = dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Customers as they were known at the cut, and what they did after it.

    purchases, spend  (n,) how often they bought in the 39 weeks, and for how much
    """

    days: PurchaseDays
    known: Histories
    purchases: Array
    spend: Array

    @classmethod
    def of(cls, days: PurchaseDays) -> Split:
        """Return the split of purchases at the end of 30 September 1997."""
        known = days.histories(day(CUT))
        return cls(days, known, *days.between(known.customers, after=day(CUT), until=day(END)))


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """The models as they fit the time before the cut, without a prior.

    counts   of repeat buying, by name
    repeats  of spend, fitted to the purchases after the first alone; `values` to all of them
    """

    counts: Mapping[str, CountModel]
    repeats: GammaGamma
    values: GammaGamma

    @classmethod
    def of(cls, split: Split) -> Models:
        """Return the fitted models."""
        purchases = split.known.purchases
        fits: Sequence[Fit[CountModel]] = [
            fit_beta_geometric(purchases, lost_after_first=False),
            fit_beta_geometric(purchases),
            fit_pareto_nbd(purchases),
            fit_nbd(purchases),
        ]
        counts = {fit.name: fit.model for fit in fits}
        return cls(counts, fit_gamma_gamma(split.known.repeat_spend).model, fit_gamma_gamma(split.known.spend).model)


def count_tests(split: Split, models: Models) -> dict[str, BackTest]:
    """Return the back-test of each model of repeat buying, by name."""
    outcome = Outcome(split.purchases, WEEKS)
    return {name: back_test(model, split.known.purchases, outcome) for name, model in models.counts.items()}


def count_figures(split: Split, tests: Mapping[str, BackTest]) -> dict[str, Figures]:
    """Return the table of purchases: the models first, then rules that need none."""
    purchases, actual = split.known.purchases, split.purchases
    everybody = np.full(len(actual), purchases.repeats.sum() / purchases.observed.sum() * WEEKS)
    rules = {
        "historic rate": historic_rate(purchases, WEEKS),
        "historic rate, 13 weeks": historic_rate(purchases, WEEKS, hiatus=13),
        "historic rate, 26 weeks": historic_rate(purchases, WEEKS, hiatus=26),
        "mean of all": everybody,
    }
    found = {name: _errors(test.errors) | _probabilities(test) for name, test in tests.items()}
    return found | {name: _errors(errors_of(predicted, actual)) for name, predicted in rules.items()}


def spend_tests(split: Split, models: Models) -> dict[str, SpendBackTest]:
    """Return the back-test of each pair of models, by name, with spend fitted to all purchases or to repeats alone."""
    known = split.known
    ways = {"repeats": (models.repeats, known.repeat_spend), "all": (models.values, known.spend)}
    return {
        f"{name} x Gamma-Gamma ({way})": spend_back_test(
            models.counts[name], values, known.purchases, spend, actual=split.spend, weeks=WEEKS
        )
        for name in ("BG/NBD", "MBG/NBD", "Pareto/NBD")
        for way, (values, spend) in ways.items()
    }


def spend_figures(split: Split, tests: Mapping[str, SpendBackTest]) -> dict[str, Figures]:
    """Return the table of spend: pairs of models first, then rules that need none."""
    known = split.known
    total = known.spend.purchases * known.spend.mean_value
    silent = known.purchases.observed - known.purchases.last
    rate = np.where(silent <= 13, total / known.purchases.observed * WEEKS, 0.0)
    rules = {"historic spend, repeated": total, "spend rate, 13 weeks": rate}
    found = {name: _errors(test.errors) | {"PIT80": test.fair_coverage_80} for name, test in tests.items()}
    return found | {name: _errors(errors_of(predicted, split.spend)) for name, predicted in rules.items()}


def hiatus_figures(split: Split, weeks: float) -> Figures:
    """Return how a yes or no is right that only asks whether the last purchase is at most so many weeks ago."""
    active = split.known.purchases.observed - split.known.purchases.last <= weeks
    happened = split.purchases > 0
    accuracy = float((active == happened).mean())
    return {"accuracy": accuracy, "Brier": calibration.brier(active.astype(float), happened)}


def accuracy_of_alive(split: Split, model: CountModel) -> float:
    """Return for which share of customers "alive" is right as an answer to whether they buy again."""
    alive = model.probability_alive(split.known.purchases) > 0.5
    return float((alive == (split.purchases > 0)).mean())


def by_repeats(split: Split, models: Models) -> dict[str, list[float]]:
    """Return the mean number of purchases of customers with 0, 1, …, 6, and 7 or more repeat purchases before."""
    group = np.minimum(split.known.purchases.repeats, 7).astype(np.int64)
    columns = {"actual": split.purchases} | {
        name: model.expected_purchases(split.known.purchases, WEEKS) for name, model in models.counts.items()
    }
    number = np.bincount(group)
    return {name: (np.bincount(group, weights=values) / number).tolist() for name, values in columns.items()}


def cumulative(split: Split, models: Models, weeks: Sequence[int]) -> dict[str, list[float]]:
    """Return all repeat purchases until the end of some weeks from 1997 on, and what the models expect."""
    first = split.days.days[np.flatnonzero(np.diff(split.days.customers, prepend=-1))] - day(BEGIN)
    when = split.days.days - day(BEGIN)
    begun, number = np.unique(first, return_counts=True)
    found = {"actual": [float((when < 7 * week).sum() - (first < 7 * week).sum()) for week in weeks]}
    for name, model in models.counts.items():
        found[name] = [float(number @ model.expected_of_new(np.maximum(week - begun / 7, 0))) for week in weeks]
    return found


def _errors(found: Errors) -> Figures:
    return {
        "MAE": found.mean_absolute,
        "RMSE": found.root_mean_square,
        "bias": found.bias,
        "Spearman": found.rank_correlation,
        "Gini": found.gini,
        "top10": found.top_decile_capture,
    }


def _probabilities(test: BackTest) -> Figures:
    return {
        "AUC": test.area_under_curve,
        "Brier": test.brier,
        "ECE": test.calibration_error,
        "cov80": test.coverage_80,
        "PIT80": test.fair_coverage_80,
        "P(active)": test.mean_probability_active,
        "accuracy": test.accuracy,
        "log score": test.log_score,
    }


def report(full: Split, sample: Split) -> str:
    """Return all tables, of all customers and of the sample."""
    models, smaller = Models.of(full), Models.of(sample)
    weeks = tuple(CUMULATIVE["actual"])
    found = cumulative(sample, smaller, [int(week) for week in weeks]).items()
    by_week = {name: dict(zip(weeks, row, strict=True)) for name, row in found}
    hiatus = {f"{limit} weeks": hiatus_figures(full, limit) for limit in (13, 26)}
    tables = [
        table(
            f"CDNOW, {len(full.purchases)} customers, purchases",
            count_figures(full, count_tests(full, models)),
            FULL_COUNTS,
        ),
        table("The same, spend in USD", spend_figures(full, spend_tests(full, models)), FULL_SPEND),
        table("Active if the last purchase is at most so long ago", hiatus, HIATUS),
        table(
            f"CDNOW sample, {len(sample.purchases)} customers, purchases",
            count_figures(sample, count_tests(sample, smaller)),
            SAMPLE_COUNTS,
        ),
        table("The same by repeat purchases before", _numbered(by_repeats(sample, smaller)), SAMPLE_BY_REPEATS),
        table("The same, cumulative by week", by_week, CUMULATIVE),
    ]
    return "\n".join(tables)


def _numbered(rows: Mapping[str, Sequence[float]]) -> dict[str, Figures]:
    return {name: {str(number): value for number, value in enumerate(row)} for name, row in rows.items()}


def main() -> int:
    """Print the tables; return 0 also where there is no data, and say so."""
    if absent := missing(CDNOW, CDNOW_SAMPLE):
        print(absent)  # noqa: T201
        return 0
    full = Split.of(cdnow(CDNOW))
    print(report(full, Split.of(cdnow(CDNOW_SAMPLE))))  # noqa: T201  (the report is what is asked for)
    fit = fit_beta_geometric(full.known.purchases)
    print(timing_table(timings(full.known, fit.model, fit_gamma_gamma(full.known.spend).model)))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
