"""Where letters reach customers, and the sign that a friend lives where somebody lives who is there already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in ("address1", "address2", "city", "province_code", "postal_code"):
        op.add_column("customers", sa.Column(name, sa.Text()))
    op.add_column(
        "customers", sa.Column("postal_country", sa.Text(), comment="of the address, by two letters of ISO 3166")
    )
    op.create_check_constraint(
        op.f("ck_customers_address_whole"), "customers", "num_nulls(address1, city, postal_country) IN (0, 3)"
    )
    op.create_check_constraint(
        op.f("ck_customers_address_has_a_street"),
        "customers",
        "address1 IS NOT NULL OR num_nonnulls(address2, province_code, postal_code) = 0",
    )
    op.drop_constraint(op.f("ck_referral_signals_code_known"), "referral_signals")
    op.create_check_constraint(
        op.f("ck_referral_signals_code_known"),
        "referral_signals",
        "code IN ('SAME_EMAIL', 'SAME_PHONE', 'SAME_DEVICE', 'SAME_ADDRESS', 'VELOCITY', 'CIRCLE')",
    )
