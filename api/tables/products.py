"""Products that have been sold or named in a purchase."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Computed, Index, Table, Text, text

from api.tables.schema import key, metadata, recorded

products = Table(
    "products",
    metadata,
    key("product_id"),
    Column("sku", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("category", Text),
    Column("durable", Boolean, nullable=False, server_default=text("false")),
    recorded(),
    Column("search_text", Text, Computed("lower(sku || ' ' || name)", persisted=True)),
)
Index("ix_products_name", products.c.name, products.c.product_id)
Index(
    "ix_products_search",
    products.c.search_text,
    postgresql_using="gin",
    postgresql_ops={"search_text": "gin_trgm_ops"},
)
