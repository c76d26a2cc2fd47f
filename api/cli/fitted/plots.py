"""The plots of a fit: what the model said beside what came."""

from __future__ import annotations

from collections.abc import Sequence

from api.cli.drawn.figures import ACTUAL, MODEL, Figure
from api.cli.drawn.svg import Plot, number, ticks
from api.cli.fitted.told import Told
from api.domain.lifetime_value.candidates import Trial
from api.domain.lifetime_value.tracking import by_repeats, tracking
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK

_THIRD, _HALF = 0.36, 0.5


def tracked(told: Told) -> Figure:
    """Return the repeat purchases week by week; those of a hold-out come after the cut, and were not seen."""
    trained, trial = told.trained, next(iter(told.trained.trials), None)
    candidates, seen = (trial.candidates, trial.hold_out.seen) if trial else (trained.candidates, trained.days)
    until = trial.hold_out.cut + trial.hold_out.length if trial else trained.until
    model = candidates.counts[trained.winner].model
    found = tracking(trained.days, model, known=seen.customers, until=until)
    rows = list(zip(found.weeks.tolist(), found.actual.tolist(), found.expected.tolist(), strict=True))
    high = max(max(row[1:]) for row in rows)
    last, came, said = rows[-1]
    text = f"{number(came)} repeat purchases had come by week {last:.0f}, the model says {number(said)}."
    plot = Plot(
        "Repeat purchases, week by week", text, ticks(0, rows[-1][0], 8), ticks(0, high),
        "weeks since the first purchase of all", "repeat purchases so far", width=1_000, height=340,
    )  # fmt: skip
    if trial:
        plot.upright((trial.hold_out.cut - trained.first + 1) / DAYS_IN_WEEK, "seen until here")
    plot.line([(week, expected) for week, _, expected in rows], MODEL)
    plot.line([(week, actual) for week, actual, _ in rows], ACTUAL)
    hovered = rows[:: max(1, len(rows) // 40)]
    plot.dots([(row[0], row[1]) for row in hovered], "hidden", [_week(*row) for row in hovered])
    caption = f"{text} {'What lies right of the line, the model had not seen.' if trial else 'Nothing was held out.'}"
    table = [(f"{week:.0f}", number(actual), number(expected)) for week, actual, expected in rows]
    return Figure("tracking", plot, caption, _legend(trained.winner), ("week", "actual", trained.winner), table)


def _week(week: float, actual: float, expected: float) -> str:
    return f"week {week:.0f}: {number(actual)} came, the model says {number(expected)}"


def expected(trial: Trial) -> Figure:
    """Return what customers did by how often they had bought before."""
    held_out, model = trial.hold_out, trial.candidates.counts[trial.best].model
    groups = by_repeats(
        held_out.known.repeats, model.expected_purchases(held_out.known, held_out.weeks), held_out.purchases
    )
    names = [f"{group.repeats}{'+' if group.repeats == groups[-1].repeats else ''}" for group in groups]
    rows = [(group.actual, group.expected) for group in groups]
    told = [f"{name} before ({group.customers:,} customers)" for name, group in zip(names, groups, strict=True)]
    plot = _bars(
        "Purchases by purchases before", rows, names, told,
        "repeat purchases before", f"purchases of one customer in {held_out.length} days",
    )  # fmt: skip
    caption = f"Mean of one customer in the {held_out.length} days held out, by how often they had come back before."
    table = [
        (name, f"{group.customers:,}", number(group.actual), number(group.expected))
        for name, group in zip(names, groups, strict=True)
    ]
    return Figure("expected", plot, caption, _legend(trial.best), ("before", "customers", "actual", trial.best), table)


def valued(trial: Trial, currency: str) -> Figure:
    """Return what tenths of the customers brought, by what they were predicted to bring."""
    rows = [(each.actual, each.predicted) for each in reversed(trial.spend_test.deciles)]
    names = [str(tenth) for tenth in range(1, len(rows) + 1)]
    plot = _bars(
        "Value by tenths of the customers", rows, names, [f"tenth {name}" for name in names],
        "tenths of the customers, by predicted value", f"{currency} of one customer",
    )  # fmt: skip
    best = trial.spend_test.deciles[0]
    caption = f"The tenth that was predicted to bring most brought {best.share:.0%} of all that came in."
    table = [(name, f"{actual:,.2f}", f"{told:,.2f}") for name, (actual, told) in zip(names, rows, strict=True)]
    return Figure(
        "value", plot, caption, _legend("predicted"), ("tenth", f"actual {currency}", f"predicted {currency}"), table
    )


def reliable(trial: Trial) -> Figure:
    """Return how many of those bought of whom it was said to be so and so probable."""
    test = trial.tests[trial.best]
    points = [(each.predicted, each.actual) for each in reversed(test.reliability)]
    axis = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    text = f"On average {test.mean_probability_active:.1%} were predicted to buy, and {test.share_active:.1%} did."
    plot = Plot(
        "Probability of buying, and how many did", text, axis, axis,
        "predicted probability of a purchase", "share who bought", percent=True,
    )  # fmt: skip
    plot.line([(0, 0), (1, 1)], "perfect")
    plot.line(points, MODEL)
    plot.dots(points, MODEL, [f"predicted {told:.1%}, {came:.1%} bought" for told, came in points])
    table = [(str(at), f"{told:.1%}", f"{came:.1%}") for at, (told, came) in enumerate(points, 1)]
    legend = ((MODEL, "a tenth of the customers"), ("perfect", "true probabilities"))
    return Figure("reliability", plot, text, legend, ("tenth", "predicted", "bought"), table)


def held(trial: Trial) -> Figure:
    """Return how many outcomes lay in the ranges that were meant to hold 80 % of them."""
    test, spend = trial.tests[trial.best], trial.spend_test
    names = ("value", "purchases", "whole purchases")
    shares = (spend.fair_coverage_80, test.fair_coverage_80, test.coverage_80)
    text = "; ".join(f"{name}: {share:.1%}" for name, share in zip(names, shares, strict=True))
    axis = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    plot = Plot(
        "Ranges that held", text, [0, len(names)], axis, "range for one customer", "share of outcomes inside",
        x_names=names, percent=True,
    )  # fmt: skip
    for place, (name, share) in enumerate(zip(names, shares, strict=True)):
        plot.bar(place + 0.5 - _HALF / 2, _HALF, share, MODEL, f"{name}: {share:.1%}")
        plot.words(place + 0.5, share / 2, f"{share:.1%}")
    plot.line([(0, 0.8), (len(names), 0.8)], "perfect")
    caption = (
        "A range is to hold what a customer does with a probability of 80 %. Numbers of purchases are whole, so that "
        "a range of them holds more; the middle bar makes up for that."
    )
    rows = [(name, f"{share:.1%}") for name, share in zip(names, shares, strict=True)]
    return Figure("ranges", plot, caption, ((MODEL, "held"), ("perfect", "meant to hold")), ("range", "held"), rows)


def _bars(
    title: str,
    rows: Sequence[tuple[float, float]],
    names: Sequence[str],
    told: Sequence[str],
    x_label: str,
    y_label: str,
) -> Plot:
    """Return pairs of bars: what came, and what was said of it."""
    text = "; ".join(
        f"{name}: {number(came)} came, predicted {number(said)}" for name, (came, said) in zip(told, rows, strict=True)
    )
    plot = Plot(title, text, [0, len(rows)], ticks(0, max(max(row) for row in rows)), x_label, y_label, x_names=names)
    for place, (name, (came, said)) in enumerate(zip(told, rows, strict=True)):
        plot.bar(place + 0.5 - _THIRD, _THIRD, came, ACTUAL, f"{name}: {number(came)} came")
        plot.bar(place + 0.5, _THIRD, said, MODEL, f"{name}: {number(said)} predicted")
    return plot


def _legend(model: str) -> tuple[tuple[str, str], ...]:
    return ((ACTUAL, "what came"), (MODEL, model))
