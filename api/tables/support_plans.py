"""Support plans that customers are enrolled in, in versions, and what was used of their allowance."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Interval,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from api.tables.schema import bounded, metadata, moment, recorded
from api.tables.terms import held, identity, index_versions, planned, versioned

support_plans = Table(
    "support_plans",
    metadata,
    *identity("support_plan_id"),
    Column("plan_name", Text, nullable=False),
    Column("paid", Boolean, nullable=False),
    Column("price", Numeric, comment="for the whole term, null where it is free"),
    Column("currency", Text),
    moment("starts_at"),
    planned("term_ends_at", "null for one without an end"),
    Column("included_incidents", Integer, comment="null where there is no limit"),
    Column("response_target", Interval),
    Column("order_id", Uuid, comment="the order that it came with, and ends with"),
    Column("line_id", ForeignKey("order_lines.line_id"), index=True),
    planned("cancel_at"),
    Column("cancellation_reason", Text),
    planned("ends_at", "when it stops if nothing else happens; null for never"),
    held("starts_at"),
    *versioned("ENROLLED", "CANCELLED"),
    CheckConstraint("paid = (price IS NOT NULL) AND (price IS NULL) = (currency IS NULL)", name="paid_has_a_price"),
    CheckConstraint("term_ends_at > starts_at", name="term_has_a_length"),
    CheckConstraint("included_incidents >= 0", name="included_incidents_not_negative"),
    CheckConstraint("response_target > interval '0'", name="response_target_positive"),
    CheckConstraint("(order_id IS NULL) = (line_id IS NULL)", name="order_line_whole"),
    CheckConstraint("cancel_at >= starts_at AND ends_at >= starts_at", name="ends_after_it_started"),
    CheckConstraint("ends_at IS NOT DISTINCT FROM least(term_ends_at, cancel_at)", name="ends_with_term_or_early"),
    CheckConstraint("(cancel_at IS NULL) = (cancellation_reason IS NULL)", name="cancelled_for_a_reason"),
    ForeignKeyConstraint(["customer_id", "order_id"], ["orders.customer_id", "orders.order_id"]),
    bounded("price"),
)
index_versions(support_plans, "support_plan_id")
Index("ix_support_plans_of_order", support_plans.c.customer_id, support_plans.c.order_id)

support_usages = Table(
    "support_usages",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("usage_id", Uuid, nullable=False, unique=True),
    Column("support_plan_id", Uuid, nullable=False),
    Column("incidents", Integer, nullable=False),
    Column("note", Text),
    moment("used_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "usage_id"),
    CheckConstraint("incidents > 0", name="incidents_positive"),
)
Index(
    "ix_support_usages_of_support_plan",
    support_usages.c.customer_id,
    support_usages.c.support_plan_id,
    support_usages.c.used_at,
)
