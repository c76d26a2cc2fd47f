"""The rules that decide who counts as active, in versions; each is in force until the next one begins."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    Interval,
    Table,
    Text,
    UniqueConstraint,
)

from api.tables.schema import key, metadata, recorded

active_policies = Table(
    "active_policies",
    metadata,
    key("policy_id"),
    Column("version", Integer, nullable=False, unique=True),
    Column("effective_from", DateTime(timezone=True), nullable=False, unique=True),
    Column("time_zone", Text, comment="in which months and days are counted; null for that of the business"),
    recorded(),
    CheckConstraint("version >= 1", name="version_positive"),
)

active_rules = Table(
    "active_rules",
    metadata,
    Column("policy_id", ForeignKey("active_policies.policy_id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("customer_kind", Text, comment="null for all kinds"),
    Column("category", Text, comment="null for all categories"),
    Column("window", Interval, comment="for how long a purchase counts; null for rules about terms"),
    Column("minimum_count", Integer, comment="how many purchases it takes; null for rules about terms"),
    CheckConstraint(
        "code IN ('RECENT_PURCHASE', 'LOYAL', 'PAID_SUPPORT_PLAN', 'PRODUCT_SUBSCRIPTION', 'SERVICE_SUBSCRIPTION',"
        " 'CONTRACT')",
        name="code_known",
    ),
    CheckConstraint("customer_kind IN ('CONSUMER', 'BUSINESS')", name="customer_kind_known"),
    CheckConstraint("\"window\" > interval '0'", name="window_positive"),
    CheckConstraint("minimum_count >= 1", name="minimum_count_positive"),
    CheckConstraint(
        "(code IN ('RECENT_PURCHASE', 'LOYAL')) = (\"window\" IS NOT NULL)"
        " AND (code IN ('RECENT_PURCHASE', 'LOYAL')) = (minimum_count IS NOT NULL)",
        name="purchases_have_a_window",
    ),
    CheckConstraint("category IS NULL OR code = 'RECENT_PURCHASE'", name="category_of_recent_purchase"),
    CheckConstraint("code <> 'RECENT_PURCHASE' OR minimum_count = 1", name="one_recent_purchase"),
    UniqueConstraint("policy_id", "code", "customer_kind", "category", postgresql_nulls_not_distinct=True),
)
