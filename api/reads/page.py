"""Pages of long lists: keyset cursors, which stay valid while rows come and go.

A cursor holds the ordering it belongs to, the ordered values and the key. Missing values come last in either direction.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, ColumnElement, Select, Text, and_, cast, func, literal_column, or_, select, tuple_

from api.errors import BadUserInput
from api.reads.json import as_moment, as_text, constant, kind_of
from api.reads.relation import Expression, Relation, Row, Term, rows

COUNTED_AT_MOST = 10_000
"""Where counting stops; beyond it a count is a lower bound."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the order of a page: the expression, its direction, and whether it can be missing."""

    expression: Expression
    descending: bool
    nullable: bool

    def ordering(self) -> ColumnElement[Any]:
        """Return the step as it stands in ORDER BY."""
        direction = self.expression.desc() if self.descending else self.expression.asc()
        return direction.nulls_last() if self.nullable else direction

    def reversed(self) -> ColumnElement[Any]:
        """Return the step as it stands in ORDER BY when the page is read from its end."""
        direction = self.expression.asc() if self.descending else self.expression.desc()
        return direction.nulls_first() if self.nullable else direction

    def beyond(self, value: Expression, *, after: bool) -> ColumnElement[bool]:
        """Return the condition that a row stands after (or before) a value."""
        later = self.expression < value if self.descending == after else self.expression > value
        if not self.nullable:
            return later
        missing = self.expression.is_(None)
        return and_(value.is_not(None), or_(later, missing)) if after else or_(
            later, and_(value.is_(None), self.expression.is_not(None))
        )

    def same(self, value: Expression) -> ColumnElement[bool]:
        """Return the condition that a row stands level with a value."""
        return self.expression.is_not_distinct_from(value) if self.nullable else self.expression == value


def steps(row: Row, terms: Sequence[Term], *, total: bool) -> list[Step]:
    """Return the steps of an order, ending with the key unless the terms alone put every row in its place."""
    ordered = [Step(row[term.name], term.descending, _can_be_missing(row[term.name])) for term in terms]
    if total:
        return ordered
    descending = bool(terms) and terms[-1].descending
    return [*ordered, Step(row.key, descending, nullable=False)]


def _can_be_missing(expression: Expression) -> bool:
    return expression.nullable is not False if isinstance(expression, Column) else True


def signature(relation: Relation, terms: Sequence[Term]) -> str:
    """Return the name of an ordering; a cursor of another one is refused."""
    return " ".join([relation.name, *(f"{'-' if term.descending else '+'}{term.name}" for term in terms)])


def cursor(steps: Sequence[Step], name: str) -> Expression:
    """Return the cursor of a row as text."""
    values = func.json_build_array(constant(name), *[_as_cursor_text(step.expression) for step in steps])
    encoded = func.encode(func.convert_to(cast(values, Text), constant("UTF8")), constant("base64"))
    return func.translate(encoded, literal_column("E'+/\\n'"), constant("-_"))


def _as_cursor_text(expression: Expression) -> Expression:
    return as_moment(expression) if kind_of(expression) == "moment" else as_text(expression)


def read_cursor(text: str, name: str, kinds: Sequence[str]) -> list[object]:
    """Return the values a cursor holds; raise BadUserInput for one of another ordering or none at all."""
    try:
        held = orjson.loads(urlsafe_b64decode(text.encode("ascii")))
        given, *values = held
        if given != name:
            raise BadUserInput("This cursor belongs to another list or order; start again without it.")
        return [None if value is None else _PARSERS[kind](value) for value, kind in zip(values, kinds, strict=True)]
    except (ValueError, TypeError, InvalidOperation, UnicodeError, binascii.Error, orjson.JSONDecodeError):
        raise BadUserInput("This is not a cursor of this list; pass one that a page has returned.") from None


_PARSERS: dict[str, Any] = {
    "moment": datetime.fromisoformat,
    "decimal": Decimal,
    "integer": int,
    "text": str,
    "uuid": UUID,
}


def beyond(steps: Sequence[Step], values: Sequence[Expression], *, after: bool) -> ColumnElement[bool]:
    """Return the condition that a row stands after (or before) a cursor.

    One row comparison where every step goes one way and nothing is missing: an index serves it from the first byte.
    """
    plain = not any(step.nullable for step in steps) and len({step.descending for step in steps}) == 1
    if plain:
        left, right = tuple_(*[step.expression for step in steps]), tuple_(*values)
        return left < right if steps[0].descending == after else left > right
    return or_(
        *[
            and_(*[s.same(v) for s, v in zip(steps[:i], values[:i], strict=True)], step.beyond(values[i], after=after))
            for i, step in enumerate(steps)
        ]
    )


def counted(row: Row, conditions: Sequence[ColumnElement[bool]]) -> Expression:
    """Return how many rows meet conditions, counted to one more than `COUNTED_AT_MOST`."""
    found = rows(row, [literal_column("1")], conditions).limit(COUNTED_AT_MOST + 1).subquery()
    return select(func.count()).select_from(found).scalar_subquery()


def window(selected: Select[Any], steps: Sequence[Step], limit: Expression, *, backward: bool) -> Select[Any]:
    """Return the rows of a page in reading direction, numbered from 1 in a column `rn`."""
    order = [step.reversed() if backward else step.ordering() for step in steps]
    numbered = selected.add_columns(func.row_number().over(order_by=order).label("rn"))
    return numbered.order_by(*order).limit(limit)
