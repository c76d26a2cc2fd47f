"""What customers have cost the business beside what they bought: points they spent, and money given for referrals."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from api.tables.schema import currency, metadata, moment, recorded

CAUSES = {"LOYALTY": "loyalty_entries", "REFERRALS": "referral_rewards"}
"""The stream of value that a cost belongs to, and the table of what caused it."""

customer_costs = Table(
    "customer_costs",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("cost_id", Uuid, nullable=False, unique=True),
    Column("stream", Text, nullable=False),
    Column("cause_id", Uuid, nullable=False, comment="the entry of points that were spent, or the reward"),
    Column("taken_back", Boolean, nullable=False, comment="whether this undoes what its cause cost before"),
    Column("amount", Numeric, nullable=False, comment="above zero; below where it is taken back"),
    currency(),
    moment("incurred_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "cost_id"),
    UniqueConstraint("cause_id", "taken_back"),
    CheckConstraint(f"stream IN {tuple(CAUSES)}", name="stream_known"),
    CheckConstraint("amount <> 0 AND abs(amount) <= 1e15", name="amount_bounded"),
    CheckConstraint("taken_back = (amount < 0)", name="taken_back_is_below_zero"),
)
Index("ix_customer_costs_of_customer", customer_costs.c.customer_id, customer_costs.c.incurred_at)
