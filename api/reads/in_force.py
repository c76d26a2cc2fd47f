"""Which version of rules is in force at a moment: the one that began last of those that were known."""

from __future__ import annotations

from sqlalchemy import ColumnElement, literal_column

from api.reads.relation import Expression, Lens, Relation, Row, rows


def has_begun(row: Row) -> ColumnElement[bool]:
    """Return whether a version has come into force by the moment the answer rests on, which is now without `asOf`."""
    return row.c.effective_from <= row.lens.moment


def in_force(versions: Relation, lens: Lens) -> Expression:
    """Return the key of the version in force at the moment of a lens, as far as it was known; once per statement."""
    row = Row(versions, lens)
    latest = row.c.effective_from.desc()
    found = rows(row, [row.key], [has_begun(row), *row.visible()]).order_by(latest).limit(literal_column("1"))
    return found.scalar_subquery()
