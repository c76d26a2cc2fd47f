"""The business itself, and the exchange rates to its currency."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, LargeBinary, SmallInteger, Table, Text, func, text

from api.tables.schema import amount, currency, metadata, recorded

business = Table(
    "business",
    metadata,
    Column("singleton", SmallInteger, primary_key=True, autoincrement=False, server_default=text("1")),
    Column("name", Text, nullable=False),
    currency(),
    Column("time_zone", Text, nullable=False),
    Column(
        "fingerprint_key",
        LargeBinary,
        nullable=False,
        server_default=func.sha256(text("convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')")),
        comment="keys the fingerprints of idempotent inputs, which are guessable",
    ),
    recorded(),
    CheckConstraint("singleton = 1", name="singleton"),
)

exchange_rates = Table(
    "exchange_rates",
    metadata,
    Column("currency", Text, primary_key=True),
    Column("effective_on", Date, primary_key=True),
    amount("rate"),
    recorded(),
    CheckConstraint("rate > 0 AND rate <= 1e9", name="rate_bounded"),
    comment="units of the business currency that one unit of `currency` buys from this day on",
)
