"""What things with a term share: numbered versions of which one is open, and the time during which they hold.

A change adds a version and closes the one before. Nothing else of a version is ever changed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, Computed, DateTime, ForeignKey, Index, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE

from api.tables.schema import moment, recorded


def planned(name: str, comment: str | None = None) -> Column[Any]:
    """Return a column for a moment that may not be known, or never come."""
    return Column(name, DateTime(timezone=True), comment=comment)


def identity(key: str) -> list[Column[Any]]:
    """Return the columns that say whose version of what a row is, and what other systems call it."""
    return [
        Column("customer_id", ForeignKey("customers.customer_id"), primary_key=True),
        Column(key, Uuid, primary_key=True),
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("source", Text),
        Column("external_id", Text),
    ]


def versioned(*changes: str) -> list[Any]:
    """Return the columns that say what made a version, when it happened, and until when it was the newest.

    changes  what can make a version
    """
    return [
        Column("change", Text, nullable=False, comment="what made this version"),
        *dated(),
        CheckConstraint(f"change IN ({', '.join(repr(change) for change in changes)})", name="change_known"),
        CheckConstraint("(source IS NULL) = (external_id IS NULL)", name="external_id_whole"),
    ]


def dated() -> list[Any]:
    """Return the columns that say when what made a version happened, and until when it was the newest."""
    return [
        moment("changed_at"),
        recorded(),
        planned("replaced_at", "when what made the next version happened"),
        planned("superseded_at", "when the next version was recorded"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("(replaced_at IS NULL) = (superseded_at IS NULL)", name="closed_on_both_clocks"),
        CheckConstraint("replaced_at >= changed_at AND superseded_at >= recorded_at", name="closed_after_it_opened"),
    ]


def held(start: str, without: str | None = None) -> Column[Any]:
    """Return the column with the stretches of time during which the thing holds, if nothing else happens.

    start    SQL for the first moment
    without  name of a column with stretches to leave out
    """
    reaching = f"tstzrange({start}, CASE WHEN ends_at < {start} THEN {start} ELSE ends_at END)"
    less = f" - {without}" if without else ""
    return Column("held", TSTZMULTIRANGE, Computed(f"tstzmultirange({reaching}){less}", persisted=True), nullable=False)


def index_versions(table: Table, key: str) -> None:
    """Add the indexes by which the one open version is found, and found again by its other identifier."""
    is_open = table.c.superseded_at.is_(None)
    Index(f"uq_{table.name}_open", table.c[key], unique=True, postgresql_where=is_open)
    Index(
        f"uq_{table.name}_source_external_id",
        table.c.source,
        table.c.external_id,
        unique=True,
        postgresql_where=table.c.version == 1,
    )
    Index(f"uq_{table.name}_version", table.c[key], table.c.version, unique=True)
    Index(f"ix_{table.name}_ends_at", table.c.ends_at, table.c[key], postgresql_where=is_open)
