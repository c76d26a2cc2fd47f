"""Answers built by PostgreSQL: expressions as JSON values, rows as objects, lists as arrays.

JSON is put together as text, from constant pieces and values; one conversion of a composite (`row_to_json`) or of an
argument list (`json_build_object`) looks up the type of every value of every row anew, and costs half as much again.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    BinaryExpression,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Double,
    Integer,
    Numeric,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    column,
    extract,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.types import TypeEngine

from api.domain.money import MINOR_DIGITS
from api.reads.relation import Expression, PlainText, Table

Labelled: TypeAlias = tuple[str, Expression]

_KINDS: dict[str, TypeEngine[Any]] = {
    "moment": DateTime(timezone=True),
    "moments": ARRAY(DateTime(timezone=True)),
    "date": Date(),
    "decimal": Numeric(),
    "flag": Boolean(),
    "integer": Integer(),
    "integers": ARRAY(Integer()),
    "number": Double(),
    "text": Text(),
    "texts": ARRAY(Text()),
    "uuid": Uuid(),
    "uuids": ARRAY(Uuid()),
}


def parameter(name: str, kind: str) -> Expression:
    """Return a parameter of the statement; kind is one of `_KINDS`."""
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
    """Return a number or a date as text, where it must not become a JSON number."""
    return cast(expression, PlainText(required=never_missing(expression)))


def as_moment(expression: Expression) -> Expression:
    """Return a moment in RFC 3339 form, in UTC with microseconds."""
    in_utc = func.timezone(literal_column("'UTC'"), expression)
    form: Expression = literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'""")
    return func.to_char(in_utc, form, type_=PlainText(required=never_missing(expression)))


def as_duration(expression: Expression) -> Expression:
    """Return a length of time as ISO 8601 writes it, in months, days, hours and minutes."""
    months, days, hours, minutes = parts_of_length(expression)
    date = func.concat(_counted(months, "M"), _counted(days, "D"))
    time = func.concat(_counted(hours, "H"), _counted(minutes, "M"))
    spelled = func.concat(literal_column("'P'"), date, literal_column("'T'").concat(func.nullif(time, _EMPTY)))
    whole = case((expression == literal_column("interval '0'"), literal_column("'P0D'")), else_=spelled)
    form = PlainText(required=never_missing(expression))
    return type_coerce(whole if form.required else case((expression.is_not(None), whole)), form)


def parts_of_length(length: Expression) -> tuple[Expression, Expression, Expression, Expression]:
    """Return the months, days, hours and minutes of a length of time, as whole numbers."""
    years, months, days, hours, minutes = (
        cast(extract(unit, length), Integer) for unit in ("year", "month", "day", "hour", "minute")
    )
    return years * literal_column("12") + months, days, hours, minutes


def _counted(count: Expression, unit: str) -> Expression:
    return cast(func.nullif(count, number(0)), Text).concat(literal_column(f"'{unit}'"))


_EMPTY: Expression = literal_column("''", Text)


def minor_digits(currency: Expression) -> Expression:
    """Return how many digits behind the point a currency has."""
    special = case(*[(_has(currency, digits), number(digits)) for digits in (0, 3, 4)])
    # Nearly every currency has two digits: one look into one set tells.
    return case((_has(currency, 0, 3, 4), special), else_=number(2))


def _has(currency: Expression, *digits: int) -> ColumnElement[bool]:
    return currency.in_([literal_column(f"'{code}'") for code, of in MINOR_DIGITS.items() if of in digits])


def money_amount(amount: Expression, currency: Expression) -> Expression:
    """Return an amount as text in the currency's minor units, rounded half away from zero."""
    required = never_missing(amount) and never_missing(currency)
    return cast(func.round(amount, minor_digits(currency)), PlainText(required=required))


def constant(text: str) -> Expression:
    """Return a text that is part of the statement; only for names of the schema, never for input."""
    return literal_column("'" + text.replace("'", "''") + "'", PlainText(required=True))


def number(value: int) -> Expression:
    """Return a whole number that is part of the statement."""
    return literal_column(str(int(value)), Integer)


def never_missing(expression: Expression) -> bool:
    """Return whether an expression is known to have a value in every row."""
    if isinstance(expression, Column):
        return not expression.nullable
    if isinstance(expression, BinaryExpression) and expression.operator in (operator.add, operator.sub):
        return never_missing(expression.left) and never_missing(expression.right)
    return isinstance(expression.type, PlainText) and expression.type.required


