"""What a page shows: a plot with its words and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.cli.drawn.svg import Plot

ACTUAL, MODEL = "actual", "model"


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot with what it says in words, and its figures as a table.

    legend  what each kind of mark stands for
    """

    name: str
    plot: Plot
    caption: str
    legend: tuple[tuple[str, str], ...]
    head: tuple[str, ...]
    rows: Sequence[Sequence[str]]
