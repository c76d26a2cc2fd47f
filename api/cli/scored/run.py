"""Scoring a file, from its columns to the forecasts beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import typer

from api.cli.scored.files import output_of, read, write
from api.cli.scored.purchases import Purchases, purchases
from api.cli.scored.told import day, verdict
from api.domain.calendar import Duration, parse_duration
from api.domain.lifetime_value.churn_risk import RiskBand
from api.domain.lifetime_value.file_models import fitted_models, known_customers, total_of
from api.domain.lifetime_value.fitting import NothingToFit
from api.domain.lifetime_value.forecasts import Forecasts, Horizon, forecasts
from api.domain.lifetime_value.weeks import in_weeks
from api.errors import BadUserInput

_FARTHEST_AFTER = 366
_MONEY, _SHARE = 2, 4


def run(
    file: Path,
    output: Path | None,
    *,
    force: bool,
    until: str | None,
    horizon: str,
    annual_discount_rate: float,
    columns: Mapping[str, str | None],
) -> None:
    """Score a file and print the verdict; raise BadUserInput for what cannot be scored, with nothing written."""
    into, ahead = output_of(file, output, force=force), _horizon(horizon)
    asked = Horizon(in_weeks(ahead), annual_discount_rate)
    found = purchases(read(file, columns))
    last = _last_day(found, until)
    try:
        models = fitted_models(found.days, last, asked)
    except NothingToFit as refused:
        raise BadUserInput(str(refused)) from None
    known = known_customers(found.days, last)
    scores = forecasts(models.purchases.model, models.spend.model, known, asked, knows_losses=models.knows_losses)
    total = total_of(models, known, scores, asked)
    write(table_of(found, last, scores), into)
    typer.echo(verdict(models, total, customers=len(known), until=last, horizon=ahead))
    typer.echo(f"The forecasts are in {into}.")


def table_of(found: Purchases, last: int, scores: Forecasts) -> pa.Table:
    """Return a row for each customer who has bought by the end of a day, by the texts of the customers."""
    seen = found.days.until(last)
    starts = np.flatnonzero(np.diff(seen.customers, prepend=-1))
    ends = np.append(starts[1:], len(seen.customers))
    latest = seen.days[ends - 1]
    due = np.where(np.isfinite(scores.due_days), latest + np.nan_to_num(scores.due_days, posinf=0.0), 0).astype(int)
    return pa.table(
        {
            "customer": found.customers.take(pa.array(seen.customers[starts])),
            "purchase_days": pa.array(ends - starts),
            "first_purchase": _dates(seen.days[starts]),
            "last_purchase": _dates(latest),
            "net_value": np.round(np.add.reduceat(seen.values, starts), _MONEY),
            "probability_active": np.round(scores.probability_active, _SHARE),
            "expected_purchases": np.round(scores.expected_purchases, _SHARE),
            "expected_value": np.round(scores.expected_value, _MONEY),
            "low_80": np.round(scores.low, _MONEY),
            "high_80": np.round(scores.high, _MONEY),
            "churn_band": pa.array([band.value for band in RiskBand]).take(pa.array(scores.bands)),
            "next_purchase": _dates(due, mask=~np.isfinite(scores.due_days)),
            "overdue": scores.overdue,
        }
    )


def _dates(days: object, mask: object = None) -> pa.Array:
    return pa.array(np.asarray(days, dtype=np.int32), mask=mask).cast(pa.date32())


def _horizon(text: str) -> Duration:
    try:
        found = parse_duration(text)
    except ValueError:
        raise BadUserInput("--horizon takes a length of time such as P12M.") from None
    if not in_weeks(found) > 0:
        raise BadUserInput("--horizon takes a length of time above 0.")
    return found


def _last_day(found: Purchases, until: str | None) -> int:
    """Return the last day that is looked at, that of the last purchase where nothing else was said."""
    first, last = int(found.days.days.min()), int(found.days.days.max())
    if until is None:
        return last
    try:
        asked = int(np.datetime64(date.fromisoformat(until), "D").astype(int))
    except ValueError:
        raise BadUserInput("--until takes a day such as 2026-01-31.") from None
    if asked < first:
        raise BadUserInput(f"--until {until} is before the first purchase, on {day(first)}.")
    if asked > last + _FARTHEST_AFTER:
        raise BadUserInput(f"--until {until} is over a year after the last purchase, on {day(last)}.")
    return asked
