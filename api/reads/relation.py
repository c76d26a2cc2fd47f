"""Relations, the links between them, and the lens through which they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, TypeAlias, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    MetaData,
    Select,
    Text,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)
from sqlalchemy import Table as StoredTable

Expression: TypeAlias = ColumnElement[Any]
Condition: TypeAlias = ColumnElement[bool]
Table: TypeAlias = FromClause


class PlainText(Text):
    """Text in which nothing needs an escape: digits, codes, names of the schema.

    required  whether it has a value in every row
    """

    def __init__(self, *, required: bool = False) -> None:
        super().__init__()
        self.required = required


@dataclass(frozen=True, slots=True)
class Lens:
    """From when, and by whom, rows are seen; each part is a parameter of the statement, or None for no limit.

    as_of     facts that had happened by then
    known_at  rows that had been recorded by then and not yet superseded
    owner     the only customer whose rows are visible
    moment    the instant the answer rests on: `as_of`, or the time of the request
    currency  what is told of values is told in it; None for that of the business
    as_kept   whether what is kept of terms may be read now, although it may be outdated, which the answer then says
    """

    moment: Expression
    as_of: Expression | None = None
    known_at: Expression | None = None
    owner: Expression | None = None
    currency: Expression | None = None
    as_kept: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """One step of a sort order: the name of a column or expression of the relation."""

    name: str
    descending: bool = False


@dataclass(frozen=True, eq=False)
class Relation:
    """A table as the schema sees it.

    key         column that identifies a row, a UUID; shown to clients behind `prefix`
    owner       column with the customer whose data a row is, None for data of the business
    happened    column with the moment a fact happened
    recorded    column with the moment we learnt of it
    superseded  column with the moment the next version was recorded, for versioned rows
    replaced    column with the moment at which what made the next version happened, where that is another one
    planned     columns with moments that were agreed when the row happened and may lie later: they are part of it
    owned       whether a row may be seen through a lens that has an owner, where `owner` alone does not say so
    filled      by the name of what lists can be sorted by, what stands for it, with none missing; see `Filled`
    shown_by    links to facts any of which shows that a row was there, even before its own `happened`
    within      link to the row whose clocks hold for this one, where it has none of its own
    among       which rows of the table are rows of the relation; None for all
    order       order of a list when nobody asks for another; the key breaks ties
    """

    name: str
    table: StoredTable
    key: str
    prefix: str
    owner: str | None = None
    happened: str | None = None
    recorded: str | None = None
    superseded: str | None = None
    replaced: str | None = None
    planned: frozenset[str] = frozenset()
    order: tuple[Term, ...] = ()
    within: Callable[[], Link] | None = None
    among: Callable[[Row], ColumnElement[bool]] | None = None
    owned: Callable[[Row], ColumnElement[bool]] | None = None
    shown_by: list[Link] = field(default_factory=list)
    expressions: dict[str, Callable[[Row], Expression]] = field(default_factory=dict)
    filled: dict[str, Callable[[Row, bool], Any]] = field(default_factory=dict)

    all: ClassVar[dict[str, Relation]] = {}

    def __post_init__(self) -> None:
        Relation.all[self.name] = self

    @cached_property
    def bare(self) -> StoredTable:
        """The table with its columns alone: SQLAlchemy copies keys with every use, and no read needs them."""
        columns = (Column(column.name, column.type, nullable=column.nullable) for column in self.table.columns)
        return StoredTable(self.table.name, MetaData(), *columns)

    def expression(self, compute: Callable[[Row], Expression]) -> Callable[[Row], Expression]:
        """Register a computed expression under the function's name."""
        self.expressions[compute.__name__] = compute
        return compute


@dataclass(frozen=True, eq=False)
class Link:
    """The way from a row of one relation to rows of another: pairs of columns that must be equal.

    total  whether `order` alone puts the rows of one source row into one order, so that the key need not break ties
    """

    source: Relation
    target: Relation
    on: tuple[tuple[str, str], ...]
    order: tuple[Term, ...] = ()
    total: bool = False


