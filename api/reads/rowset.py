"""Statements that fetch rows of one relation: those of a whole list, or those of many parents at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
)

from api.reads.json import Labelled, labelled
from api.reads.relation import Expression, Link, Relation, Row


@dataclass(frozen=True, slots=True)
class Parents:
    """The rows whose children are fetched: the columns a link leaves from, and their place as `ord`."""

    table: FromClause
    keys: tuple[Expression, ...]

    def joined(self, link: Link, row: Row) -> list[ColumnElement[bool]]:
        """Return the conditions that join a row to its parent and make it visible."""
        # Those of a link that joins on nothing are only told apart.
        keys = self.keys if link.on else ()
        pairs = [row.c[there] == key for (_, there), key in zip(link.on, keys, strict=True)]
        return [*pairs, *row.visible()]

    def with_facts(self, facts: Sequence[Labelled]) -> Parents:
        """Return the same parents, each with facts about its list."""
        if not facts:
            return self
        columns = [expression.label(label) for label, expression in facts]
        table = select(self.table, *columns).select_from(self.table).subquery("b")
        return Parents(table, tuple(table.c[f"k{index}"] for index in range(len(self.keys))))


NO_PARENT = Parents(select(literal_column("1", BigInteger).label("ord")).subquery("p"), ())
"""The one parent of a list that has none."""


def parents(types: Sequence[Any], arrays: Sequence[Expression]) -> Parents:
    """Return parents named by one array for each column that a link leaves from."""
    columns = [column(f"k{index}", type_) for index, type_ in enumerate(types)]
    # In a sub-select, the length of an array is hidden from PostgreSQL. It would hold a plan made for one or two keys
    # for cheaper than the one it keeps, and so plan the statement anew each time, for longer than it runs.
    typed = [select(cast(array, ARRAY(type_))).scalar_subquery() for array, type_ in zip(arrays, types, strict=True)]
    table = func.unnest(*typed).table_valued(*columns, with_ordinality="ord").render_derived("p")
    return Parents(table, tuple(table.c[f"k{index}"] for index in range(len(columns))))


def leaving(link: Link) -> tuple[str, ...]:
    """Return the columns that a link leaves from; the key, where it joins on nothing."""
    return tuple(here for here, _ in link.on) or (link.source.key,)


def parents_of(link: Link, arrays: Sequence[Expression]) -> Parents:
    """Return the parents of the rows behind a link."""
    return parents([link.source.table.c[here].type for here in leaving(link)], arrays)


def itself(relation: Relation) -> Link:
    """Return the link from a key to the row it names."""
    return Link(relation, relation, ((relation.key, relation.key),))


def selected(
    row: Row, needs: Sequence[FromClause], columns: Sequence[Labelled], conditions: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    """Return columns of the rows that meet conditions, with what derived values need fetched beside each."""
    source: FromClause = row.source
    for need in needs:
        source = source.join(need, true())
    return select(*labelled(columns)).select_from(source).where(*conditions).correlate_except(*row.tables, *needs)


def with_needs(summed: Select[Any], needs: Sequence[FromClause], columns: Sequence[Labelled]) -> Select[Any]:
    """Return the one row of aggregates with columns of what derived values need, which is one row as well."""
    source: FromClause = summed.subquery("summed")
    found = [*source.c, *labelled(columns)]
    for need in needs:
        source = source.join(need, true())
    return select(*found).select_from(source)


def rows_of(base: Parents, inner: Select[Any], *, optional: bool) -> Select[Any]:
    """Return `ord`, facts and rows of every parent, in order; where optional, also of parents without rows."""
    lateral = inner.lateral("r")
    joined = base.table.join(lateral, true(), isouter=optional)
    order = [base.table.c.ord, *([lateral.c.rn] if "rn" in lateral.c else [])]
    return select(base.table, lateral).select_from(joined).order_by(*order)


def single(value: Expression) -> Select[Any]:
    """Return a statement of one value, in a column `c0`."""
    return select(value.label("c0"))


def worked_out_once(selected: Any, *tables: FromClause) -> FromClause:
    """Return rows for an enclosing row whose columns are worked out once, however often they are read.

    PostgreSQL would copy the columns of a plain sub-select into each place that reads them, and work them out anew.

    tables  those of the sub-select; all others named in it are those of enclosing levels
    """
    kept: FromClause = selected.correlate_except(*tables).offset(literal_column("0")).lateral()
    return kept
