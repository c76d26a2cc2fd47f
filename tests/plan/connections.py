"""Connections as the naive evaluation makes them: of rows that are all there, cut in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import get_named_type

from api.graph.sources import Paged
from tests.plan.orders import is_total, named, ordering
from tests.plan.pages import Cursor, cut, directions
from tests.plan.rows import Found


async def connection(
    naive: Any, found: Sequence[Found], given: Any, source: Paged, field: Any, details: Any
) -> dict[str, Any]:
    """Return a connection over rows; `naive` makes the objects."""
    terms = ordering(source, given)
    total = is_total(source, terms)
    ordered = await naive.ordered(found, terms, total)
    limits = {name: given.get(name) for name in ("first", "last", "after", "before")}
    page = cut(ordered, directions(terms, total), **limits)
    type_: Any = get_named_type(field.type)
    cursors = [Cursor(named(source, terms), placed.place) for placed in page.shown]
    answer: dict[str, Any] = {}
    for key, below in naive.below(type_, details).items():
        part = type_.fields.get(name_of(below))
        inner: Any = part and get_named_type(part.type)
        if part is None:
            answer[key] = type_.name
        elif name_of(below) == "nodes":
            of = _item_type(naive, inner, source)
            answer[key] = [await naive.object(of, placed.item, below) for placed in page.shown]
        elif name_of(below) == "edges":
            shown = zip(page.shown, cursors, strict=True)
            answer[key] = [await _edge(naive, source, inner, row.item, at, below) for row, at in shown]
        else:
            answer[key] = {at: _fact(page, cursors, inner, of) for at, of in naive.below(inner, below).items()}
    return answer


async def _edge(naive: Any, source: Paged, type_: Any, row: Found, cursor: Cursor, details: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for key, below in naive.below(type_, details).items():
        name = name_of(below)
        if name == "node":
            inner = _item_type(naive, get_named_type(type_.fields[name].type), source)
            answer[key] = await naive.object(inner, row, below)
        else:
            answer[key] = cursor if name == "cursor" else type_.name
    return answer


def _item_type(naive: Any, type_: Any, source: Paged) -> Any:
    """Return the type of the rows, which may be one of several."""
    return naive.schema.type_map[source.of] if source.of else type_


def name_of(details: Any) -> str:
    """Return the name of the field that a selection is of."""
    name: str = details[0].node.name.value
    return name


def _fact(page: Any, cursors: Sequence[Cursor], type_: Any, details: Any) -> Any:
    facts = {
        "hasNextPage": page.has_next,
        "hasPreviousPage": page.has_previous,
        "startCursor": cursors[0] if cursors else None,
        "endCursor": cursors[-1] if cursors else None,
        "count": page.count,
        "precision": "EXACT",
        "__typename": type_.name,
    }
    return facts[name_of(details)]
