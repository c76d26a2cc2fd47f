"""Models of what customers will bring, as they were fitted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FACTS = ("lifetime_value_models", "lifetime_value_tests")


def upgrade() -> None:
    """Add the tables; like all facts they refuse to be changed."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add_models()
    _add_tests()
    for table in FACTS:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _add_models() -> None:
    op.create_table(
        "lifetime_value_models",
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False, comment="the model of repeat buying that won the back-test"),
        sa.Column("parameters", sa.JSON(), nullable=False, comment="those of the method, by name, in weeks"),
        sa.Column(
            "spend_parameters", sa.JSON(), nullable=False, comment="those of Gamma-Gamma, by name, in the currency"
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("trained_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "trained_until", sa.DateTime(timezone=True), nullable=False, comment="nothing later was seen by the fit"
        ),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("repeaters", sa.Integer(), nullable=False, comment="those of them who bought on more than one day"),
        sa.Column("flags", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("data_hash", sa.Text(), nullable=False, comment="of the purchases that were seen"),
        sa.Column(
            "report", sa.JSON(), nullable=False, comment="all candidates with parameters, covariance and back-tests"
        ),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("trained_from <= trained_until", name=op.f("ck_lifetime_value_models_trained_for_a_time")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_lifetime_value_models_version_positive")),
        sa.PrimaryKeyConstraint("model_id", name=op.f("pk_lifetime_value_models")),
        sa.UniqueConstraint("version", name=op.f("uq_lifetime_value_models_version")),
        comment="facts: fits are never changed, only followed by others",
    )


def _add_tests() -> None:
    op.create_table(
        "lifetime_value_tests",
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False, comment="length of the time that was held out"),
        sa.Column("held_out_from", sa.Date(), nullable=False, comment="first day that the tested fit had not seen"),
        sa.Column("held_out_until", sa.Date(), nullable=False, comment="the day after the last one"),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("level", sa.Double(), nullable=False, comment="probability that the intervals were meant to have"),
        sa.Column("coverage", sa.Double(), nullable=False, comment="share of outcomes in their interval"),
        sa.Column("total_bias", sa.Double(), nullable=False, comment="predicted total over actual total, less one"),
        sa.Column(
            "mean_absolute_error",
            sa.Numeric(),
            nullable=False,
            comment="per customer, in the currency of the model",
        ),
        sa.Column("naive_total_bias", sa.Double(), nullable=False, comment="of repeating each customer's last period"),
        sa.Column("naive_mean_absolute_error", sa.Numeric(), nullable=False),
        sa.Column("purchases_bias", sa.Double(), nullable=False),
        sa.Column("rank_correlation", sa.Double(), nullable=False),
        sa.Column(
            "brier", sa.Double(), nullable=False, comment="mean squared error of the probability of any purchase"
        ),
        sa.Column(
            "deciles", sa.JSON(), nullable=False, comment="ten pairs: mean predicted and actual value, lowest first"
        ),
        sa.ForeignKeyConstraint(
            ["model_id"],
            ["lifetime_value_models.model_id"],
            name=op.f("fk_lifetime_value_tests_model_id"),
        ),
        sa.PrimaryKeyConstraint("model_id", "position", name=op.f("pk_lifetime_value_tests")),
        comment="facts: how a model did on purchases that it had not seen",
    )
