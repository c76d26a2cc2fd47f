"""The truth behind the made-up population, kept aside: nothing but checks of estimates may read it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from api.tables.schema import amount, metadata, moment, recorded

demo_population = Table(
    "demo_population",
    metadata,
    Column("singleton", SmallInteger, primary_key=True, autoincrement=False, server_default=text("1")),
    Column("seed", BigInteger, nullable=False),
    moment("until"),
    Column("model", JSONB, nullable=False),
    recorded(),
    CheckConstraint("singleton = 1", name="singleton"),
    comment="what the made-up customers follow from: with the same three they can be made again, and more of them",
)

demo_truth = Table(
    "demo_truth",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("scripted", Boolean, nullable=False, comment="a history written by hand: nothing to estimate"),
    Column("purchase_rate", Double, comment="purchases a week while not lost"),
    Column("dropout_probability", Double, comment="chance of being lost after a purchase"),
    Column("mean_spend", Double, comment="mean worth of a purchase, in the currency of the business"),
    Column("first_purchase_at", DateTime(timezone=True)),
    Column("dropped_out_at", DateTime(timezone=True), comment="null while the customer may come back"),
    Column("spends", ARRAY(Numeric), nullable=False, comment="worth of each purchase, the first one first"),
    Column("next_purchases", Integer, nullable=False, comment="purchases in the 52 weeks after the reference moment"),
    amount("next_spend"),
    CheckConstraint("scripted = (purchase_rate IS NULL)", name="drawn_or_scripted"),
)
