"""Subscriptions to products and services in versions, and the payments that carry them from period to period."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Interval,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE

from api.tables.schema import amount, bounded, currency, metadata, moment, recorded
from api.tables.terms import held, identity, index_versions, planned, versioned

subscriptions = Table(
    "subscriptions",
    metadata,
    *identity("subscription_id"),
    Column("kind", Text, nullable=False),
    Column("plan_name", Text, nullable=False),
    amount("price"),
    currency(),
    Column("billing_interval", Interval, nullable=False),
    Column("grace", Interval, nullable=False, comment="how long it runs on with a payment overdue"),
    moment("started_at"),
    planned("trial_ends_at"),
    Column("anchored_at", DateTime(timezone=True), nullable=False, comment="from when the ends of periods are counted"),
    moment("period_start"),
    moment("period_end"),
    Column("pauses", TSTZMULTIRANGE, nullable=False, server_default=sql("'{}'")),
    planned("cancel_at"),
    Column("cancellation_reason", Text),
    Column("comment", Text),
    planned("ends_at", "when it stops if nothing else happens; null while it is paused without an end"),
    held("coalesce(trial_ends_at, started_at)", without="pauses"),
    *versioned("STARTED", "RENEWED", "PAUSED", "RESUMED", "CHANGED", "CANCELLED"),
    CheckConstraint("kind IN ('PRODUCT', 'SERVICE')", name="kind_known"),
    CheckConstraint("billing_interval > interval '0'", name="billing_interval_positive"),
    CheckConstraint("grace >= interval '0'", name="grace_not_negative"),
    CheckConstraint("trial_ends_at > started_at", name="trial_has_a_length"),
    CheckConstraint("period_start >= started_at AND period_end > period_start", name="period_has_a_length"),
    CheckConstraint("cancel_at >= started_at AND ends_at >= started_at", name="ends_after_it_started"),
    CheckConstraint("cancel_at IS NULL OR ends_at <= cancel_at", name="ends_when_cancelled"),
    CheckConstraint("(cancel_at IS NULL) = (cancellation_reason IS NULL)", name="cancelled_for_a_reason"),
    bounded("price"),
)
index_versions(subscriptions, "subscription_id")

subscription_payments = Table(
    "subscription_payments",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("payment_id", Uuid, nullable=False, unique=True),
    Column("subscription_id", Uuid, nullable=False),
    moment("period_start"),
    moment("period_end"),
    amount("amount"),
    currency(),
    amount("business_amount"),
    moment("paid_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "payment_id"),
    CheckConstraint("period_end > period_start", name="period_has_a_length"),
    bounded("amount"),
    bounded("business_amount"),
)
Index(
    "ix_subscription_payments_of_subscription",
    subscription_payments.c.customer_id,
    subscription_payments.c.subscription_id,
    subscription_payments.c.paid_at,
)
