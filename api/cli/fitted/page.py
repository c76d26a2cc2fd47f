"""The page that `regulars fit --report` writes: one file that asks nothing of anybody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from api.cli.drawn.document import card, document, flags, shown, tiles
from api.cli.fitted.kept import HEAD, TOO_FEW, kept_rows
from api.cli.fitted.parts import head_of_parts, notes_of_parts, part_rows
from api.cli.fitted.plots import expected, held, reliable, tracked, valued
from api.cli.fitted.told import WARNINGS, Told, days_of, naive_wins
from api.domain.lifetime_value.back_test import Errors
from api.domain.lifetime_value.candidates import Trial
from api.domain.lifetime_value.fit import Fit, Model

_SOURCES = (
    "MBG/NBD: Batislam, Denizel & Filiztekin (2007); Hoppe & Wagner (2007). BG/NBD: Fader, Hardie & Lee (2005). "
    "Pareto/NBD: Schmittlein, Morrison & Colombo (1987). NBD: Ehrenberg (1959). Gamma-Gamma: Fader & Hardie (2013)."
)


def page(told: Told, version: int) -> str:
    """Return the page as HTML, light or dark as the reader's system is."""
    title = f"Lifetime value, version {version}"
    measured = [*_head(title, told), *_flags(told), *_plots(told), *_tests(told), *_parts(told)]
    return document(title, [*measured, *_fits(told), *_kept(told), _foot()])


def _head(title: str, told: Told) -> Iterator[str]:
    trained, (first, last) = told.trained, told.span
    sample = f", a sample of {trained.customers:,}" if trained.customers > trained.seen else ""
    yield f"<h1>{title}</h1>"
    yield f'<p class="lead">{trained.seen:,} customers{sample} · purchases from {first} to {last} · {told.zone.key}</p>'
    measured = [("Model", trained.winner, "with Gamma-Gamma for values")]
    again = trained.repeaters / trained.seen
    measured.append(("Came back", f"{again:.0%}", f"{trained.repeaters:,} bought on more than one day"))
    for trial in trained.trials[:1]:
        measured += _measured(trial, told.currency)
    yield tiles(measured)


def _measured(trial: Trial, currency: str) -> Iterator[tuple[str, str, str]]:
    spend, naive = trial.spend_test, trial.repeated_value
    yield f"Total in {currency} was off by", f"{spend.errors.bias:+.1%}", f"last period repeated: {naive.bias:+.1%}"
    off, beside = f"{spend.errors.mean_absolute:,.2f}", f"{currency}; last period repeated: {naive.mean_absolute:,.2f}"
    yield "A customer was off by", off, beside
    yield "80 % ranges that held", f"{spend.fair_coverage_80:.1%}", f"of values in {trial.hold_out.length} days"


def _flags(told: Told) -> Iterator[str]:
    yield '<h2>Where the model must not be trusted</h2><section class="flags">'
    yield flags((flag.value, WARNINGS[flag]) for flag in sorted(told.trained.flags, key=lambda flag: flag.value))
    for trial in told.trained.trials:
        if won := naive_wins(trial, told.currency):
            said = f"On the {trial.hold_out.length} days held out, forecasts without a model were nearer:"
            lines = "".join(f"<li>{escape(each)}</li>" for each in won)
            yield f'<div class="flag">{said}<ul>{lines}</ul></div>'
    yield "</section>"


def _plots(told: Told) -> Iterator[str]:
    trial = next(iter(told.trained.trials), None)
    yield f"<h2>{_tested(trial)}</h2>"
    yield shown(tracked(told), wide=True)
    if trial:
        figures = [expected(trial), reliable(trial), valued(trial, told.currency), held(trial)]
        yield f'<div class="plots">{"".join(shown(each) for each in figures)}</div>'


def _tested(trial: Trial | None) -> str:
    if trial is None:
        return "Not tested: there is too little history to hold any of it out"
    first, last = days_of(trial)
    return f"What came from {first} to {last}, and what the model had said"


