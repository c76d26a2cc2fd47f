"""What customers are expected to bring, as they were last ranked, and what lets the database work it out."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Every customer has a row from the start: a list that an index leads through must have nobody missing.
ADD_PROSPECTS = """
CREATE FUNCTION add_prospects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO customer_prospects (customer_id) SELECT customer_id FROM added;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Add the tables, with a row for every customer there is, and for every one who comes."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add_prospects()
    _add_rankings()
    _add_nodes()
    op.execute(ADD_PROSPECTS)
    op.execute(
        "CREATE TRIGGER customers_have_prospects AFTER INSERT ON customers"
        " REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION add_prospects()"
    )
    op.execute("INSERT INTO customer_prospects (customer_id) SELECT customer_id FROM customers")


def _add_prospects() -> None:
    op.create_table(
        "customer_prospects",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "scored_at",
            sa.DateTime(timezone=True),
            comment="null, as is all the rest, where nobody has been ranked yet",
        ),
        sa.Column(
            "predicted_value",
            sa.Numeric(),
            comment="what purchases are expected to bring, in the currency of the business",
        ),
        sa.Column("variance", sa.Double(), comment="of that value"),
        sa.Column("probability_active", sa.Double(), comment="of a purchase"),
        sa.Column("churn_band", sa.Text()),
        sa.Column("top_percent", sa.SmallInteger(), comment="1 for the hundredth who are expected to bring most"),
        _kept_last("value_falling", "predicted_value", sa.Numeric(), "-1"),
        _kept_last("value_rising", "predicted_value", sa.Numeric(), "1e30"),
        _kept_last("probability_falling", "probability_active", sa.Double(), "-1"),
        _kept_last("probability_rising", "probability_active", sa.Double(), "1e30"),
        sa.CheckConstraint(
            "num_nulls(scored_at, predicted_value, variance, probability_active, churn_band, top_percent) IN (0, 6)",
            name=op.f("ck_customer_prospects_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.customer_id"],
            name=op.f("fk_customer_prospects_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_prospects")),
        comment="a projection: every customer, with what is expected as of the last ranking",
    )
    for name in ("value_falling", "value_rising", "probability_falling", "probability_rising"):
        op.create_index(op.f(f"ix_customer_prospects_{name}"), "customer_prospects", [name, "customer_id"])


def _kept_last(name: str, of: str, type_: Any, missing: str) -> sa.Column[Any]:
    return sa.Column(name, type_, sa.Computed(f"COALESCE({of}, {missing})", persisted=True), nullable=False)


def _add_rankings() -> None:
    op.create_table(
        "customer_rankings",
        sa.Column("ranking_id", sa.Uuid(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("horizon", sa.Text(), nullable=False),
        sa.Column("annual_discount_rate", sa.Numeric(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False, comment="who could be ranked: those who have bought"),
        sa.Column("expected", sa.Numeric(), nullable=False, comment="what all of them are expected to bring"),
        sa.Column(
            "parameter_error",
            sa.Double(),
            nullable=False,
            comment="standard error of that for the parameters, relative",
        ),
        sa.Column(
            "model_error", sa.Double(), nullable=False, comment="how far off totals were in back-tests, relative"
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["lifetime_value_models.model_id"], name=op.f("fk_customer_rankings_model_id")
        ),
        sa.PrimaryKeyConstraint("ranking_id", name=op.f("pk_customer_rankings")),
        comment="one row for each time that all customers were ranked",
    )
    op.create_index(op.f("ix_customer_rankings_scored_at"), "customer_rankings", ["scored_at"])


def _add_nodes() -> None:
    op.create_table(
        "dropout_nodes",
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("repeats", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "nodes", sa.ARRAY(sa.Double()), nullable=False, comment="probabilities of being lost after a purchase"
        ),
        sa.Column(
            "weights",
            sa.ARRAY(sa.Double()),
            nullable=False,
            comment="theirs, in a mean over customers with so many repeats",
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["lifetime_value_models.model_id"], name=op.f("fk_dropout_nodes_model_id")
        ),
        sa.PrimaryKeyConstraint("model_id", "repeats", name=op.f("pk_dropout_nodes")),
        comment="what lets the database work out expected purchases by a model; follows from its parameters",
    )
