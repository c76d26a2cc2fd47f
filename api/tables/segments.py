"""Segments: filters of customers that are kept under a name, in versions of which one is open until it is deleted."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, Index, Integer, Table, Text, Uuid, func

from api.tables.schema import metadata, moment
from api.tables.terms import dated

segments = Table(
    "segments",
    metadata,
    Column("segment_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("filter", JSON, nullable=False, comment="as it was sent"),
    moment("created_at"),
    *dated(),
    CheckConstraint("json_typeof(filter) = 'object'", name="filter_is_an_object"),
    CheckConstraint("name <> ''", name="name_not_empty"),
    CheckConstraint("created_at <= changed_at", name="created_first"),
)
_IS_OPEN = segments.c.superseded_at.is_(None)
Index("uq_segments_open", segments.c.segment_id, unique=True, postgresql_where=_IS_OPEN)
Index("uq_segments_name", func.lower(segments.c.name), unique=True, postgresql_where=_IS_OPEN)
