"""Products that are bought by the same customers, counted once a day and kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PAIRS = "product_pairs"
WITHIN = (
    "support > 0 AND support <= least(bought_support, offered_support)"
    " AND greatest(bought_support, offered_support) <= buyers"
)


def _counted(name: str, comment: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, comment=comment)


def _product(name: str) -> sa.Column[object]:
    constraint = op.f(f"fk_{PAIRS}_{name}")
    return sa.Column(name, sa.Uuid(), sa.ForeignKey("products.product_id", name=constraint), nullable=False)


def upgrade() -> None:
    """Create the table; it is empty until a running server, or `regulars rebuild`, counts."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        PAIRS,
        _product("bought_id"),
        _product("offered_id"),
        _counted("support", "how many customers have bought both"),
        _counted("bought_support"),
        _counted("offered_support"),
        _counted("buyers", "how many customers have bought anything"),
        sa.Column("expected", sa.Double(), nullable=False, comment="how many would have bought both by chance"),
        sa.Column(
            "price_low", sa.Numeric(), comment="of what is offered: a quarter of the order lines cost no more than this"
        ),
        sa.Column("price_high", sa.Numeric(), comment="and three quarters no more than this; null for too few lines"),
        sa.Column("price_currency", sa.Text(), comment="that of the business"),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bought_id", "offered_id", name=op.f(f"pk_{PAIRS}")),
        sa.CheckConstraint("bought_id <> offered_id", name=op.f(f"ck_{PAIRS}_of_two_products")),
        sa.CheckConstraint(WITHIN, name=op.f(f"ck_{PAIRS}_support_within")),
        sa.CheckConstraint(
            "(price_low IS NULL) = (price_high IS NULL) AND price_low <= price_high",
            name=op.f(f"ck_{PAIRS}_price_range"),
        ),
        comment="a projection: for each product those that go with it best, counted once a day",
    )
