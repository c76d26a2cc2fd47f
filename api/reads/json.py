"""Answers built by PostgreSQL: expressions as JSON values, rows as objects, lists as arrays.

`row_to_json` over a sub-select takes the column labels as keys; it costs half of what `json_build_object` costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Numeric,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.types import TypeEngine

from api.domain.money import MINOR_DIGITS
from api.reads.relation import Expression

Labelled: TypeAlias = tuple[str, Expression]

LONGEST_LABEL = 63
"""Bytes of a column label; PostgreSQL cuts what is longer, and the JSON key with it."""

EMPTY_LIST: Expression = literal_column("'[]'::json")

# A name that stands for a whole row gives way to a column of the same name, and clients name the columns by their
# aliases: no alias can hold a blank.
_ROW = "the row"

_KINDS: dict[str, TypeEngine[Any]] = {
    "moment": DateTime(timezone=True),
    "date": Date(),
    "decimal": Numeric(),
    "flag": Boolean(),
    "integer": Integer(),
    "integers": ARRAY(Integer()),
    "text": Text(),
    "texts": ARRAY(Text()),
    "uuid": Uuid(),
    "uuids": ARRAY(Uuid()),
}


def parameter(name: str, kind: str) -> Expression:
    """Return a parameter of the statement; kind is one of moment, date, decimal, flag, integer, text(s), uuid(s)."""
    return bindparam(name, type_=_KINDS[kind])


def kind_of(expression: Expression) -> str:
    """Return the kind of parameter that can be compared with an expression."""
    for name, known in _KINDS.items():
        if _are_alike(expression.type, known):
            return name
    return "text"


def _are_alike(one: TypeEngine[Any], other: TypeEngine[Any]) -> bool:
    if isinstance(one, ARRAY) and isinstance(other, ARRAY):  # PostgreSQL's own kind of array is one, too
        return _are_alike(one.item_type, other.item_type)
    return type(one) is type(other)


def as_text(expression: Expression) -> Expression:
    """Return an expression as text, for numbers that must not become JSON numbers."""
    return cast(expression, Text)


def as_moment(expression: Expression) -> Expression:
    """Return a moment in RFC 3339 form, in UTC with microseconds."""
    in_utc = func.timezone("UTC", expression)
    return func.to_char(in_utc, literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""))


def minor_digits(currency: Expression) -> Expression:
    """Return how many digits behind the point a currency has."""
    special = {digits: [code for code, of in MINOR_DIGITS.items() if of == digits] for digits in (0, 3, 4)}
    lists = [(currency.in_([literal_column(f"'{code}'") for code in codes]), n) for n, codes in special.items()]
    return case(*[(is_one, literal_column(str(digits))) for is_one, digits in lists], else_=literal_column("2"))


def money_amount(amount: Expression, currency: Expression) -> Expression:
    """Return an amount as text in the currency's minor units, rounded half away from zero."""
    return as_text(func.round(amount, minor_digits(currency)))


def constant(text: str) -> Expression:
    """Return a text that is part of the statement; only for names of the schema, never for input."""
    return literal_column("'" + text.replace("'", "''") + "'", Text)


def json_object(columns: Sequence[Labelled]) -> Expression:
    """Return one object made of expressions of the enclosing rows."""
    return json_row(select(*[expression.label(label) for label, expression in columns]).correlate_except())


def json_row(rows: Select[Any]) -> Expression:
    """Return the first row as an object, or null where there is none."""
    inner = rows.subquery(_ROW)
    return select(func.row_to_json(inner.table_valued())).scalar_subquery()


def json_list(rows: Select[Any]) -> Expression:
    """Return the rows as an array of objects, in their order; empty where there is none."""
    inner = rows.subquery(_ROW)
    return select(func.coalesce(func.json_agg(inner.table_valued()), EMPTY_LIST)).scalar_subquery()


def unless(missing: ColumnElement[bool], value: Expression) -> Expression:
    """Return a value, or null where a condition holds."""
    return case((missing, null()), else_=value)


def is_missing(value: Expression) -> ColumnElement[bool]:
    """Return whether there is no value."""
    return value.is_(None)


def labelled(columns: Sequence[Labelled]) -> list[Expression]:
    """Return expressions under their labels."""
    return [expression.label(label) for label, expression in columns]
