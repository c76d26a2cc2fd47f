"""How a forecast of one customer would have gone over time, had it been asked for at each of many moments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from api.domain.lifetime_value.facts import FittedModel
from api.domain.lifetime_value.prediction import Asked, PredictedValue, predictions
from api.domain.lifetime_value.purchase_table import PurchaseTable
from api.domain.lifetime_value.unavailable import PredictionUnavailable
from api.domain.money import Amount

LEVEL = 0.8
_STEPS, _LATEST = 160, 80


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of a customer at a moment: for a model, in a table of one, and what had been brought by then.

    day  that of the moment, where the business is
    """

    day: date
    table: PurchaseTable
    brought: Decimal


@dataclass(frozen=True, slots=True)
class Point:
    """What was expected of a customer at the end of a day.

    brought  what had come by then
    alive    P(alive): the chance of not being lost yet; None before the first purchase
    active   the chance of a purchase or another payment within the horizon
    """

    day: date
    brought: Decimal
    alive: float | None
    active: float
    expected: Amount
    low: Amount
    high: Amount


@dataclass(frozen=True, slots=True)
class Course:
    """The points in the order of time, None where nothing could be predicted; and the forecast at the last of them."""

    points: Sequence[Point | None]
    latest: PredictedValue


def days_to_show(first: date, last: date, bought: Sequence[date]) -> list[date]:
    """Return the days to look at: evenly from first to last, and those of the latest purchases, each with that before.

    >>> [day.day for day in days_to_show(date(2025, 6, 1), date(2025, 6, 4), [])]
    [1, 2, 3, 4]
    """
    length = (last - first).days
    even = {first + timedelta(days=round(length * step / _STEPS)) for step in range(_STEPS + 1)}
    around = {day - timedelta(days=back) for day in bought[-_LATEST:] for back in (0, 1)}
    return sorted(even | {day for day in around if first <= day <= last})


def course(
    known: Sequence[Known], asked: Asked, model: FittedModel | None, currency: str
) -> Course | PredictionUnavailable:
    """Return how the forecast went by one model, at each moment from what was known then; or why there is none now."""
    # One by one, as it is answered of a customer alone: in lists ranges are approximate.
    found = [predictions(then.table, asked, model, (currency, currency))[0] for then in known]
    latest = found[-1]
    if isinstance(latest, PredictionUnavailable):
        return latest
    return Course([_point(then, value) for then, value in zip(known, found, strict=True)], latest)


def runs(points: Sequence[Point | None]) -> Iterator[list[Point]]:
    """Yield the stretches of points that follow each other without a gap."""
    run = list[Point]()
    for point in (*points, None):
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []


def _point(then: Known, value: PredictedValue | PredictionUnavailable) -> Point | None:
    if isinstance(value, PredictionUnavailable):
        return None
    alive = float(value.batch.score.probability_alive[0]) if then.table.bought[0] else None
    interval = value.interval(LEVEL)
    return Point(then.day, then.brought, alive, value.probability_active, value.expected, interval.low, interval.high)
