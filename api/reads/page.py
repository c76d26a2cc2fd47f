"""Pages of long lists: keyset cursors, which stay valid while rows come and go.

A cursor holds the ordering it belongs to, the ordered values and the key. Missing values come last in either direction.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any, TypeAlias
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    BindParameter,
    Column,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.elements import Grouping

from api.errors import BadUserInput
from api.reads.json import Json, as_moment, as_text, constant, json_row, kind_of
from api.reads.relation import Expression, PlainText, Relation, Row, Table, Term, rows
from api.reads.steps import Step

COUNTED_AT_MOST = 10_000
"""Where counting stops; beyond it a count is a lower bound."""

LARGEST_SIZE = 100
"""The most rows that one page holds."""

Inside: TypeAlias = Callable[[Expression], Expression]
"""Makes an expression one that is missing, and costs nothing, in rows that do not belong to the page."""


def steps(row: Row, terms: Sequence[Term], *, total: bool) -> list[Step]:
    """Return the steps of an order, ending with the key unless the terms alone put every row in its place."""
    ordered = [_step(row, term) for term in terms]
    if total:
        return ordered
    descending = bool(terms) and terms[-1].descending
    return [*ordered, Step(_key_along(row, ordered), descending, nullable=False)]


def _step(row: Row, term: Term) -> Step:
    expression, fill = row[term.name], row.relation.filled.get(term.name)
    filled = fill(row, term.descending) if fill else None
    return Step(expression, term.descending, filled is None and _can_be_missing(expression), filled)


def _key_along(row: Row, ordered: Sequence[Step]) -> Expression:
    """Return the key, as the table has it that the order begins with: its index then leads to any page.

    PostgreSQL knows that keys on both sides of a join are the same where it sorts, but not where it compares rows.
    """
    first = ordered[0].place if ordered else row.key
    if ordered and not ordered[0].nullable and isinstance(first, Column):
        return first.table.c.get(row.relation.key, row.key)
    return row.key


def _can_be_missing(expression: Expression) -> bool:
    return expression.nullable is not False if isinstance(expression, Column) else True


def signature(relation: Relation, terms: Sequence[Term]) -> str:
    """Return the name of an ordering; a cursor of another one is refused."""
    return " ".join([relation.name, *(f"{'-' if term.descending else '+'}{term.name}" for term in terms)])


def cursor(steps: Sequence[Step], name: str) -> Expression:
    """Return the cursor of a row as text."""
    values = func.json_build_array(constant(name), *[_as_cursor_text(step.expression) for step in steps])
    encoded = func.encode(func.convert_to(cast(values, Text), constant("UTF8")), constant("base64"))
    return func.translate(encoded, literal_column("E'+/\\n'"), constant("-_"), type_=PlainText(required=True))


def _as_cursor_text(expression: Expression) -> Expression:
    return as_moment(expression) if kind_of(expression) == "moment" else as_text(expression)


def read_cursor(text: str, name: str, kinds: Sequence[str]) -> list[object]:
    """Return the values a cursor holds; raise BadUserInput for one of another ordering or none at all."""
    try:
        held = orjson.loads(urlsafe_b64decode(text.encode("ascii")))
        given, *values = held
        if given != name:
            raise BadUserInput("This cursor belongs to another list or order; start again without it.")
        return [None if value is None else _read(kind, value) for value, kind in zip(values, kinds, strict=True)]
    except (ValueError, TypeError, InvalidOperation, UnicodeError, binascii.Error, orjson.JSONDecodeError):
        raise BadUserInput("This is not a cursor of this list; pass one that a page has returned.") from None


_PARSERS: dict[str, Callable[[str], Any]] = {
    "moment": datetime.fromisoformat,
    "decimal": Decimal,
    "integer": int,
    "number": float,
    "text": str,
    "uuid": UUID,
}
_LARGEST_INTEGER = 2**31 - 1
_MOST_DIGITS = 100


def _read(kind: str, text: object) -> Any:
    """Return a value of a cursor; raise ValueError for one that PostgreSQL would not take, which no page has made."""
    if not isinstance(text, str) or "\0" in text:
        raise ValueError("not a text")
    match found := _PARSERS[kind](text):
        case datetime() if found.tzinfo is None:
            raise ValueError("not a moment")
        case int() if abs(found) > _LARGEST_INTEGER:
            raise ValueError("not a small number")
        case float() if not isfinite(found):
            raise ValueError("not a number")
        case Decimal() if not found.is_finite() or abs(found.adjusted()) > _MOST_DIGITS:
            raise ValueError("not an amount")
    return found


def beyond(steps: Sequence[Step], values: Sequence[Expression], *, after: bool) -> ColumnElement[bool]:
    """Return the condition that a row stands after (or before) a cursor.

    One row comparison where every step goes one way and nothing is missing: an index serves it from the first byte.
    """
    plain = not any(step.nullable for step in steps) and len({step.descending for step in steps}) == 1
    if plain:
        placed = [step.place_of(value) for step, value in zip(steps, values, strict=True)]
        left, right = tuple_(*[step.place for step in steps]), tuple_(*placed)
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


def count_of(total: Expression) -> Table:
    """Return one row beside an enclosing one: the `count` that a total of `counted` says, and its `precision`."""
    found = select(total.label("total")).correlate_except().lateral()
    columns = [fact({"total": found.c.total}, name, backward=False).label(name) for name in ("count", "precision")]
    told: Table = select(*columns).select_from(found).correlate_except(found).lateral()
    return told


def some_row(row: Row, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return whether any row meets conditions."""
    return rows(row, [literal_column("1")], conditions).exists()


