"""The plots of a customer: chances, what is expected, and what came, with the purchases at the axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from api.cli.drawn.dates import day_marks
from api.cli.drawn.figures import ACTUAL, MODEL, Figure
from api.cli.drawn.svg import Plot, ticks
from api.domain.lifetime_value.course import LEVEL, Course, Point, runs
from api.domain.lifetime_value.facts import FittedModel
from api.reads.value_course import Subject

_WIDTH, _HEIGHT, _MOST_HOVERED = 1_000, 300, 60
_AHEAD = "12 months"
_BOUGHT = ("notch", "a day with a purchase")
_SHARES = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn: whose course it is, by which model; days are those where the business is.

    part  what the customers of the model have in common, such as DE; None where it is of all
    """

    about: Subject
    customer_id: str
    course: Course
    model: FittedModel
    version: int
    method: str
    part: str | None
    zone: ZoneInfo

    @property
    def points(self) -> list[Point]:
        """The points at which something could be predicted, in the order of time."""
        return [point for point in self.course.points if point]

    @property
    def currency(self) -> str:
        """What amounts are in."""
        return self.points[-1].expected.currency_code

    @property
    def fitted(self) -> date:
        """The last day that the model has seen."""
        return self.model.trained_until.astimezone(self.zone).date()


def figures(drawn: Drawn) -> list[Figure]:
    """Return the plots, from the chances to the money."""
    return [_chances(drawn), _expected(drawn), _brought(drawn)]


def _chances(drawn: Drawn) -> Figure:
    last = drawn.points[-1]
    still = "" if last.alive is None else f", and one of {last.alive:.0%} not to be lost yet"
    text = f"Today the customer has a chance of {last.active:.0%} to buy or pay within {_AHEAD}{still}."
    plot = _plot(drawn, "Will the customer come back?", text, _SHARES, "probability", percent=True)
    for run in runs(drawn.course.points):
        plot.line([(_x(point.day), point.alive) for point in run if point.alive is not None], "inner")
        plot.line([(_x(point.day), point.active) for point in run], MODEL)
    told = [(point.day, point.active, f"{point.day}: {point.active:.0%}") for point in drawn.points]
    rows = [(str(point.day), f"{point.active:.1%}", _share(point.alive)) for point in drawn.points]
    legend = ((MODEL, f"buys or pays within {_AHEAD}"), ("inner", "not lost yet, P(alive)"))
    return _finished(drawn, "chances", plot, told, legend, ("end of", f"within {_AHEAD}", "P(alive)"), rows)


def _expected(drawn: Drawn) -> Figure:
    last, currency = drawn.points[-1], drawn.currency
    text = (
        f"Today {last.expected.amount:,} {currency} are expected within {_AHEAD}; in {LEVEL:.0%} of such cases it is "
        f"between {last.low.amount:,} and {last.high.amount:,}."
    )
    high = max(float(point.high.amount) for point in drawn.points)
    plot = _plot(drawn, f"What the next {_AHEAD} are expected to bring", text, ticks(0, high), currency)
    for run in runs(drawn.course.points):
        plot.band([(_x(point.day), float(point.low.amount), float(point.high.amount)) for point in run], MODEL)
        plot.line([(_x(point.day), float(point.expected.amount)) for point in run], MODEL)
    told = [
        (point.day, float(point.expected.amount), f"{point.day}: {point.expected.amount:,} {currency}")
        for point in drawn.points
    ]
    rows = [
        (str(point.day), f"{point.expected.amount:,}", f"{point.low.amount:,}", f"{point.high.amount:,}")
        for point in drawn.points
    ]
    legend = ((MODEL, "expected"), ("band", f"range that holds {LEVEL:.0%} of such cases"))
    return _finished(drawn, "expected", plot, told, legend, ("end of", f"expected {currency}", "low", "high"), rows)


def _brought(drawn: Drawn) -> Figure:
    brought, currency = [(point.day, float(point.brought)) for point in drawn.points], drawn.currency
    text = f"So far the customer has brought {drawn.points[-1].brought:,} {currency}, after discounts and refunds."
    low, high = min(0.0, *(value for _, value in brought)), max(value for _, value in brought)
    plot = _plot(drawn, "What the customer has brought", text, ticks(low, high), currency)
    for run in runs(drawn.course.points):
        plot.line([(_x(point.day), float(point.brought)) for point in run], ACTUAL)
    told = [(day, value, f"{day}: {value:,.2f} {currency}") for day, value in brought]
    rows = [(str(point.day), f"{point.brought:,}") for point in drawn.points]
    legend = ((ACTUAL, "all streams, so far"),)
    return _finished(drawn, "brought", plot, told, legend, ("end of", f"so far, {currency}"), rows)


def _plot(drawn: Drawn, title: str, text: str, y: Sequence[float], y_label: str, *, percent: bool = False) -> Plot:
    last = drawn.points[-1].day
    # Who came today has a day of their own, too.
    first = min(drawn.points[0].day, last - timedelta(days=1))
    plot = Plot(
        title, text, [_x(first), _x(last)], y, "end of the day", y_label,
        x_marks=day_marks(first, last), percent=percent, width=_WIDTH, height=_HEIGHT,
    )  # fmt: skip
    if first < drawn.fitted < last:
        plot.upright(_x(drawn.fitted), f"version {drawn.version} has seen all until here")
    return plot


def _finished(
    drawn: Drawn,
    name: str,
    plot: Plot,
    told: Sequence[tuple[date, float, str]],
    legend: tuple[tuple[str, str], ...],
    head: tuple[str, ...],
    rows: Sequence[Sequence[str]],
) -> Figure:
    """Return a figure with the purchases at its foot, and with what some of its points tell to who looks closer."""
    first, last = drawn.points[0].day, drawn.points[-1].day
    for day, value in drawn.about.bought:
        if first <= day <= last:
            plot.notch(_x(day), ACTUAL, f"{day}: bought for {value:,.2f} {drawn.currency}")
    hovered = told[:: max(1, len(told) // _MOST_HOVERED)]
    plot.dots([(_x(day), value) for day, value, _ in hovered], "hidden", [name for _, _, name in hovered])
    return Figure(name, plot, plot.text, (*legend, _BOUGHT), head, rows)


def _x(day: date) -> float:
    return float(day.toordinal())


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
