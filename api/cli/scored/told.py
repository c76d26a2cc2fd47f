"""The verdict on a scored file: the parameters, how they did on time held out, the flags, and the total."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap

import numpy as np

from api.domain.calendar import Duration
from api.domain.lifetime_value.back_test import LAST_PERIOD, Errors
from api.domain.lifetime_value.file_models import Models, Total, Tried
from api.domain.lifetime_value.fit import Fit, Model
from api.domain.lifetime_value.flags import Flag

_WIDTH = 100
WARNINGS: Mapping[Flag, str] = {
    Flag.ATTRITION_NOT_IDENTIFIED: "lost customers cannot be told from silent ones; the churn band goes by silence",
    Flag.SMALL_SAMPLE: "fewer than 500 customers, or 100 who came back; the churn band goes by silence",
    Flag.STALE: "the model was fitted more than 60 days ago",
    Flag.PRIOR: "nothing was fitted",
    Flag.SEASON_RISK: "the file ends in a peak or spans less than 18 months; a season may pass for a trend",
    Flag.EXTRAPOLATED: "the horizon is over three times as long as the file; do not trust its far end",
    Flag.LOW_CONFIDENCE: "repeating each customer's last period was clearly better on the time held out",
}


def verdict(models: Models, total: Total, *, customers: int, until: int, horizon: Duration) -> str:
    """Return what there is to say of the forecasts, line by line."""
    lines = [
        f"{customers:,} customers, purchases until {day(until)}, {horizon} ahead",
        *_parameters(models),
        *(_tried(models.tried) if models.tried else ["Not tried: too short a history to hold any of it out."]),
        *_flags(models.flags),
        f"Expected of all: {total.expected:,.2f}, with 80 % from {total.low:,.2f} to {total.high:,.2f}",
    ]
    return "\n".join(lines)


def day(number: int) -> str:
    """Return the day with a number counted from 1970."""
    return str(np.datetime64(number, "D"))


def _parameters(models: Models) -> Iterator[str]:
    fits: list[Fit[Model]] = [models.purchases, models.spend]
    for fit in fits:
        shown = "  ".join(f"{name} {value:.4g}" for name, value in fit.parameters.items())
        bound = f"  (at its bound: {', '.join(fit.at_bound)})" if fit.at_bound else ""
        yield f"{fit.name:<12} {shown}{bound}"


def _tried(tried: Tried) -> Iterator[str]:
    held_out = tried.hold_out
    first, last = day(held_out.cut + 1), day(held_out.cut + held_out.length)
    yield f"{f'Held out: {first} to {last}':<42}{'bias':>9}{'MAE':>12}"
    yield _line("purchases, by the model", tried.purchases.errors, 3)
    yield _line("purchases, last period repeated", tried.purchases.naive[LAST_PERIOD], 3)
    yield _line("value, by the model", tried.value.errors, 2)
    yield _line("value, last period repeated", tried.repeated_value, 2)


def _line(name: str, errors: Errors, digits: int) -> str:
    return f"  {name:<40}{errors.bias:>+9.1%}{errors.mean_absolute:>12,.{digits}f}"


def _flags(flags: frozenset[Flag]) -> Iterator[str]:
    for flag in Flag:
        if flag in flags:
            yield from wrap(f"{flag.value}: {WARNINGS[flag]}.", _WIDTH, subsequent_indent="  ")
    if not flags:
        yield "No flags: nothing is known that would speak against the model."
