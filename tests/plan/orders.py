"""The ordering a connection has under its arguments, and the name its cursors carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.graph.sources import Paged
from api.reads.relation import Link, Relation, Term


def target_of(source: Paged) -> tuple[Relation, Link | None]:
    """Return the relation a connection pages through, and the link to it where there is one."""
    target = source.target
    return (target.target, target) if isinstance(target, Link) else (target, None)


def ordering(source: Paged, given: Mapping[str, Any]) -> tuple[Term, ...]:
    """Return the terms by which coerced arguments order a connection, without the key that breaks ties."""
    relation, link = target_of(source)
    order = given.get("orderBy")
    steps = order if isinstance(order, list) else [order] if order is not None else []
    asked = tuple(Term(step["field"].value, step["direction"].name == "DESC") for step in steps)
    if not asked and given.get("query") is not None:
        return (Term("relevance", descending=True),)
    return asked or (link.order if link else ()) or relation.order


def is_total(source: Paged, terms: tuple[Term, ...]) -> bool:
    """Return whether terms put every row in its place without the key."""
    _, link = target_of(source)
    return link is not None and link.total and terms == link.order


def named(source: Paged, terms: tuple[Term, ...]) -> str:
    """Return the name of an ordering."""
    relation, _ = target_of(source)
    return " ".join([relation.name, *(f"{'-' if term.descending else '+'}{term.name}" for term in terms)])
