"""Conditions on rows, as filters combine them. A missing value fulfils none; `opposite` is its contrary."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, any_, false, func, not_, or_, true

from api.reads.relation import Expression

COMPARISONS: Mapping[str, Callable[[Expression, Expression], ColumnElement[bool]]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def every(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return whether all conditions hold; none given, they do."""
    return and_(true(), *conditions)


def some(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return whether at least one condition holds; none given, none does."""
    return or_(false(), *conditions)


def opposite(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return whether a condition does not hold, also where a missing value leaves it open."""
    return not_(func.coalesce(condition, false()))


def missing(expression: Expression) -> ColumnElement[bool]:
    """Return whether there is no value."""
    return expression.is_(None)


def present(expression: Expression) -> ColumnElement[bool]:
    """Return whether there is a value."""
    return expression.is_not(None)


def one_of(expression: Expression, values: Expression) -> ColumnElement[bool]:
    """Return whether an expression equals one of the values."""
    return expression == any_(values)


def overlap(expression: Expression, values: Expression) -> ColumnElement[bool]:
    """Return whether a list shares a value with another."""
    return expression.op("&&", is_comparison=True)(values)
