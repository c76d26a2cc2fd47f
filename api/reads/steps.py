"""The order of a list, step by step: what rows are sorted by, and which of them stand behind a place in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_

from api.reads.relation import Expression


@dataclass(frozen=True, slots=True)
class Filled:
    """An expression in which no value is missing: what comes behind all values stands for those that are.

    An index leads to any page of such an order; one in which values are missing is read from its beginning.

    missing  what stands for a missing value
    """

    expression: Expression
    missing: Expression


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the order of a page: the expression, its direction, whether it can be missing, and what fills it."""

    expression: Expression
    descending: bool
    nullable: bool
    filled: Filled | None = None

    @property
    def place(self) -> Expression:
        """What rows are sorted by."""
        return self.filled.expression if self.filled else self.expression

    def place_of(self, value: Expression) -> Expression:
        """Return what a value of a cursor is compared as."""
        return func.coalesce(value, self.filled.missing, type_=value.type) if self.filled else value

    def ordering(self) -> ColumnElement[Any]:
        """Return the step as it stands in ORDER BY."""
        direction = self.place.desc() if self.descending else self.place.asc()
        return direction.nulls_last() if self.nullable else direction

    def reversed(self) -> ColumnElement[Any]:
        """Return the step as it stands in ORDER BY when the page is read from its end."""
        direction = self.place.asc() if self.descending else self.place.desc()
        return direction.nulls_first() if self.nullable else direction

    def beyond(self, value: Expression, *, after: bool) -> ColumnElement[bool]:
        """Return the condition that a row stands after (or before) a value."""
        placed = self.place_of(value)
        later = self.place < placed if self.descending == after else self.place > placed
        if not self.nullable:
            return later
        missing = self.expression.is_(None)
        return (
            and_(value.is_not(None), or_(later, missing))
            if after
            else or_(later, and_(value.is_(None), self.expression.is_not(None)))
        )

    def same(self, value: Expression) -> ColumnElement[bool]:
        """Return the condition that a row stands level with a value."""
        return self.expression.is_not_distinct_from(value) if self.nullable else self.place == self.place_of(value)
