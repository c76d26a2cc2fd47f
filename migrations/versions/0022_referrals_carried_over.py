"""Referrals that were made, and settled, before the business kept them here."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# Nothing follows on a referral that is carried over.
CHECK_STEP = """
CREATE OR REPLACE FUNCTION check_referral_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before referrals;
BEGIN
  SELECT * INTO before FROM referrals WHERE referral_id = NEW.referral_id AND version = NEW.version - 1;
  IF (CASE
    WHEN NEW.version = 1 THEN (NEW.change, NEW.status) IN
      (('INVITED', 'INVITED'), ('JOINED', 'JOINED'), ('JOINED', 'CARRIED_OVER'))
    ELSE (NEW.customer_id, NEW.code, NEW.created_at) = (before.customer_id, before.code, before.created_at)
      AND (before.referred_id IS NULL
        OR (NEW.referred_id, NEW.joined_at, NEW.program_id)
          = (before.referred_id, before.joined_at, before.program_id))
      AND (before.order_id IS NULL OR (NEW.order_id, NEW.qualified_at) = (before.order_id, before.qualified_at))
      AND (NEW.in_review <= before.in_review OR before.status = 'INVITED')
      AND NEW.changed_at >= before.changed_at
      AND (before.status, before.in_review, NEW.change, NEW.status) IN (
        ('INVITED', false, 'JOINED', 'JOINED'),
        ('JOINED', false, 'QUALIFIED', 'QUALIFIED'), ('JOINED', true, 'QUALIFIED', 'QUALIFIED'),
        ('JOINED', true, 'ACCEPTED', 'JOINED'), ('QUALIFIED', true, 'ACCEPTED', 'QUALIFIED'),
        ('JOINED', false, 'REJECTED', 'REJECTED'), ('JOINED', true, 'REJECTED', 'REJECTED'),
        ('QUALIFIED', true, 'REJECTED', 'REJECTED'), ('QUALIFIED', false, 'REVERSED', 'REVERSED'))
      AND (NEW.change <> 'ACCEPTED' OR NOT NEW.in_review)
      AND (NEW.change <> 'QUALIFIED' OR NEW.in_review = before.in_review)
  END) IS NOT TRUE THEN
    RAISE EXCEPTION 'a referral must take one step after the other' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Add the state, in which a referral has no program and may have no code."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint(op.f("ck_referrals_status_known"), "referrals")
    _add("status_known", "status IN ('INVITED', 'JOINED', 'QUALIFIED', 'REJECTED', 'REVERSED', 'CARRIED_OVER')")
    op.execute(CHECK_STEP)
    op.alter_column(
        "referrals", "program_id", nullable=True, comment="by which it is judged; null where it is carried over"
    )
    op.alter_column("referrals", "code", nullable=True, comment="null where it is carried over and nobody knows it")
    _add("judged_unless_carried_over", "(status = 'CARRIED_OVER') = (program_id IS NULL)")
    _add("code_unless_carried_over", "status = 'CARRIED_OVER' OR code IS NOT NULL")


def _add(name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_referrals_{name}"), "referrals", condition)
