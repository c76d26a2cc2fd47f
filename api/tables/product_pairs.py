"""Which products are bought by the same customers, as they were last counted: a projection of the facts."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Double, ForeignKey, Integer, Numeric, PrimaryKeyConstraint, Table, Text

from api.tables.schema import metadata, moment

product_pairs = Table(
    "product_pairs",
    metadata,
    Column("bought_id", ForeignKey("products.product_id"), nullable=False),
    Column("offered_id", ForeignKey("products.product_id"), nullable=False),
    Column("support", Integer, nullable=False, comment="how many customers have bought both"),
    Column("bought_support", Integer, nullable=False),
    Column("offered_support", Integer, nullable=False),
    Column("buyers", Integer, nullable=False, comment="how many customers have bought anything"),
    Column("expected", Double, nullable=False, comment="how many would have bought both by chance"),
    Column("price_low", Numeric, comment="of what is offered: a quarter of the order lines cost no more than this"),
    Column("price_high", Numeric, comment="and three quarters no more than this; null for too few lines"),
    Column("price_currency", Text, comment="that of the business"),
    moment("computed_at"),
    PrimaryKeyConstraint("bought_id", "offered_id"),
    CheckConstraint("bought_id <> offered_id", name="of_two_products"),
    CheckConstraint(
        "support > 0 AND support <= least(bought_support, offered_support)"
        " AND greatest(bought_support, offered_support) <= buyers",
        name="support_within",
    ),
    CheckConstraint("(price_low IS NULL) = (price_high IS NULL) AND price_low <= price_high", name="price_range"),
    comment="a projection: for each product those that go with it best, counted once a day",
)
