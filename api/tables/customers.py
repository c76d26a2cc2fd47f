"""Customers, the companies they belong to, and their identifiers in other systems."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from api.tables.schema import key, metadata, moment, recorded

KINDS = ("CONSUMER", "BUSINESS")
"""The kinds of customers."""

KINDS = ("CONSUMER", "BUSINESS")

companies = Table(
    "companies",
    metadata,
    key("company_id"),
    Column("name", Text, nullable=False),
    Column("parent_id", ForeignKey("companies.company_id"), index=True),
    recorded(),
    CheckConstraint("parent_id <> company_id", name="not_its_own_parent"),
)
Index("uq_companies_name", func.lower(companies.c.name), unique=True)

customers = Table(
    "customers",
    metadata,
    key("customer_id"),
    Column("kind", Text, nullable=False, server_default="CONSUMER"),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("email", Text),
    Column("phone", Text),
    Column("country", Text),
    Column("locale", Text),
    Column("address1", Text),
    Column("address2", Text),
    Column("city", Text),
    Column("province_code", Text),
    Column("postal_code", Text),
    Column("postal_country", Text, comment="of the address, by two letters of ISO 3166"),
    Column("company_id", ForeignKey("companies.company_id"), index=True),
    Column("tags", ARRAY(Text), nullable=False, server_default="{}"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("merged_into", ForeignKey("customers.customer_id"), index=True),
    moment("created_at"),
    moment("updated_at"),
    recorded(),
    Column(
        "search_text",
        Text,
        Computed(
            "lower(coalesce(first_name, '') || ' ' || coalesce(last_name, '')"
            " || ' ' || coalesce(email, '') || ' ' || coalesce(phone, ''))",
            persisted=True,
        ),
    ),
    CheckConstraint(f"kind IN {KINDS}", name="kind_known"),
    CheckConstraint("merged_into <> customer_id", name="not_merged_into_itself"),
    CheckConstraint("num_nulls(address1, city, postal_country) IN (0, 3)", name="address_whole"),
    CheckConstraint(
        "address1 IS NOT NULL OR num_nonnulls(address2, province_code, postal_code) = 0", name="address_has_a_street"
    ),
)
Index("ix_customers_created_at", customers.c.created_at, customers.c.customer_id)
Index(
    "uq_customers_email",
    func.lower(customers.c.email),
    unique=True,
    postgresql_where=text("merged_into IS NULL"),
)
Index("uq_customers_phone", customers.c.phone, unique=True, postgresql_where=text("merged_into IS NULL"))
Index(
    "ix_customers_search",
    customers.c.search_text,
    postgresql_using="gin",
    postgresql_ops={"search_text": "gin_trgm_ops"},
)
Index("ix_customers_mailbox", func.mailbox(customers.c.email))
Index("ix_customers_tags", customers.c.tags, postgresql_using="gin")

customer_external_ids = Table(
    "customer_external_ids",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("source", Text, nullable=False),
    Column("value", Text, nullable=False),
    recorded(),
    Column(
        "superseded_at",
        DateTime(timezone=True),
        comment="when the customer lost the identifier; it is never given to another",
    ),
    PrimaryKeyConstraint("customer_id", "source", "value"),
    UniqueConstraint("source", "value"),
)