def _tests(told: Told) -> Iterator[str]:
    for trial in told.trained.trials:
        length = trial.hold_out.length
        yield f"<h2>Models and naive forecasts, {length} days held out</h2>"
        head = ("purchases", "log score", "total", "off by, a customer", "buying: Brier", "80 % ranges held")
        yield card(head, _counted(trial))
        yield "<p></p>"
        spend = trial.spend_test
        rows = [
            ("winner", (spend.model, *_errors(spend.errors, 2), f"{spend.fair_coverage_80:.1%}")),
            ("naive", ("last period repeated", *_errors(trial.repeated_value, 2), "")),
        ]
        yield card((f"value, {told.currency}", "total", "off by, a customer", "80 % ranges held"), rows)


def _counted(trial: Trial) -> list[tuple[str, Sequence[str]]]:
    rows: list[tuple[str, Sequence[str]]] = []
    for name, test in trial.tests.items():
        told = (f"{test.brier:.4f}", f"{test.fair_coverage_80:.1%}")
        kind = "winner" if name == trial.best else ""
        rows.append((kind, (name, f"{test.log_score:,.1f}", *_errors(test.errors, 3), *told)))
    naive = trial.tests[trial.best].naive
    return rows + [("naive", (name, "", *_errors(errors, 3), "", "")) for name, errors in naive.items()]


def _errors(errors: Errors, digits: int) -> tuple[str, str]:
    return f"{errors.bias:+.1%}", f"{errors.mean_absolute:,.{digits}f}"


def _fits(told: Told) -> Iterator[str]:
    candidates = told.trained.candidates
    yield "<h2>Parameters, fitted to all purchases</h2>"
    fits: list[Fit[Model]] = [*candidates.counts.values(), candidates.without_loss, candidates.spend]
    rows = []
    for fit in fits:
        kind = "winner" if fit.name == told.trained.winner else ""
        rows.append((kind, (fit.name, *_parameters(fit), f"{fit.log_likelihood:,.1f}", _ended(fit))))
    yield card(("model", "", "", "", "", "log-likelihood", "search"), rows)
    yield f'<p class="lead">± one standard error. alpha and beta are in weeks, gamma is in {told.currency}.</p>'


def _parts(told: Told) -> Iterator[str]:
    segments = told.segments
    if segments is None:
        return
    yield f"<h2>Models of parts of the customers, by {segments.by.lower()}</h2>"
    if segments.models:
        yield card(head_of_parts(told, segments.by.lower()), [("", row) for row in part_rows(segments)])
    for note in notes_of_parts(segments):
        yield f'<p class="lead">{escape(note)}</p>'


def _kept(told: Told) -> Iterator[str]:
    models = told.trained.renewals
    if models:
        yield "<h2>How long subscriptions, support plans and contracts are kept</h2>"
        yield card(HEAD, [("", row) for row in kept_rows(models)])
        yield f'<p class="lead">{escape(TOO_FEW)}</p>'


def _parameters(fit: Fit[Model]) -> list[str]:
    errors = fit.standard_errors
    shown = [f"{name} {value:.4g} ± {errors[name]:.2g}" for name, value in fit.parameters.items()]
    return [*shown, *[""] * (4 - len(shown))]


def _ended(fit: Fit[Model]) -> str:
    if fit.at_bound:
        return f"at its bound: {', '.join(fit.at_bound)}"
    return "ended well" if fit.converged else "did not end"


def _foot() -> str:
    return (
        "<footer><p>“Total” is by how much the total of all customers was off, “off by, a customer” the mean absolute "
        "error of one. The log score is the logarithm of the probability that a model gave what came: nearer to 0 is "
        "better. Brier is the mean squared error of the probability of any purchase.</p>"
        f"<p>{escape(_SOURCES)}</p></footer>"
    )
