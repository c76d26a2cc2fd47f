"""Orders with their lines, and refunds: facts, written once and never changed.

Amounts are exact. `business_*` repeats an amount in the currency of the business, at the rate of the day of purchase,
so that totals over customers need no rates at read time and never move when a rate is added.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from api.tables.schema import amount, bounded, currency, metadata, moment, recorded

order_numbers = Sequence("order_numbers", start=100_001, metadata=metadata)
"""Numbers of orders that come without an identifier of another system."""

orders = Table(
    "orders",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("order_id", Uuid, nullable=False, unique=True),
    Column("number", Text, nullable=False, index=True),
    Column("source", Text),
    Column("external_id", Text),
    moment("placed_at"),
    recorded(),
    currency(),
    amount("gross"),
    amount("discount"),
    amount("business_gross"),
    amount("business_discount"),
    PrimaryKeyConstraint("customer_id", "order_id"),
    UniqueConstraint("source", "external_id"),
    CheckConstraint("(source IS NULL) = (external_id IS NULL)", name="external_id_whole"),
    bounded("gross"),
    bounded("discount", high="gross"),
    bounded("business_gross"),
    bounded("business_discount", high="business_gross"),
)
Index("ix_orders_of_customer", orders.c.customer_id, orders.c.placed_at, orders.c.order_id)
Index("ix_orders_placed_at", orders.c.placed_at, orders.c.order_id)

order_lines = Table(
    "order_lines",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("order_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    Column("line_id", Uuid, nullable=False, unique=True),
    Column("product_id", ForeignKey("products.product_id"), nullable=False, index=True),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    amount("unit_price"),
    currency(),
    Column("total", Numeric, Computed("quantity * unit_price", persisted=True), nullable=False),
    PrimaryKeyConstraint("customer_id", "order_id", "position"),
    ForeignKeyConstraint(["customer_id", "order_id"], ["orders.customer_id", "orders.order_id"]),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    bounded("unit_price"),
)

refunds = Table(
    "refunds",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("refund_id", Uuid, nullable=False, unique=True),
    Column("order_id", Uuid, comment="null where the order it undoes is not known"),
    Column("source", Text),
    Column("external_id", Text),
    amount("amount"),
    currency(),
    amount("business_amount"),
    Column("reason", Text),
    moment("refunded_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "refund_id"),
    UniqueConstraint("source", "external_id"),
    ForeignKeyConstraint(["customer_id", "order_id"], ["orders.customer_id", "orders.order_id"]),
    CheckConstraint("(source IS NULL) = (external_id IS NULL)", name="external_id_whole"),
    CheckConstraint("amount > 0 AND amount <= 1e15", name="amount_bounded"),
    bounded("business_amount"),
)
Index("ix_refunds_of_order", refunds.c.customer_id, refunds.c.order_id)
Index("ix_refunds_of_customer", refunds.c.customer_id, refunds.c.refunded_at)
