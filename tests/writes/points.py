"""A points program and accounts for tests, and what a test wants to know of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from api.domain.calendar import Duration
from tests.given import NEW_YEAR, Given, Made

ENROLL = """mutation ($input: EnrollLoyaltyInput!) { enrollLoyalty(input: $input) {
  customer { id } userErrors { code field message } idempotency { replayed } } }"""


async def program(
    given: Given,
    *rules: tuple[str, str | None, str | None, str | None],
    tiers: Sequence[tuple[str, int | Decimal]] = (("BASE", 0),),
    version: int = 1,
    effective_from: datetime = NEW_YEAR - timedelta(days=3_650),
    **columns: Any,
) -> Made:
    """Add a version of the program: by default a point for each unit of money, to be spent at once, for ever."""
    made = Made("lpr", given.key())
    usual = {"name": "Leaves", "rounding": "DOWN", "pending_for": Duration(), "tier_basis": "POINTS"}
    usual |= {"tier_window": Duration(12), "tier_grace": Duration(), "recorded_at": NEW_YEAR}
    begin = {"program_id": made.key, "version": version, "effective_from": effective_from}
    await given.insert("loyalty_programs", **begin | usual | columns)
    for rank, (code, required) in enumerate(tiers, 1):
        tier = {"rank": rank, "code": code, "name": code.title(), "required": Decimal(required)}
        await given.insert("loyalty_tiers", program_id=made.key, **tier)
    for position, (points, category, kind, tier_code) in enumerate(rules or [("1", None, None, None)], 1):
        conditions = {"category": category, "customer_kind": kind, "tier": tier_code}
        place = {"program_id": made.key, "position": position}
        await given.insert("loyalty_rules", **place, points_per_unit=Decimal(points), **conditions)
    return made


async def account(given: Given, customer: Made, opened_at: datetime = NEW_YEAR, **columns: Any) -> Made:
    """Open an account for a customer."""
    made = Made("loy", given.key())
    keys = {"customer_id": customer.key, "account_id": made.key, "opened_at": opened_at, "recorded_at": opened_at}
    await given.insert("loyalty_accounts", **keys | columns)
    return made


async def balance(given: Given, customer: Made) -> tuple[int, int]:
    """Return what is on an account, and what is owed."""
    row = await given.connection.fetchrow(
        "SELECT balance, owed FROM loyalty_accounts WHERE customer_id = $1", customer.key
    )
    return row["balance"], row["owed"]


async def entries(given: Given, customer: Made) -> list[tuple[str, int, int]]:
    """Return kind, points and balance of the entries of an account, in their order."""
    rows = await given.connection.fetch(
        "SELECT kind, points, balance_after FROM loyalty_entries WHERE customer_id = $1 AND number > 0 ORDER BY number",
        customer.key,
    )
    return [tuple(row) for row in rows]
