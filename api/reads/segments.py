"""Segments: filters of customers that are kept under a name, and who is in them.

Who is in one is not kept: its filter becomes a condition of the statement that asks, as if it had been sent with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import ARRAY, Select, Text, case, cast, false, func, literal_column

from api.reads.customers import customers
from api.reads.identity import Given
from api.reads.json import number
from api.reads.page import count_of, counted
from api.reads.relation import Condition, Expression, Link, Relation, Row, Table, Term, rows
from api.tables import segments as tables

Option: TypeAlias = tuple[Expression, Any]
"""The key of a segment, and what holds in it."""


def _is_ours_alone(row: Row) -> Condition:
    """Return that no customer sees a segment: what a business thinks of its customers is none of theirs."""
    return false()


segments = Relation(
    "segments",
    tables.segments,
    "segment_id",
    "seg",
    happened="changed_at",
    recorded="recorded_at",
    superseded="superseded_at",
    replaced="replaced_at",
    planned=frozenset({"created_at"}),
    order=(Term("name"),),
    owned=_is_ours_alone,
)
members_of_segment = Link(segments, customers, (), order=(Term("created_at"),))
segments_of_customer = Link(customers, segments, (), order=(Term("name"),))


def has_name(row: Row, given: Given) -> Condition:
    """Return whether a segment has a name, in capitals or not."""
    return func.lower(row.c.name) == func.lower(given.parameter("text", convert=str.strip))


def kept(row: Row, meant: Condition) -> Select[Any]:
    """Return the segments that there are: key, name, filter as text, and whether each is one of those meant."""
    columns = [row.key.label("key"), row.c.name, cast(row.c.filter, Text).label("filter"), meant.label("meant")]
    return rows(row, columns, row.visible()).order_by(row.key)


def by_segment(segment: Expression, options: Sequence[Option]) -> Condition:
    """Return the condition of whichever segment a key names; it does not hold for any other key."""
    return case(*[(segment == key, condition) for key, condition in options], else_=false()) if options else false()


def has_customer(segment: Row, customer: Row, key: Expression, condition: Condition) -> Condition:
    """Return whether the customer with a key is there and meets the condition of a segment."""
    return rows(customer, [literal_column("1")], [customer.key == key, condition]).exists()


def members_counted(segment: Row, options: Sequence[tuple[Expression, Row, Condition]]) -> Table:
    """Return one row for a segment: how many members it has, and whether they were counted to the end.

    Each segment is counted over rows of its own: over common ones, all that any filter rests on would be worked out for
    the members of every segment.

    options  the key of each segment, a row of customers, and what holds of that in the segment
    """
    totals = [(segment.key == key, counted(row, [*row.visible(), condition])) for key, row, condition in options]
    return count_of(case(*totals, else_=number(0)) if totals else number(0))


def told_of_customer(segment: Row, customer: Row, key: Expression, options: Sequence[Option]) -> Expression:
    """Return the sentences of whichever segment a row is, about the customer with a key."""
    nothing: Expression = literal_column("'{}'::text[]", ARRAY(Text))
    told = case(*[(segment.key == which, words) for which, words in options], else_=nothing) if options else nothing
    return func.coalesce(rows(customer, [told], [customer.key == key]).scalar_subquery(), nothing, type_=ARRAY(Text))