class Row:
    """One use of a relation inside a statement, seen through a lens."""

    def __init__(self, relation: Relation, lens: Lens, search: Expression | None = None) -> None:
        self.relation = relation
        self.lens = lens
        self.search = search
        self.table = relation.bare.alias()
        self.c = self.table.c
        self._known: Mapping[str, Expression] = {}
        self._beside: dict[str, tuple[Table, ColumnElement[bool]]] = {}
        self._required: set[str] = set()
        self.given: Any = None
        self.again: Callable[[], tuple[Row, list[Condition]]] = self._alone

    def __getitem__(self, name: str) -> Expression:
        """Return what is known beside the row under a name, else an expression of the relation or its column."""
        if name in self._known:
            return self._known[name]
        compute = self.relation.expressions.get(name)
        return compute(self) if compute else self.c[name]

    def _alone(self) -> tuple[Row, list[Condition]]:
        """Return another row of the list that this one is of, with the conditions that make it one; none is known."""
        raise LookupError(f"{self.relation.name} are not summed here")

    @property
    def key(self) -> Expression:
        """The column that identifies the row."""
        return self.c[self.relation.key]

    def knowing(self, expressions: Mapping[str, Expression]) -> Row:
        """Return the same row with more expressions, which come before the relation's own of the same names."""
        found = copy(self)
        found._known = {**self._known, **expressions}
        return found

    def through(self, lens: Lens) -> Row:
        """Return the same row seen through another lens that shows it, too."""
        found = copy(self)
        found.lens = lens
        return found

    def beside(self, name: str, make: Callable[[], tuple[Table, ColumnElement[bool]]]) -> Table:
        """Return what stands beside the row under a name: at most one row for it, joined once however often it is read.

        make  returns the rows, and the condition that joins them
        """
        if name not in self._beside:
            self._beside[name] = make()
        return self._beside[name][0]

    def require(self, name: str) -> None:
        """Say that rows without anything beside them under a name are not wanted."""
        self._required.add(name)

    def requires(self, name: str) -> bool:
        """Return whether rows without anything beside them under a name are not wanted."""
        return name in self._required

    @property
    def source(self) -> Table:
        """The row's table, with all that was read beside it."""
        source: Any = self.table
        for name, (table, condition) in self._beside.items():
            source = source.join(table, condition, isouter=name not in self._required)
        return cast(Table, source)

    @property
    def tables(self) -> list[Table]:
        """The tables of `source`."""
        return [self.table, *(table for table, _ in self._beside.values())]

    def other(self, relation: Relation) -> Row:
        """Return a row of another relation seen through the same lens."""
        return Row(relation, self.lens)

    def joined(self, link: Link) -> tuple[Row, list[ColumnElement[bool]]]:
        """Return a row behind a link, with the conditions that join it and make it visible."""
        target = self.other(link.target)
        pairs = [target.c[there] == self[here] for here, there in link.on]
        return target, [*pairs, *target.visible()]

    def visible(self) -> list[ColumnElement[bool]]:
        """Return the conditions of owner and clocks; every read of a relation carries them."""
        among = [self.relation.among(self)] if self.relation.among else []
        return [*among, *self._owned(), *self._clocked()]

    def _owned(self) -> list[ColumnElement[bool]]:
        if self.lens.owner is None:
            return []
        if self.relation.owned is not None:
            return [self.relation.owned(self)]
        return [self.c[self.relation.owner] == self.lens.owner] if self.relation.owner else []

    def _clocked(self) -> list[ColumnElement[bool]]:
        relation, lens, conditions = self.relation, self.lens, list[ColumnElement[bool]]()
        if relation.happened and lens.as_of is not None:
            conditions.append(or_(self.c[relation.happened] <= lens.as_of, *map(self.has, relation.shown_by)))
        if relation.recorded and lens.known_at is not None:
            conditions.append(self.c[relation.recorded] <= lens.known_at)
        if relation.superseded:
            conditions.append(or_(*self._is_newest(relation.superseded, relation.replaced)))
        if relation.within and (lens.as_of is not None or lens.known_at is not None):
            conditions.append(self.has(relation.within()))
        return conditions

    def _is_newest(self, superseded: str, replaced: str | None) -> list[ColumnElement[bool]]:
        """Return ways in which the next version can be out of sight: there is none, not yet, or not yet known."""
        lens, found = self.lens, list[ColumnElement[bool]]((self.c[superseded].is_(None),))
        if lens.known_at is not None:
            found.append(self.c[superseded] > lens.known_at)
        if replaced and lens.as_of is not None:
            found.append(self.c[replaced] > lens.as_of)
        return found

    def has(self, link: Link) -> ColumnElement[bool]:
        """Return whether any visible row stands behind a link."""
        behind, joined = self.joined(link)
        return rows(behind, [literal_column("1")], joined).exists()


def rows(row: Row, columns: Sequence[Expression], conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Return the rows of one relation that meet conditions; other rows named in them are those of enclosing levels."""
    return select(*columns).select_from(row.source).where(*conditions).correlate_except(*row.tables)


def public_id(row: Row) -> Expression:
    """Return the identifier that clients see: the relation's prefix and the key in hexadecimal."""
    digits = func.encode(func.uuid_send(row.key), literal_column("'hex'"))
    return type_coerce(literal_column(f"'{row.relation.prefix}_'").concat(digits), PlainText(required=True))
