"""What there is to tell of a fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from api.domain.lifetime_value.back_test import LAST_PERIOD, Errors
from api.domain.lifetime_value.candidates import Segments, Trained, Trial
from api.domain.lifetime_value.flags import Flag


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Fitted models, with the currency and the calendar that their figures are in, and the moment they rest on.

    segments  models of parts of the customers, None where nobody asked for them
    """

    trained: Trained
    currency: str
    zone: ZoneInfo
    moment: datetime
    segments: Segments | None = None

    @property
    def span(self) -> tuple[date, date]:
        """The day of the first purchase, and the last day that was seen."""
        return date.fromordinal(self.trained.first), date.fromordinal(self.trained.until)


def days_of(trial: Trial) -> tuple[date, date]:
    """Return the first and the last day that were held out."""
    held_out = trial.hold_out
    return date.fromordinal(held_out.cut + 1), date.fromordinal(held_out.cut + held_out.length)


WARNINGS: dict[Flag, str] = {
    Flag.ATTRITION_NOT_IDENTIFIED: (
        "The purchases cannot tell customers who are lost from those who are silent for now: do not trust who is said "
        "to be lost, nor values far ahead; judge by how long somebody has been silent."
    ),
    Flag.SMALL_SAMPLE: (
        "There are fewer than 500 customers, or fewer than 100 who bought again: do not trust small differences "
        "between customers, nor any figure to more than its first digit."
    ),
    Flag.STALE: "The model was fitted more than 60 days ago: do not trust it for customers who are new since then.",
    Flag.PRIOR: "Nothing was fitted: the figures are what is believed of any shop before its first purchases.",
    Flag.SEASON_RISK: (
        "The purchases end in a peak or span less than 18 months, so a season can pass for a trend: do not trust "
        "totals for the months ahead where your trade has seasons."
    ),
    Flag.EXTRAPOLATED: "The horizon is over three times as long as what was observed: do not trust its far end.",
    Flag.LOW_CONFIDENCE: (
        "On the time held out, repeating each customer's last period was clearly better: do not trust totals of the "
        "model, look at the last period beside them."
    ),
    Flag.ORDERS_UNKNOWN: "The customer has placed no order yet: what is expected comes from other streams alone.",
    Flag.RENEWALS_UNKNOWN: (
        "Too few terms like those of the customer were seen: figures of larger groups, or of businesses in general, "
        "stand in for how often they are renewed."
    ),
}
"""What each flag means for who uses the figures, in a sentence."""


def naive_wins(trial: Trial, currency: str) -> list[str]:
    """Return in which respects forecasts that need no model were nearer than the best one; none if in none."""
    test, spend, value = trial.tests[trial.best], trial.spend_test.errors, trial.repeated_value
    found = list[str]()
    for rule, errors in test.naive.items():
        found += _nearer(rule, "purchases", errors, test.errors, ".3f")
    return [*found, *_nearer(LAST_PERIOD, currency, value, spend, ",.2f")]


def _nearer(rule: str, unit: str, naive: Errors, model: Errors, form: str) -> Iterator[str]:
    if abs(naive.bias) < abs(model.bias):
        yield f"{rule}, total of {unit} (off by {naive.bias:+.1%}, the model by {model.bias:+.1%})"
    if naive.mean_absolute < model.mean_absolute:
        off = f"off by {naive.mean_absolute:{form}}, the model by {model.mean_absolute:{form}}"
        yield f"{rule}, {unit} of a customer ({off})"
