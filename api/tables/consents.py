"""Whether customers agreed to hear from the business, and when they did so no longer: decisions, written once."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, PrimaryKeyConstraint, Table, Text, Uuid

from api.tables.schema import metadata, moment, recorded

marketing_consents = Table(
    "marketing_consents",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("consent_id", Uuid, nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("decision", Text, nullable=False),
    moment("decided_at"),
    Column("expires_at", DateTime(timezone=True), comment="the first moment at which it holds no more; null for good"),
    Column("source", Text, nullable=False, comment="where the customer said so"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "consent_id"),
    CheckConstraint("channel IN ('EMAIL', 'SMS', 'PHONE', 'POST')", name="channel_known"),
    CheckConstraint("decision IN ('GRANTED', 'WITHDRAWN')", name="decision_known"),
    CheckConstraint("expires_at > decided_at", name="expires_later"),
    CheckConstraint("expires_at IS NULL OR decision = 'GRANTED'", name="only_consent_expires"),
)
Index(
    "ix_marketing_consents_of_customer",
    marketing_consents.c.customer_id,
    marketing_consents.c.channel,
    marketing_consents.c.decided_at,
)