def first(selected: Select[Any], steps: Sequence[Step], size: Expression) -> Select[Any]:
    """Return the first rows of a list in its order."""
    return _at_most(selected.order_by(*[step.ordering() for step in steps]), size, more=0)


def _at_most(ordered: Select[Any], size: Expression, *, more: int) -> Select[Any]:
    if not isinstance(size, BindParameter):
        return ordered.limit(size + literal_column(str(more)) if more else size)
    # PostgreSQL takes an unknown limit for a tenth of the table and would rather sort the table than walk an index;
    # a limit it knows, around an unknown one, gives it the right idea.
    bounded = ordered.limit(literal_column(str(LARGEST_SIZE + more))).subquery()
    return select(bounded).limit(size + literal_column(str(more)) if more else size)


def only_first(selected: Select[Any], steps: Sequence[Step]) -> Select[Any]:
    """Return the first row of a list in its order."""
    return first(selected, steps, literal_column("1"))


def numbered(selected: Select[Any], steps: Sequence[Step]) -> Select[Any]:
    """Return all rows, numbered from 1 in their order in a column `rn`."""
    order = [step.ordering() for step in steps]
    return selected.add_columns(func.row_number().over(order_by=order).label("rn"))


def window(
    selected: Callable[[Inside], Select[Any]], steps: Sequence[Step], size: Expression, *, backward: bool
) -> Select[Any]:
    """Return the rows of a page and one more, in reading direction, numbered from 1 in a column `rn`.

    selected  returns the rows; what it passes through the function it is given is not made for the one row more
    """
    order = [step.reversed() if backward else step.ordering() for step in steps]
    number = func.row_number().over(order_by=order)
    chosen = selected(lambda value: case((number <= size, value)))
    return _at_most(chosen.add_columns(number.label("rn")).order_by(*order), size, more=1)


def gathered(window: Select[Any], lists: Sequence[str], size: Expression, *, backward: bool) -> FromClause:
    """Return one row: the named columns of a page as lists in the order of the list, and the facts of the page."""
    found = window.subquery("r")
    inside, number = found.c.rn <= size, found.c.rn
    made = [_collected(found.c[name], number, inside, backward=backward).label(name) for name in lists]
    facts: list[Expression] = [(func.count() > size).label("more")]
    if "cursor" in found.c:
        backmost = func.array_agg(aggregate_order_by(found.c.cursor, number.desc())).filter(inside)
        nearest = func.max(found.c.cursor).filter(number == literal_column("1"))
        farthest = type_coerce(Grouping(backmost), ARRAY(Text))[literal_column("1", Integer)]
        ends = ("end", "start") if backward else ("start", "end")
        facts += [
            type_coerce(end, PlainText()).label(name) for name, end in zip(ends, (nearest, farthest), strict=True)
        ]
    return select(*made, *facts).select_from(found).correlate_except(found).subquery("a")


def _collected(values: Expression, number: Expression, inside: ColumnElement[bool], *, backward: bool) -> Expression:
    place = number.desc() if backward else number.asc()
    comma = literal_column("','", Text)
    return func.string_agg(values, aggregate_order_by(comma, place), type_=Text).filter(inside)


def page_object(
    gathered: FromClause, facts: Sequence[Expression], made: Callable[[Mapping[str, Expression]], Json]
) -> Json:
    """Return a connection as one object, from its gathered rows and the facts about the whole list."""
    known = select(gathered, *facts).select_from(gathered).correlate_except(gathered).subquery("f")
    columns = {column.key: column for column in known.c}
    return json_row(select(made(columns).text()).select_from(known).correlate_except(known))


def fact(known: Mapping[str, Expression], name: str, *, backward: bool) -> Expression:
    """Return a fact of `pageInfo` or `totalCount`, or the name of a type."""
    facts: dict[str, Callable[[], Expression]] = {
        "hasNextPage": lambda: or_(known.get("has_behind", _FALSE), _FALSE if backward else known["more"]),
        "hasPreviousPage": lambda: or_(known.get("has_before", _FALSE), known["more"] if backward else _FALSE),
        "startCursor": lambda: known["start"],
        "endCursor": lambda: known["end"],
        "count": lambda: func.least(known["total"], literal_column(str(COUNTED_AT_MOST))),
        "precision": lambda: case(
            (known["total"] > literal_column(str(COUNTED_AT_MOST)), constant("AT_LEAST")), else_=constant("EXACT")
        ),
    }
    return facts[name]() if name in facts else constant(name)


_FALSE: Expression = literal_column("false")
