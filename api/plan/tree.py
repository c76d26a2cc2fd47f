"""What a selection asks for, as plain data: levels of rows, and the items wanted of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from api.graph.sources import Column, Derived
from api.reads.relation import Expression, Lens, Link, Relation, Row, Table, Term

Narrow: TypeAlias = Callable[[Row], list[Any]]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value of the row, formed for JSON.

    is_json  whether it is JSON already, to be put into the answer as it is
    """

    key: str
    expression: Callable[[Row], Expression]
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class SameRow:
    """An object made of the same row, null where the column `missing` is.

    seen  returns the lens through which its items see the row, from that of the row
    """

    key: str
    items: tuple[Item, ...]
    missing: str | None
    nullable: bool
    seen: Callable[[Lens], Lens] | None = None

    def of(self, row: Row) -> Row:
        """Return the row as its items see it."""
        lens = self.seen(row.lens) if self.seen else row.lens
        return row if lens is row.lens else row.through(lens)


@dataclass(frozen=True, slots=True)
class OneOfRow:
    """One of several objects made of a row: its items, and what some of the names stand for that they read.

    kept  whether it is in the list at all; None for always
    """

    items: tuple[Item, ...]
    names: Mapping[str, Column]
    kept: Callable[[Row], Expression] | None


@dataclass(frozen=True, slots=True)
class SameRows:
    """A list of objects made of the same row."""

    key: str
    members: tuple[OneOfRow, ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """An object made of the row and of the one row that a lateral sub-select returns for it, or a list of such.

    many  whether there may be any number of rows, in the order of the column `place`
    """

    key: str
    items: tuple[Item, ...]
    needs: Callable[[Row], Table]
    many: bool


@dataclass(frozen=True, slots=True)
class ToOne:
    """The object behind a link."""

    key: str
    link: Link
    level: Level
    nullable: bool


@dataclass(frozen=True, slots=True)
class ToOneOf:
    """The object behind one of several links, each with the name by which `which` chooses it."""

    key: str
    which: str
    options: tuple[tuple[str, ToOne], ...]


@dataclass(frozen=True, slots=True)
class ToEachOf:
    """The objects behind links, in the order in which the column `keys` holds their keys.

    one  the object behind one of the links, which leave from the name `of`
    """

    key: str
    one: ToOneOf
    keys: str
    of: str


@dataclass(frozen=True, slots=True)
class ToMany:
    """The list behind a link."""

    key: str
    link: Link
    level: Level
    nullable: bool


@dataclass(frozen=True, slots=True)
class Some:
    """A list of some of the rows that the enclosing object sums up."""

    key: str
    items: tuple[Item, ...]
    which: Callable[[Row], Any]
    size: Expression


@dataclass(frozen=True, slots=True)
class Computed:
    """A derived value; `project` forms a batch of them for JSON as the selection below asks.

    refers  whether they may refer to other rows
    """

    key: str
    derived: Derived
    arguments: tuple[tuple[str, Any], ...]
    project: Callable[[Sequence[Any], Any], list[Any]]
    nullable: bool
    refers: bool = False


@dataclass(frozen=True, slots=True)
class Nodes:
    """`nodes` of a connection."""

    key: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Edges:
    """`edges` of a connection: per edge, its parts in order; `None` for items stands for the cursor."""

    key: str
    parts: tuple[tuple[str, tuple[Item, ...] | str | None], ...]


@dataclass(frozen=True, slots=True)
class Info:
    """`pageInfo` or `totalCount` of a connection: pairs of response key and fact, in order."""

    key: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Name:
    """`__typename` of a connection."""

    key: str
    name: str


Part: TypeAlias = Nodes | Edges | Info | Name


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list are asked for."""

    terms: tuple[Term, ...]
    total: bool
    backward: bool
    size: Expression
    after: tuple[Expression, ...] | None
    before: tuple[Expression, ...] | None
    narrow: Narrow
    search: Expression | None


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection over the rows behind a link, or over a relation.

    among  what rows behind a link must meet, beside what the page asks for
    some   whether a row can have any of them at all
    fits   what rows behind a link must meet that joins on nothing, from the key of the row it leaves from
    """

    key: str
    link: Link | None
    relation: Relation
    page: Page
    parts: tuple[Part, ...]
    nullable: bool
    among: Callable[[Row, Row], Sequence[Any]] | None = None
    some: Callable[[Row], Any] | None = None
    fits: Callable[[Expression, Row], Sequence[Any]] | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """Rows of one relation and what is wanted of each."""

    relation: Relation
    items: tuple[Item, ...]


Item: TypeAlias = Scalar | SameRow | SameRows | Sums | Some | ToOne | ToOneOf | ToEachOf | ToMany | Computed | Connected


def is_split(items: Sequence[Item]) -> bool:
    """Return whether PostgreSQL cannot build the object alone, because something in it is computed."""
    return any(_item_is_split(item) for item in items)


def _item_is_split(item: Item) -> bool:
    if isinstance(item, Computed):
        return True
    if isinstance(item, SameRow):
        return is_split(item.items)
    if isinstance(item, ToOne | ToMany):
        return is_split(item.level.items)
    if isinstance(item, ToOneOf):
        return is_split([option for _, option in item.options])
    if isinstance(item, ToEachOf):
        return _item_is_split(item.one)
    return isinstance(item, Connected) and connection_is_split(item)


def connection_is_split(item: Connected) -> bool:
    """Return whether a connection's rows must be fetched as rows."""
    return any(is_split(items) for items in item_lists(item))


def item_lists(item: Connected) -> list[tuple[Item, ...]]:
    """Return every list of items that a connection wants of its rows."""
    found: list[tuple[Item, ...]] = []
    for part in item.parts:
        if isinstance(part, Nodes):
            found.append(part.items)
        elif isinstance(part, Edges):
            found += [items for _, items in part.parts if isinstance(items, tuple)]
    return found
