"""Keys of recorded changes with their outcome: identifiers and codes, never personal data."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, DateTime, Index, LargeBinary, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from api.tables.schema import metadata

idempotency = Table(
    "idempotency",
    metadata,
    Column("principal", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("mutation", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("outcome", JSONB),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint(r"key ~ '^[A-Za-z0-9_.:-]{16,128}$'", name="key_form"),
    postgresql_with={"fillfactor": 85},
)
Index("ix_idempotency_created_at", idempotency.c.created_at)
