"""Models of what customers will bring, as they were fitted: parameters, warnings, and how they did on held-out time."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    JSON,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql

from api.tables.schema import key, metadata, recorded

lifetime_value_models = Table(
    "lifetime_value_models",
    metadata,
    key("model_id"),
    Column("version", Integer, nullable=False),
    Column("method", Text, nullable=False, comment="the model of repeat buying that won the back-test"),
    Column("parameters", JSON, nullable=False, comment="those of the method, by name, in weeks"),
    Column("spend_parameters", JSON, nullable=False, comment="those of Gamma-Gamma, by name, in the currency"),
    Column("currency", Text, nullable=False),
    Column("trained_from", DateTime(timezone=True), nullable=False),
    Column("trained_until", DateTime(timezone=True), nullable=False, comment="nothing later was seen by the fit"),
    Column("customers", Integer, nullable=False),
    Column("repeaters", Integer, nullable=False, comment="those of them who bought on more than one day"),
    Column("flags", ARRAY(Text), nullable=False),
    Column("data_hash", Text, nullable=False, comment="of the purchases that were seen"),
    Column("report", JSON, nullable=False, comment="all candidates with parameters, covariance and back-tests"),
    Column(
        "renewals",
        JSON,
        nullable=False,
        server_default=sql("'[]'"),
        comment="how long things with a term are kept: a list of models by stream and length of term",
    ),
    recorded(),
    Column("segment_by", Text, comment="what parts of the customers of this version have in common; null without any"),
    Column("segment_value", Text, comment="and those of this model; null where it is of all customers"),
    CheckConstraint("trained_from <= trained_until", name="trained_for_a_time"),
    CheckConstraint("version >= 1", name="version_positive"),
    CheckConstraint("segment_by IN ('KIND', 'COUNTRY', 'TAG')", name="segment_by_known"),
    CheckConstraint("segment_value IS NULL OR segment_by IS NOT NULL", name="segment_whole"),
    UniqueConstraint("version", "segment_value", postgresql_nulls_not_distinct=True),
    comment="facts: fits are never changed, only followed by others",
)

lifetime_value_tests = Table(
    "lifetime_value_tests",
    metadata,
    Column("model_id", ForeignKey("lifetime_value_models.model_id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("days", Integer, nullable=False, comment="length of the time that was held out"),
    Column("held_out_from", Date, nullable=False, comment="first day that the tested fit had not seen"),
    Column("held_out_until", Date, nullable=False, comment="the day after the last one"),
    Column("customers", Integer, nullable=False),
    Column("level", Double, nullable=False, comment="probability that the intervals were meant to have"),
    Column("coverage", Double, nullable=False, comment="share of outcomes in their interval"),
    Column("total_bias", Double, nullable=False, comment="predicted total over actual total, less one"),
    Column("mean_absolute_error", Numeric, nullable=False, comment="per customer, in the currency of the model"),
    Column("naive_total_bias", Double, nullable=False, comment="of repeating each customer's last period"),
    Column("naive_mean_absolute_error", Numeric, nullable=False),
    Column("purchases_bias", Double, nullable=False),
    Column("rank_correlation", Double, nullable=False),
    Column("brier", Double, nullable=False, comment="mean squared error of the probability of any purchase"),
    Column("deciles", JSON, nullable=False, comment="ten pairs: mean predicted and actual value, lowest first"),
    comment="facts: how a model did on purchases that it had not seen",
)
