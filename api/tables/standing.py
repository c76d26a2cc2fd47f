"""How customers stand now: a projection of the facts, written in the transaction of each change.

It can be made again from the facts at any time, and answers nothing about the past.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE, TSTZRANGE

from api.tables.schema import metadata, moment
from api.tables.terms import planned

REASONS = (
    "recent_purchase",
    "loyal",
    "paid_support_plan",
    "product_subscription",
    "service_subscription",
    "contract",
)
"""Names of the columns with the spans of each reason to count as active, in the order of the schema."""


def spans(name: str) -> Column[object]:
    """Return a column for stretches of time that do not touch each other."""
    return Column(name, TSTZMULTIRANGE, nullable=False, server_default=sql("'{}'"))


customer_standing = Table(
    "customer_standing",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id", ondelete="CASCADE"), primary_key=True),
    Column("order_count", Integer, nullable=False),
    Column("historic_net", Numeric, nullable=False, comment="of all streams, in the currency of the business"),
    Column("purchase_net", Numeric, nullable=False, comment="of orders alone, in the currency of the business"),
    planned("last_purchase_at"),
    Column("purchase_days", Integer, nullable=False, comment="on how many days there were purchases that lasted"),
    Column("first_purchase_day", Date, comment="on the calendar of the business"),
    Column("last_purchase_day", Date),
    Column("value_days", Integer, nullable=False, comment="how many of these days brought something"),
    Column("purchase_value", Numeric, nullable=False, comment="what those brought, less what was paid back of each"),
    Column("has_terms", Boolean, nullable=False, comment="whether there ever was a subscription, plan or contract"),
    Column(
        "agreed_terms", Text, comment="JSON: what is in force of these, or agreed for later, and what it is to bring"
    ),
    Column("agreed_during", TSTZRANGE, comment="until something begins, ends or falls due; null where nobody knows"),
    comment="a projection of the facts: what customers have brought, and on which days they bought",
    postgresql_with={"fillfactor": 85},
)
Index("ix_customer_standing_historic_net", customer_standing.c.historic_net, customer_standing.c.customer_id)
Index("ix_customer_standing_last_purchase_at", customer_standing.c.last_purchase_at, customer_standing.c.customer_id)
Index("ix_customer_standing_order_count", customer_standing.c.order_count, customer_standing.c.customer_id)

customer_activity = Table(
    "customer_activity",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id", ondelete="CASCADE"), primary_key=True),
    *[spans(name) for name in REASONS],
    comment="a projection: when each reason holds, as each policy judges the time in which it is in force",
    postgresql_with={"fillfactor": 85},
)

active_spans = Table(
    "active_spans",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id", ondelete="CASCADE"), nullable=False),
    moment("starts_at"),
    Column("ends_at", DateTime(timezone=True), nullable=False, comment="the year 9999 where no end is known"),
    PrimaryKeyConstraint("customer_id", "starts_at"),
    comment="a projection: while customers count as active, without breaks; spans that are over are left out",
    postgresql_with={"fillfactor": 85},
)
Index("ix_active_spans_ends_at", active_spans.c.ends_at, active_spans.c.customer_id)
