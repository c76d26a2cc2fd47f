"""From `first`, `after`, `last`, `before` and `orderBy` to the page they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.errors import BadUserInput
from api.plan.tree import Narrow, Page
from api.plan.values import Parameters, Slot
from api.reads import search
from api.reads.json import kind_of, number, parameter
from api.reads.page import LARGEST_SIZE, read_cursor, signature, steps
from api.reads.relation import Expression, Lens, Link, Relation, Row, Term

DEFAULT_SIZE = 20


def paging(
    relation: Relation, link: Link | None, arguments: Mapping[str, Any], narrow: Narrow, parameters: Parameters
) -> Page:
    """Return the page that arguments ask for; raise BadUserInput for one that cannot be."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise BadUserInput("Give `first` or `last`, not both.")
    query = arguments.get("query")
    sought = None if query is None else parameters.add(query, "text", lambda text: " ".join(search.words(text)))
    terms = _terms(arguments.get("orderBy"), searching=query is not None) or (link.order if link else ())
    terms = terms or relation.order
    total = link is not None and link.total and terms == link.order
    name, size = "last" if last is not None else "first", last if last is not None else first
    return Page(
        terms=terms,
        total=total,
        backward=last is not None,
        size=size_of(name, DEFAULT_SIZE if size is None else size, parameters),
        after=_cursor(relation, terms, total, arguments.get("after"), parameters),
        before=_cursor(relation, terms, total, arguments.get("before"), parameters),
        narrow=narrow,
        search=sought,
    )


def size_of(name: str, size: Any, parameters: Parameters) -> Expression:
    """Return how many rows are asked for; raise BadUserInput, now or at a run, for too few or too many."""
    # A size that the document tells is part of the statement: PostgreSQL plans better for a number it knows.
    if isinstance(size, Slot):
        return parameters.add(size, "integer", lambda value: _size(name, value))
    return number(_size(name, size))


def _size(name: str, value: int) -> int:
    if not 1 <= value <= LARGEST_SIZE:
        raise BadUserInput(f"`{name}` must be between 1 and {LARGEST_SIZE}.")
    return value


def _terms(order: Any, *, searching: bool) -> tuple[Term, ...]:
    asked = order if isinstance(order, list) else [order] if order is not None else []
    found = tuple(Term(step["field"].value, step["direction"].value == "DESC") for step in asked)
    if len({term.name for term in found}) < len(found):
        raise BadUserInput("Sort by each field once; `orderBy` names one twice.")
    if any(term.name == "relevance" for term in found) and not searching:
        raise BadUserInput("Sorting by RELEVANCE needs `query`.")
    return found or ((Term("relevance", descending=True),) if searching else ())


def _cursor(
    relation: Relation, terms: tuple[Term, ...], total: bool, text: Any, parameters: Parameters
) -> tuple[Expression, ...] | None:
    if text is None:
        return None
    name, kinds = signature(relation, terms), _kinds(relation, terms, total)

    def part(index: int) -> Expression:
        return parameters.add(text, kinds[index], lambda given: read_cursor(given, name, kinds)[index])

    return tuple(part(index) for index in range(len(kinds)))


def _kinds(relation: Relation, terms: tuple[Term, ...], total: bool) -> list[str]:
    # What kinds of values rows are sorted by does not depend on the moment.
    sample = Row(relation, Lens(moment=parameter("moment", "moment")))
    return [kind_of(step.expression) for step in steps(sample, terms, total=total)]
