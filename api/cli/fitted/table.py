"""The table that `regulars fit` prints, in at most 100 columns."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill, wrap

from api.cli.fitted.kept import HEAD, TOO_FEW, kept_rows
from api.cli.fitted.parts import head_of_parts, notes_of_parts, part_rows
from api.cli.fitted.told import WARNINGS, Told, days_of, naive_wins
from api.domain.lifetime_value.back_test import BackTest, Errors
from api.domain.lifetime_value.candidates import Trained, Trial
from api.domain.lifetime_value.fit import Fit, Model

WIDTH = 100
_NAME = 24
_KEY = (
    "* is the model that is used. Log score: nearer to 0 is better. Bias: by how much the total was off.\n"
    "MAE: by how much a customer was off, in the mean. Brier: mean squared error of the probability."
)


def table(told: Told, version: int) -> str:
    """Return what came of a fit, for people: the models, how they did, and where they must not be trusted."""
    parts = [_head(told, version), _fits(told)]
    parts += [_trial(trial, told) for trial in told.trained.trials] or [_untested()]
    return "\n\n".join([*parts, *_parts(told), *_kept(told), _flags(told), _KEY])


def _head(told: Told, version: int) -> str:
    trained, (first, last) = told.trained, told.span
    lines = [
        f"Lifetime value, version {version}: {trained.winner} with Gamma-Gamma",
        f"{trained.seen:,} customers, {trained.repeaters:,} of whom bought on more than one day",
        f"Purchases from {first} to {last} ({told.zone.key})",
    ]
    if trained.customers > trained.seen:
        lines.append(f"A sample: of {trained.customers:,} customers, {trained.seen:,} were drawn by chance.")
    return "\n".join(lines)


def _fits(told: Told) -> str:
    candidates = told.trained.candidates
    base = candidates.without_loss.log_likelihood
    head = ("Fitted to all purchases", "parameters (weeks)", "log-likelihood", "over NBD")
    rows = [head]
    for fit in candidates.counts.values():
        gain = f"{fit.log_likelihood - base:+,.1f}"
        rows.append((_marked(fit.name, told.trained), _parameters(fit), f"{fit.log_likelihood:,.1f}", gain))
    without, spend = candidates.without_loss, candidates.spend
    rows.append(("  NBD (nobody is lost)", _parameters(without), f"{base:,.1f}", ""))
    rows.append((f"  Gamma-Gamma ({told.currency})", _parameters(spend), f"{spend.log_likelihood:,.1f}", ""))
    return "\n".join(f"{a:<{_NAME}}  {b:<44}{c:>16}{d:>12}".rstrip() for a, b, c, d in rows)


def _kept(told: Told) -> Iterator[str]:
    """Yield how long things with a term are kept, where there are any."""
    models = told.trained.renewals
    if not models:
        return
    lines = [
        f"{name:<{_NAME}}{term:>7}{model:>8}{first:>14}{second:>9}{third:>9}{seen:>14}"
        for name, term, model, first, second, third, seen in (HEAD, *kept_rows(models))
    ]
    yield "\n".join([*lines, TOO_FEW] if any(one.rests_on_prior for one in models) else lines)


def _parts(told: Told) -> Iterator[str]:
    """Yield how the models of parts of the customers did, where there was anything to divide them by."""
    segments = told.segments
    if segments is None:
        return
    rows = [head_of_parts(told, f"By {segments.by.lower()}"), *part_rows(segments)]
    lines = [
        f"{_cut(value):<{_NAME - 6}}{seen:>10}{again:>8}{model:>12}{score:>13}{of_all:>16}{bias:>11}{held:>12}".rstrip()
        for value, seen, again, model, score, of_all, bias, held in rows
    ]
    notes = [line for note in notes_of_parts(segments) for line in wrap(note, WIDTH, subsequent_indent="  ")]
    yield "\n".join([*lines, *notes])


def _cut(value: str) -> str:
    longest = _NAME - 6
    return value if len(value) <= longest else f"{value[: longest - 1]}…"


def _parameters(fit: Fit[Model]) -> str:
    shown = "  ".join(f"{name} {_figure(value)}" for name, value in fit.parameters.items())
    warned = ", ".join(fit.at_bound)
    return f"{shown}  (at its bound: {warned})" if warned else shown if fit.converged else f"{shown}  (not at its best)"


def _figure(value: float) -> str:
    return f"{value:,.1f}" if value >= 100 else f"{value:.4g}"


def _trial(trial: Trial, told: Told) -> str:
    first, last = days_of(trial)
    best = trial.tests[trial.best]
    lines = [
        f"Tested on the {trial.hold_out.length} days from {first} to {last}: {best.customers:,} customers known, "
        f"{best.share_active:.1%} bought",
        *_purchases(trial, told.trained),
        *_values(trial, told),
    ]
    lines += _wins(trial, told.currency)
    return "\n".join(lines)


def _purchases(trial: Trial, trained: Trained) -> Iterator[str]:
    yield _line("Purchases", "log score", "bias", "MAE", "active: Brier", "80 % ranges held")
    for name, test in trial.tests.items():
        yield _line(_marked(name, trained), f"{test.log_score:,.1f}", *_errors(test.errors, 3), *_probabilities(test))
    for name, errors in trial.tests[trial.best].naive.items():
        yield _line(f"  {name}", "", *_errors(errors, 3), "", "")


def _values(trial: Trial, told: Told) -> Iterator[str]:
    spend = trial.spend_test
    yield _line(f"Value in {told.currency}", "", "bias", "MAE", "", "80 % ranges held")
    yield _line(f"* {spend.model}", "", *_errors(spend.errors, 2), "", f"{spend.fair_coverage_80:.1%}")
    yield _line("  last period repeated", "", *_errors(trial.repeated_value, 2), "", "")


def _wins(trial: Trial, currency: str) -> list[str]:
    won = naive_wins(trial, currency)
    return ["Nearer without a model:", *(f"  {each}" for each in won)] if won else []


def _errors(errors: Errors, digits: int) -> tuple[str, str]:
    return f"{errors.bias:+.1%}", f"{errors.mean_absolute:,.{digits}f}"


def _probabilities(test: BackTest) -> tuple[str, str]:
    return f"{test.brier:.4f}", f"{test.fair_coverage_80:.1%}"


def _line(*cells: str) -> str:
    name, score, bias, absolute, brier, held = cells
    return f"{name:<{_NAME}}{score:>13}{bias:>11}{absolute:>13}{brier:>16}{held:>20}".rstrip()


def _marked(name: str, trained: Trained) -> str:
    return f"{'*' if name == trained.winner else ' '} {name}"


def _untested() -> str:
    said = (
        "Not tested: that takes 272 days before the last 90, with 50 customers in them, and purchases in those 90. "
        "MBG/NBD is taken without a test, and nothing is known of how far its forecasts are off."
    )
    return fill(said, WIDTH)


def _flags(told: Told) -> str:
    flags = sorted(told.trained.flags, key=lambda flag: flag.value)
    if not flags:
        return "No flags: nothing is known that would speak against the model."
    lines = ["Where the model must not be trusted"]
    for flag in flags:
        lines += wrap(f"{flag.value}: {WARNINGS[flag]}", WIDTH, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)
