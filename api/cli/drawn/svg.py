"""Plots as inline SVG: a frame with two axes, and marks in it; colours are classes, so that a page may be dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, log10

Point = tuple[float, float]

_LEFT, _RIGHT, _TOP, _BOTTOM = 72.0, 18.0, 16.0, 48.0
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_GAP, _NOTCH = 2.0, 12.0


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers from at most `low` to at least `high`, about so many.

    >>> ticks(0, 9.3)
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    high = high if high > low else low + 1
    span = (high - low) / about
    power = 10 ** floor(log10(span))
    step = next(each for each in _STEPS if each * power >= span * 0.999) * power
    return [round(number * step, 10) for number in range(floor(low / step), ceil(high / step - 1e-9) + 1)]


def number(value: float) -> str:
    """Return a figure as an axis or a table shows it, to three digits at least.

    >>> [number(each) for each in (0, 0.25, 0.0312, 12.5, 1840, 2500000)]
    ['0', '0.25', '0.0312', '12.5', '1,840', '2,500,000']
    """
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


@dataclass(slots=True)
class Plot:
    """A plot of what lies between two corners, in its own units; marks are drawn in the order in which they are made.

    title, text  what it shows, for who cannot see it
    x, y         numbers at the axes; the first and the last are the corners
    x_names      what is written between the corners of the x axis in place of numbers, at equal distances
    x_marks      what is written at places of it in place of them
    """

    title: str
    text: str
    x: Sequence[float]
    y: Sequence[float]
    x_label: str
    y_label: str
    x_names: Sequence[str] | None = None
    x_marks: Sequence[tuple[float, str]] | None = None
    percent: bool = False
    width: float = 500.0
    height: float = 300.0
    marks: list[str] = field(default_factory=list)

    def line(self, points: Sequence[Point], kind: str) -> None:
        """Draw a line through points."""
        path = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in points)
        self.marks.append(f'<polyline class="line {kind}" points="{path}"/>')

    def band(self, ranges: Sequence[tuple[float, float, float]], kind: str) -> None:
        """Fill what lies between two lines, given as x with the lower and the upper y."""
        there, back = [(x, high) for x, _, high in ranges], [(x, low) for x, low, _ in reversed(ranges)]
        path = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in (*there, *back))
        self.marks.append(f'<polygon class="band {kind}" points="{path}"/>')

    def notch(self, x: float, kind: str, name: str) -> None:
        """Draw a short stroke up from the x axis, which tells its name to who points at it."""
        at, foot = self._x(x), self._y(self.y[0])
        told = f"<title>{escape(name)}</title>"
        self.marks.append(
            f'<line class="notch {kind}" x1="{at:.1f}" x2="{at:.1f}" y1="{foot:.1f}" y2="{foot - _NOTCH}">{told}</line>'
        )

    def dots(self, points: Sequence[Point], kind: str, names: Sequence[str]) -> None:
        """Draw dots that tell their figures to who points at them."""
        for (x, y), name in zip(points, names, strict=True):
            told = f"<title>{escape(name)}</title>"
            self.marks.append(
                f'<circle class="dot {kind}" cx="{self._x(x):.1f}" cy="{self._y(y):.1f}" r="4.5">{told}</circle>'
            )

    def bar(self, x: float, width: float, height: float, kind: str, name: str) -> None:
        """Draw a bar from the axis up, with round upper corners, `width` in units of x."""
        left, right, top, foot = (
            self._x(x) + _GAP / 2,
            self._x(x + width) - _GAP / 2,
            self._y(height),
            self._y(self.y[0]),
        )
        r = min(3.0, (right - left) / 2, max(foot - top, 0.0))
        up, down = f"q0,{-r:.1f} {r:.1f},{-r:.1f}", f"q{r:.1f},0 {r:.1f},{r:.1f}"
        path = f"M{left:.1f},{foot:.1f}V{top + r:.1f}{up}H{right - r:.1f}{down}V{foot:.1f}z"
        self.marks.append(f'<path class="bar {kind}" d="{path}"><title>{escape(name)}</title></path>')

    def words(self, x: float, y: float, text: str) -> None:
        """Write a few words around a point inside a bar."""
        at = f'x="{self._x(x):.1f}" y="{self._y(y) + 4:.1f}"'
        self.marks.append(f'<text class="inside" {at} text-anchor="middle">{escape(text)}</text>')

    def upright(self, x: float, name: str) -> None:
        """Draw a dashed line from bottom to top, with a name beside it."""
        at, top = self._x(x), self._y(self.y[-1])
        self.marks.append(
            f'<line class="cut" x1="{at:.1f}" x2="{at:.1f}" y1="{top:.1f}" y2="{self._y(self.y[0]):.1f}"/>'
        )
        self.marks.append(
            f'<text class="note" x="{at - 6:.1f}" y="{top + 12:.1f}" text-anchor="end">{escape(name)}</text>'
        )

    def svg(self, name: str) -> str:
        """Return the plot as an element whose identifiers begin with a name."""
        return (
            f'<svg viewBox="0 0 {self.width:g} {self.height:g}" role="img" aria-labelledby="{name}-title {name}-text">'
            f'<title id="{name}-title">{escape(self.title)}</title><desc id="{name}-text">{escape(self.text)}</desc>'
            f"{self._axes()}{''.join(self.marks)}</svg>"
        )

    def _axes(self) -> str:
        right, foot = self.width - _RIGHT, self.height - _BOTTOM
        found = []
        for value in self.y:
            at = self._y(value)
            shown = f"{value:.0%}" if self.percent else number(value)
            found.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
            found.append(f'<text class="tick" x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{shown}</text>')
        for value, shown in self._named():
            found.append(
                f'<text class="tick" x="{self._x(value):.1f}" y="{foot + 18}" text-anchor="middle">{shown}</text>'
            )
        found.append(f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{foot}" y2="{foot}"/>')
        middle = (_LEFT + right) / 2
        found.append(
            f'<text class="label" x="{middle}" y="{self.height - 8}" text-anchor="middle">{escape(self.x_label)}</text>'
        )
        height = (_TOP + foot) / 2
        turned = f'x="12" y="{height}" transform="rotate(-90 12 {height})" text-anchor="middle"'
        found.append(f'<text class="label" {turned}>{escape(self.y_label)}</text>')
        return "".join(found)

    def _named(self) -> list[tuple[float, str]]:
        if self.x_marks is not None:
            return [(place, escape(name)) for place, name in self.x_marks]
        if self.x_names is None:
            return [(value, f"{value:.0%}" if self.percent else number(value)) for value in self.x]
        return [(place + 0.5, escape(name)) for place, name in enumerate(self.x_names)]

    def _x(self, value: float) -> float:
        low, high = self.x[0], self.x[-1]
        return _LEFT + (value - low) / (high - low) * (self.width - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        low, high, foot = self.y[0], self.y[-1], self.height - _BOTTOM
        return foot - (value - low) / (high - low) * (foot - _TOP)
