"""Finding a row by the identifier clients know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement

from api.domain import customer_name
from api.domain.identity import parse_id
from api.errors import BadUserInput, Rejection
from api.reads.relation import Expression, Relation, Row


class Given(Protocol):
    """The value of a condition, to be used as parameters."""

    def parameter(self, kind: str, *path: str, convert: Callable[[Any], object] | None = None) -> Expression:
        """Return the parameter for the value, or for the part of it that the path names."""

    def known(self) -> Any:
        """Return a flag or members of an enum themselves; plans are made for them."""

    def maybe(self, kind: str, *path: str, convert: Callable[[Any], object] | None = None) -> Expression | None:
        """Return the parameter for a part of the value, or None where it is not given."""

    def past(self, name: str) -> Expression:
        """Return the parameter for a moment; to run it with one after that of the answer raises BadUserInput."""


def as_kept(rule: Callable[[str, tuple[str, ...]], str]) -> Callable[[str], str]:
    """Return the rule by which a value is kept as one by which it is looked for; it raises BadUserInput."""

    def kept(text: str) -> str:
        try:
            return rule(text, ())
        except Rejection as rejection:
            raise BadUserInput(rejection.message) from None

    return kept


def named_elsewhere(given: Given) -> tuple[Expression, Expression]:
    """Return the name of another system and the identifier within it, in the form in which they are kept."""
    return (
        given.parameter("text", "source", convert=as_kept(customer_name.source)),
        given.parameter("text", "value", convert=as_kept(customer_name.value)),
    )


def is_this(row: Row, given: Given) -> ColumnElement[bool]:
    """Return whether a row is the one an identifier names."""
    return row.key == given.parameter("uuid", convert=lambda text: key_of(row.relation, text))


def key_of(relation: Relation, text: str) -> UUID | None:
    """Return the key in an identifier, None where it is one of another type; raise BadUserInput for no identifier."""
    found = parse_id(text)
    if found is None:
        raise BadUserInput("This is not an identifier; identifiers look like cus_ and 32 hexadecimal digits.")
    prefix, key = found
    return key if prefix == relation.prefix else None
