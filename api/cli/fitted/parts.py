"""Models of parts of the customers, as rows for the table and for the page."""

from __future__ import annotations

from collections.abc import Iterator

from api.cli.fitted.told import Told
from api.domain.lifetime_value.candidates import MOST_SEGMENTS, SegmentModel, Segments
from api.domain.lifetime_value.flags import Flag

_MOST_NAMED = 8


def head_of_parts(told: Told, by: str) -> tuple[str, ...]:
    """Return what stands above the rows."""
    return (by, "customers", "again", "model", "log score", "by that of all", f"{told.currency}: bias", "80 % held")


def part_rows(segments: Segments) -> Iterator[tuple[str, ...]]:
    """Yield what there is to tell of each part, as texts; a tilde marks those that are few."""
    for part in segments.models:
        trained = part.trained
        few = "~ " if Flag.SMALL_SAMPLE in trained.flags else ""
        yield part.value, f"{few}{trained.seen:,}", f"{trained.repeaters:,}", trained.winner, *_tested(part)


def notes_of_parts(segments: Segments) -> Iterator[str]:
    """Yield what has to be said of them: who is few, who did better without, and who has no model of their own."""
    if any(Flag.SMALL_SAMPLE in part.trained.flags for part in segments.models):
        yield "~ Fewer than 500 customers, or 100 who bought again: drawn towards the model of all (SMALL_SAMPLE)."
    if better := [part.value for part in segments.models if part.is_worse]:
        yield f"Told better by the model of all customers, and left to it: {_named(better)}."
    if segments.left:
        few = _named([f"{value} ({number:,})" for value, number in segments.left.items()])
        yield f"Without a model, as too few or beyond the {MOST_SEGMENTS} largest: {few}. They go by the model of all."


def _tested(part: SegmentModel) -> tuple[str, ...]:
    if not part.trained.trials or part.score_of_all is None:
        return "not tested", "", "", ""
    trial = part.trained.trials[0]
    spend = trial.spend_test
    scores = (trial.tests[trial.best].log_score, part.score_of_all)
    return *(f"{score:,.1f}" for score in scores), f"{spend.errors.bias:+.1%}", f"{spend.fair_coverage_80:.1%}"


def _named(values: list[str]) -> str:
    more = len(values) - _MOST_NAMED
    return ", ".join(values[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