@dataclass(frozen=True, slots=True)
class Json:
    """One JSON value in the making: constant text, and expressions of text that have a value in every row."""

    pieces: tuple[str | Expression, ...]

    def text(self) -> Expression:
        """Return the value as one expression of text."""
        return _joined([constant(piece) if isinstance(piece, str) else piece for piece in self._merged()])

    def _merged(self) -> list[str | Expression]:
        merged = list[str | Expression]()
        for piece in self.pieces:
            if isinstance(piece, str) and merged and isinstance(merged[-1], str):
                merged[-1] += piece
            else:
                merged.append(piece)
        return merged


def _joined(texts: Sequence[Expression]) -> Expression:
    # Halves of halves: one after the other would copy the beginning once for every piece. An operator that SQLAlchemy
    # knows to be associative would lose the brackets.
    if len(texts) == 1:
        return texts[0]
    middle = len(texts) // 2
    return Grouping(_joined(texts[:middle]).op("||", return_type=Text())(_joined(texts[middle:])))


def json_value(expression: Expression) -> Json:
    """Return an expression as a JSON value, null where it is missing."""
    required = never_missing(expression)
    if isinstance(expression.type, PlainText):
        made = Json(('"', expression, '"'))
    else:
        writes_itself = isinstance(expression.type, Integer | Boolean)
        made = Json((cast(expression if writes_itself else func.to_json(expression), Text),))
    return made if required else Json((func.coalesce(made.text(), _NULL),))


_NULL: Expression = literal_column("'null'", Text)


def json_object(members: Sequence[tuple[str, Json]]) -> Json:
    """Return one object made of values of the enclosing rows, under keys that are names of GraphQL."""
    pieces: list[str | Expression] = ["{"]
    for number, (key, value) in enumerate(members):
        pieces += [f'{"," if number else ""}"{key}":', *value.pieces]
    return Json((*pieces, "}"))


def json_row(rows: Select[Any]) -> Json:
    """Return the one row of JSON, or null where there is none."""
    return Json((func.coalesce(rows.scalar_subquery(), _NULL),))


def one_of_several(which: Expression, options: Sequence[tuple[Expression, Json]]) -> Json:
    """Return the value whose name a column holds, null where it holds none."""
    return Json((case(*[(which == name, value.text()) for name, value in options], else_=_NULL),))


def listed_together(names: Expression, keys: Expression) -> Any:
    """Return the items of two lists side by side, as rows of `name`, `key` and `place`."""
    both = func.unnest(names, keys).table_valued(column("name", Text), column("key", Uuid), with_ordinality="place")
    return both.render_derived("listed")


def over(value: Expression, table: Table) -> Select[Any]:
    """Return a value over the one row of a lateral sub-select."""
    return select(value).select_from(table).correlate_except(table)


def json_list(rows: Select[Any], some: ColumnElement[bool] | None = None) -> Json:
    """Return rows of one JSON value each as an array, in their order; where `some` does not hold, none are read."""
    inner = rows.subquery()
    (value,) = inner.c
    items = select(listed_items(value)).select_from(inner).scalar_subquery()
    return json_array(items if some is None else case((some, items)))


def json_items(values: Sequence[tuple[Json, ColumnElement[bool] | None]]) -> Json:
    """Return values of the enclosing rows as an array, in their order; those with a condition only where it holds."""
    if all(kept is None for _, kept in values):
        pieces = [piece for value, _ in values for piece in (",", *value.pieces)]
        return Json(("[", *pieces[1:], "]"))
    texts = [value.text() if kept is None else case((kept, value.text())) for value, kept in values]
    return Json(("[", func.concat_ws(literal_column("','"), *texts, type_=Text), "]"))


def json_array(items: Expression) -> Json:
    """Return an array of what `listed_items` gives."""
    return Json(("[", func.coalesce(items, literal_column("''", Text)), "]"))


def count_of_rows() -> Expression:
    """Return how many rows there are."""
    return func.count()


def listed_items(items: Expression) -> Expression:
    """Return JSON values of many rows as the inside of an array, null where there is no row."""
    return func.string_agg(items, literal_column("','"), type_=Text)


def unless(missing: ColumnElement[bool], value: Json) -> Json:
    """Return a value, or null where a condition holds."""
    return Json((case((missing, _NULL), else_=value.text()),))


def is_missing(value: Expression) -> ColumnElement[bool]:
    """Return whether there is no value."""
    return value.is_(None)


def labelled(columns: Sequence[Labelled]) -> list[Expression]:
    """Return expressions under their labels."""
    return [expression.label(label) for label, expression in columns]
