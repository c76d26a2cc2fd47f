"""Points that were spent can be given back, to the lots they came from."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# Whatever undoes a spending is posted where the spending was.
ACCOUNT_OF_ITS_KIND = (
    "account IN ('CUSTOMER', CASE kind WHEN 'REDEEM' THEN 'REDEEMED' WHEN 'EXPIRE' THEN 'EXPIRED'"
    " WHEN 'ADJUST' THEN 'ADJUSTED' WHEN 'TRANSFER' THEN 'CUSTOMER'"
    " WHEN 'REVERSE' THEN CASE WHEN points < 0 THEN 'REDEEMED' ELSE 'ISSUED' END ELSE 'ISSUED' END)"
)
SIGN_OF_ITS_KIND = (
    "account <> 'CUSTOMER' OR CASE kind WHEN 'EARN' THEN points > 0"
    " WHEN 'REDEEM' THEN points < 0 WHEN 'EXPIRE' THEN points < 0 ELSE true END"
)

# What comes back by a reversal is what one spending took: once, all of it, and nothing that counts for anything else.
# A transaction of a kind has its source once, so the source is what keeps a spending from being undone again.
CHECK_UNDONE = """
CREATE FUNCTION check_loyalty_undone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM loyalty_transactions AS undoing
    JOIN loyalty_entries AS spending ON spending.transaction_id = undoing.reverses
    WHERE undoing.transaction_id = NEW.transaction_id
      AND undoing.source = 'TRANSACTION' AND undoing.source_id = undoing.reverses
      AND spending.kind = 'REDEEM' AND spending.customer_id = NEW.customer_id AND spending.number < NEW.number
      AND spending.points = -NEW.points AND NEW.owed = 0 AND NEW.counted = 0
  ) THEN
    RAISE EXCEPTION 'points come back only as one spending took them' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""

# To a lot comes back no more than the spending took from it.
CHECK_GIVEN_BACK = """
CREATE FUNCTION check_loyalty_given_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM loyalty_entries AS entry
    JOIN loyalty_transactions AS undoing ON undoing.transaction_id = entry.transaction_id
    JOIN loyalty_lot_uses AS taken ON taken.customer_id = entry.customer_id
      AND taken.transaction_id = undoing.reverses AND taken.lot_id = NEW.lot_id
    WHERE entry.customer_id = NEW.customer_id AND entry.transaction_id = NEW.transaction_id
      AND entry.account = 'CUSTOMER' AND entry.kind = 'REVERSE' AND entry.points > 0 AND taken.points >= -NEW.points
  ) THEN
    RAISE EXCEPTION 'a lot gets back only what was taken from it' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Let points come back by a reversal, and check before a transaction commits that a spending took them."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _replace("loyalty_entries", "account_of_its_kind", ACCOUNT_OF_ITS_KIND)
    _replace("loyalty_entries", "sign_of_its_kind", SIGN_OF_ITS_KIND)
    op.drop_constraint(op.f("ck_loyalty_lot_uses_points_positive"), "loyalty_lot_uses")
    _add("loyalty_lot_uses", "points_moved", "points <> 0")
    taken = "taken from the lot; below zero where they were given back"
    op.alter_column("loyalty_lot_uses", "points", comment=taken)
    for function in (CHECK_UNDONE, CHECK_GIVEN_BACK):
        op.execute(function)
    _check(
        "loyalty_entries",
        "check_loyalty_undone",
        "WHEN (NEW.account = 'CUSTOMER' AND NEW.kind = 'REVERSE' AND NEW.points > 0)",
    )
    _check("loyalty_lot_uses", "check_loyalty_given_back", "WHEN (NEW.points < 0)")


def _replace(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    _add(table, name, condition)


def _add(table: str, name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _check(table: str, function: str, when: str) -> None:
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {table}_{function} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED"
        f" FOR EACH ROW {when} EXECUTE FUNCTION {function}()"
    )
