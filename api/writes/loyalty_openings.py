"""Opening balances: the points that customers had before their account was kept here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, literal_column

from api.tables.loyalty import loyalty_transactions

OPENING = ("ADJUST", "REQUEST")
"""Kind and source of an opening balance; the source is the account itself, and so an account has one."""


def is_opening(accounts: Any) -> ColumnElement[bool]:
    """Say whether a transaction is the opening balance of an account."""
    kind, source = OPENING
    return and_(
        loyalty_transactions.c.kind == literal_column(f"'{kind}'"),
        loyalty_transactions.c.source == literal_column(f"'{source}'"),
        loyalty_transactions.c.source_id == accounts.c.account_id,
    )
