"""What all tables share: the metadata, naming of constraints, and columns that recur."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, MetaData, Numeric, Text, Uuid, func

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key(name: str) -> Column[UUID]:
    """Return a primary key column of UUIDs."""
    return Column(name, Uuid, primary_key=True)


def moment(name: str) -> Column[datetime]:
    """Return a column for a moment that is always known."""
    return Column(name, DateTime(timezone=True), nullable=False)


def recorded() -> Column[datetime]:
    """Return the column that says when we learnt of a row; the database sets it.

    The moment of the statement, not that of the transaction's start: a fact is never recorded before what it names.
    """
    return Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())


def amount(name: str) -> Column[Decimal]:
    """Return a column for an exact amount; `bounded` keeps it finite."""
    return Column(name, Numeric, nullable=False)


def bounded(name: str, low: str = "0", high: str = "1e15") -> CheckConstraint:
    """Return a check that an amount is finite and within its limits (NaN and Infinity are larger than any number)."""
    return CheckConstraint(f"{name} >= {low} AND {name} <= {high}", name=f"{name}_bounded")


def currency() -> Column[str]:
    """Return a column for an ISO 4217 code."""
    return Column("currency", Text, nullable=False)
