"""How many invitations of one referrer may be open at a time, as a rule of the referral program."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "referral_programs",
        sa.Column(
            "most_invited",
            sa.Integer(),
            nullable=False,
            server_default=sa.text("50"),
            comment="open invitations of a referrer",
        ),
    )
    op.create_check_constraint(
        op.f("ck_referral_programs_most_invited_positive"), "referral_programs", "most_invited >= 1"
    )
