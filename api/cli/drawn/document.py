"""A page as HTML, light or dark as the reader's system is, and the parts that pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files

from api.cli.drawn.figures import Figure


@cache
def _style() -> str:
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")


def document(title: str, parts: Iterable[str]) -> str:
    """Return the whole page."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Without an icon of its own a browser asks for one.
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{_style()}</style></head>'
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def tiles(figures: Iterable[tuple[str, str, str]]) -> str:
    """Return figures side by side, each with its name above it and a few words below."""
    return f'<section class="tiles">{"".join(_tile(*each) for each in figures)}</section>'


def _tile(name: str, figure: str, beside: str) -> str:
    return (
        f'<div class="tile"><div class="name">{escape(name)}</div><div class="figure">{escape(figure)}</div>'
        f'<div class="beside">{escape(beside)}</div></div>'
    )


def flags(raised: Iterable[tuple[str, str]]) -> str:
    """Return warnings, each with what it means; a word of calm where there are none."""
    found = [f'<div class="flag"><code>{name}</code><br>{escape(meaning)}</div>' for name, meaning in raised]
    calm = '<div class="flag none">No flags: nothing is known that would speak against the model.</div>'
    return "".join(found) or calm


def shown(figure: Figure, *, wide: bool = False) -> str:
    """Return a figure with its plot, its words, and its table folded away."""
    legend = "".join(f'<span class="{kind}"><i></i>{escape(name)}</span>' for kind, name in figure.legend)
    return (
        f'<figure class="card{" wide" if wide else ""}"><h3>{escape(figure.plot.title)}</h3>'
        f'<figcaption>{escape(figure.caption)}</figcaption><div class="legend">{legend}</div>'
        f"{figure.plot.svg(figure.name)}<details><summary>The figures</summary><div>"
        f"{_table(figure.head, [('', row) for row in figure.rows])}</div></details></figure>"
    )


def card(head: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return a table of its own; the first word of each row is its class."""
    return f'<div class="card scroll">{_table(head, rows)}</div>'


def _table(head: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr class="{kind}">{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>' for kind, cells in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
