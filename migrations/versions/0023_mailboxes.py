"""The mailbox that the email address of a customer leads to, and the sign that a friend's is that of a customer."""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# What `mailbox` in the domain says, for the index; a test compares the two.
MAILBOX = """
CREATE FUNCTION mailbox(address text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE
  WHEN split_part(lower(address), '@', 2) IN ('gmail.com', 'googlemail.com')
  THEN replace(split_part(split_part(lower(address), '@', 1), '+', 1), '.', '') || '@gmail.com'
  WHEN split_part(lower(address), '@', 2) IN (
    'outlook.com', 'hotmail.com', 'live.com', 'icloud.com', 'me.com', 'fastmail.com', 'proton.me', 'protonmail.com'
  )
  THEN split_part(split_part(lower(address), '@', 1), '+', 1)
    || '@' || replace(split_part(lower(address), '@', 2), 'protonmail.com', 'proton.me')
  ELSE lower(address)
END
"""


def upgrade() -> None:
    """Index the mailboxes of all customers: nothing is kept beside the address, so that nothing can differ from it."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(MAILBOX)
    op.execute("CREATE INDEX ix_customers_mailbox ON customers (mailbox(email))")
    op.drop_constraint(op.f("ck_referral_signals_code_known"), "referral_signals")
    op.create_check_constraint(
        op.f("ck_referral_signals_code_known"),
        "referral_signals",
        "code IN ('SAME_EMAIL', 'SAME_PHONE', 'SAME_DEVICE', 'SAME_ADDRESS', 'VELOCITY', 'CIRCLE', 'KNOWN_MAILBOX')",
    )
