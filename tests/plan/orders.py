"""The ordering a connection has under its arguments, and the name its cursors carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLField

from api.reads.relation import Link, Relation, Term


def target_of(field: GraphQLField) -> tuple[Relation, Link | None]:
    """Return the relation a connection pages through, and the link to it where there is one."""
    target = field.extensions["strawberry-definition"].source.target
    return (target.target, target) if isinstance(target, Link) else (target, None)


def ordering(field: GraphQLField, given: Mapping[str, Any]) -> tuple[Term, ...]:
    """Return the terms by which coerced arguments order a connection, without the key that breaks ties."""
    relation, link = target_of(field)
    order = given.get("orderBy")
    steps = order if isinstance(order, list) else [order] if order is not None else []
    asked = tuple(Term(step["field"].value, step["direction"].name == "DESC") for step in steps)
    if not asked and given.get("query") is not None:
        return (Term("relevance", descending=True),)
    return asked or (link.order if link else ()) or relation.order


def is_total(field: GraphQLField, terms: tuple[Term, ...]) -> bool:
    """Return whether terms put every row in its place without the key."""
    _, link = target_of(field)
    return link is not None and link.total and terms == link.order


def named(field: GraphQLField, terms: tuple[Term, ...]) -> str:
    """Return the name of an ordering."""
    relation, _ = target_of(field)
    return " ".join([relation.name, *(f"{'-' if term.descending else '+'}{term.name}" for term in terms)])
