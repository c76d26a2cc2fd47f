"""Things with a term, and feedback, on their way into the database: what a row says of one, and where it waits.

A row makes one version, or two where the thing was ended early: it began, and then it ended. The second is the first
but for some columns, so a staged row has the columns of the first, and those of the second behind `next_`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    FromClause,
    Index,
    Insert,
    Interval,
    Join,
    Text,
    Uuid,
    and_,
    literal_column,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.postgresql import ARRAY

from api.domain import term_rows
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.term import EarlyEnd
from api.writes.importing.fields import NamedCells
from api.writes.importing.lines import Books
from api.writes.importing.staging import DETAILS, customers, temporary

NEXT = "next_"

# One row per thing. nth: the how-many-eth row with its identifier it is; only the first is recorded. reason: why it
# cannot be taken, told: to the caller. known: it is recorded already.
things = temporary(
    "staged_things",
    Column("row", BigInteger),
    *(Column(name, Text) for name in ("source", "external_id", "customer")),
    Column("began_at", DateTime(timezone=True)),
    Column("thing_id", Uuid),
    Column("nth", BigInteger),
    Column("chunk", BigInteger),
    Column("reason", Text),
    Column("known", Boolean, server_default="false"),
    Column("told", Boolean, server_default="false"),
    *(Column(name, Text) for name in DETAILS),
)
Index("staged_things_row", things.c.row)
Index("staged_things_chunk", things.c.chunk)
Index("staged_things_external_id", things.c.external_id)


@dataclass(frozen=True, slots=True)
class Named:
    """What a row calls a thing and its customer."""

    external_id: ExternalKey
    customer: CustomerName


@dataclass(frozen=True, slots=True)
class Versions:
    """What a row says of a thing.

    first    columns of the version it begins with; lengths of time as text in ISO 8601
    ended    columns that differ in the version that ends it early, None where nothing has
    derived  columns that follow from the moment of reading, or were left to the usual: they contradict nothing
    more     what else is staged
    """

    first: Mapping[str, object]
    ended: Mapping[str, object] | None = None
    derived: frozenset[str] = frozenset()
    more: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing, as an import knows it.

    counted     its name among the counts of a result
    recorded    the table of its versions
    key         column that says whose versions they are
    identifier  field that holds its identifier in the source
    required    fields that a file must have, optional those that it may have, beside those about customers
    read        makes versions of a row; raises RowRejected, or Rejection where a rule of the domain refuses
    first       columns of the version that it begins with
    ended       columns that differ in the version that ends it early; `change` is one
    compared    columns in which a recorded version must be the same for the row to be known
    staged      the table its rows wait in, made by `staged_rows`
    more        returns the insertion of what else is staged of the parameter `chunk`
    lacks       returns whether what else is recorded of a first version is less than what a staged row says
    began       column with the moment from which the customer is known by it
    is_versioned  whether it changes, and so is kept in versions; what does not is recorded as it is
    """

    counted: str
    recorded: SqlTable
    key: str
    identifier: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    read: Callable[[NamedCells, Named, Books], Versions]
    first: tuple[str, ...]
    ended: tuple[str, ...]
    compared: tuple[str, ...]
    staged: SqlTable
    more: Callable[[], Insert] | None = None
    lacks: Callable[[FromClause], ColumnElement[bool]] | None = None
    began: str = "changed_at"
    is_versioned: bool = True


def staged_rows(recorded: SqlTable, first: tuple[str, ...], ended: tuple[str, ...], *more: Column[Any]) -> SqlTable:
    """Return the staging table for the rows of things that are recorded in a table."""
    table = temporary(
        f"staged_{recorded.name}",
        Column("row", BigInteger),
        *(Column(name, Text) for name in ("source", "external_id", "customer", *DETAILS)),
        Column("derived", ARRAY(Text)),
        *more,
        *(Column(name, _waiting(recorded.c[name])) for name in first),
        *(Column(NEXT + name, _waiting(recorded.c[name])) for name in ended),
    )
    Index(f"{table.name}_row", table.c.row)
    return table


def _waiting(column: Column[Any]) -> Any:
    # The driver takes a length of time for one without months.
    return Text() if isinstance(column.type, Interval) else column.type


def cancellation(row: NamedCells, books: Books) -> EarlyEnd | None:
    """Return how a row says that something was cancelled, None where it was not."""
    return early_end(row, books, "cancelled_at", lambda: term_rows.cancellation_reason(row.of("cancellation_reason")))


def early_end(row: NamedCells, books: Books, decided: str, reason: Callable[[], str]) -> EarlyEnd | None:
    """Return how a row says that the thing was ended before its time was up, None where it was not.

    decided  field that says when that was decided
    reason   reads why
    """
    decided_at = term_rows.past(row.of(decided), books.zone, now=books.now)
    ended_at = term_rows.planned(row.of("ended_at"), books.zone)
    if decided_at is None and ended_at is None:
        return None
    return EarlyEnd(decided_at, ended_at, reason(), row.text("comment"))


def of_customer() -> ColumnElement[bool]:
    """Join things with their customers."""
    return and_(customers.c.source == things.c.source, customers.c.value == things.c.customer)


def recorded_things(first: FromClause, key: ColumnElement[Any]) -> Join:
    """Return things with the first versions that were recorded of them.

    first  the table of versions
    key    its column that says whose versions they are
    """
    # The table's own key, which leads with the customer, is the only way to find a version that has been replaced.
    same = first.c.customer_id == customers.c.customer_id, key == things.c.thing_id
    return things.join(customers, of_customer()).join(first, and_(*same, first.c.version == literal_column("1")))
