"""Where a field's value can come from: what a declaration says and the planner reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from api.reads.identity import Given
from api.reads.relation import Condition, Expression, Lens, Link, Relation, Row, Table

Compute: TypeAlias = Callable[[Row], Expression]


class Outdated(Exception):
    """Something was read as it is kept, and is not so any more: it has to be read from the facts."""


Columns: TypeAlias = Mapping[str, Sequence[Any]]
"""What was fetched for a batch of rows: by name, one value for each of them."""


@dataclass(frozen=True, slots=True)
class Column:
    """A scalar: an expression over the row; None stands for the one of the field's own name."""

    expression: Compute | str | None = None

    def of(self, row: Row, name: str) -> Expression:
        """Return the expression over a row."""
        if callable(self.expression):
            return self.expression(row)
        return row[self.expression or name]


@dataclass(frozen=True, slots=True)
class Same:
    """An object made of the same row; `parts` give those of its fields that declare no source of their own.

    missing  names the column that is null where there is no such object
    seen     returns the lens through which its fields see the row, from that of the row and the field's arguments
    """

    parts: Mapping[str, Source] = field(default_factory=dict)
    missing: str | None = None
    seen: Callable[[Lens, Given], Lens] | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One object of a list that is made of the same row.

    names   say what the names stand for that its fields read; other names are those of the row
    varied  the sources of those of its fields that differ from member to member
    kept    whether the object is in the list at all; None for always
    """

    names: Mapping[str, Column]
    varied: Mapping[str, Source] = field(default_factory=dict)
    kept: Compute | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of objects made of the same row, as many as there are `members`."""

    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Varied:
    """Whatever the member of the list says that the object is; see `Member`."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """An object made of the row and of sums over what belongs to it; PostgreSQL builds it, like a column.

    needs  returns the sums: a lateral sub-select of one row, made from the row and the field's arguments; the fields
           of the object read its columns by their names
    many   whether it returns many rows, in the order of its column `place`, for a list of objects
    """

    needs: Callable[[Row, Given], Table]
    many: bool = False


@dataclass(frozen=True, slots=True)
class One:
    """The row behind a link, or the one row of a relation that the argument `by` (or `key`) names.

    only  which rows of a relation it can be; the first in its order is meant
    """

    target: Link | Relation
    only: Callable[[Row], Expression] | None = None


@dataclass(frozen=True, slots=True)
class Many:
    """All rows behind a link, for lists that stay short."""

    link: Link


@dataclass(frozen=True, slots=True)
class OneOf:
    """The row behind one of several links, to views of types of their own.

    which  name of the column that says which link it is: the name of the relation that it leads to, null for none
    links  by the names of the types
    """

    which: str
    links: Mapping[str, Link]


@dataclass(frozen=True, slots=True)
class EachOf:
    """The rows behind links to views of types of their own, in the order in which the row names them.

    which  name of the column with the names of the relations that they are of
    keys   name of the column with their keys; links leave from `key`, which stands for one of them
    key    the name under which they do
    links  by the names of the types
    """

    which: str
    keys: str
    key: str
    links: Mapping[str, Link]


@dataclass(frozen=True, slots=True)
class Paged:
    """A connection over the rows behind a link, or over a whole relation.

    among  returns what rows behind a link must meet, beside the conditions that are asked for
    some   returns whether a row can have any of them at all: where it cannot, nobody looks
    of     name of the type of the rows, where the field's own type is one of several
    by_segments  whether one end of the link is a segment and the other one a customer, and its filter joins them
    """

    target: Link | Relation
    among: Callable[[Row, Row], Sequence[Condition]] | None = None
    of: str | None = None
    some: Callable[[Row], Condition] | None = None
    by_segments: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """How many members a segment has."""

    link: Link


@dataclass(frozen=True, slots=True)
class Because:
    """What puts a customer into a segment, in words; only of rows behind a link from a customer."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What becomes of a value that was computed over the whole batch, where that is not the field's value yet.

    beside  name of an expression of the row that is read as well
    make    takes the computed value and that one, returns the field's
    """

    beside: str
    make: Callable[[Any, Any], object]


@dataclass(frozen=True, slots=True)
class Derived:
    """A value computed in Python over the whole batch of rows.

    needs    returns what to fetch for a row: a lateral sub-select, made from the row and the field's arguments
    compute  takes the columns that were fetched, returns one value or one ApiError per row, or raises Outdated; fields
             of one object that need and compute the same with equal arguments share it
    finished what becomes of a row's value then; None for nothing
    """

    needs: Callable[[Row, Given], Table]
    compute: Callable[[Columns], Sequence[object]]
    finished: Finished | None = None


@dataclass(frozen=True, slots=True)
class Supposed:
    """The row itself, as if what the argument `events` lists had happened.

    needs    as those of a derived value
    compute  takes the columns that were fetched, returns the key of each row, or an ApiError
    read     makes what happens of the argument's value; raises BadUserInput
    """

    needs: Callable[[Row, Given], Table]
    compute: Callable[[Columns], Sequence[object]]
    read: Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Summed:
    """An object made of aggregates over all rows of a relation that meet conditions."""

    relation: Relation


@dataclass(frozen=True, slots=True)
class Sample:
    """Some of the rows that the enclosing object sums up, as a list; `which` says which of them can be in it."""

    which: Callable[[Row], Condition]


Source: TypeAlias = (
    Column
    | Same
    | Listed
    | Varied
    | Gathered
    | One
    | OneOf
    | EachOf
    | Many
    | Paged
    | Counted
    | Because
    | Derived
    | Supposed
    | Summed
    | Sample
)
