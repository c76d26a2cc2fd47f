"""The tables of Regulars as classes of SQLAlchemy's ORM."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7


class Base(DeclarativeBase):
    """Base of the mapped classes; every moment has a time zone."""

    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012  (SQLAlchemy reads it from the class)


class CustomerRow(Base):
    """A customer."""

    __tablename__ = "customers"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    email: Mapped[str | None]
    country: Mapped[str | None]
    created_at: Mapped[datetime]


class ProductRow(Base):
    """A product."""

    __tablename__ = "products"

    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    sku: Mapped[str]
    name: Mapped[str]


class OrderRow(Base):
    """An order of a customer."""

    __tablename__ = "orders"

    order_id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    customer_id: Mapped[UUID]
    number: Mapped[str]
    placed_at: Mapped[datetime]
    currency: Mapped[str]
    gross: Mapped[Decimal]
    discount: Mapped[Decimal]
    business_gross: Mapped[Decimal]
    business_discount: Mapped[Decimal]


class LineRow(Base):
    """A line of an order."""

    __tablename__ = "order_lines"

    line_id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    customer_id: Mapped[UUID]
    order_id: Mapped[UUID]
    position: Mapped[int]
    product_id: Mapped[UUID]
    sku: Mapped[str]
    name: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]
    currency: Mapped[str]


class RefundRow(Base):
    """Money paid back to a customer."""

    __tablename__ = "refunds"

    refund_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    business_amount: Mapped[Decimal]


class KeyRow(Base):
    """The key of a change, with its outcome."""

    __tablename__ = "idempotency"

    principal: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    mutation: Mapped[str]
    fingerprint: Mapped[bytes]
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
