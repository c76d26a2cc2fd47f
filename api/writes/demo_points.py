"""The rows of made-up customers' points: the program, accounts, and every entry with the lots it made and used up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from api.domain.loyalty.earning import Program
from api.domain.loyalty.posting import Posting
from api.domain.population import HOME, points
from api.domain.population.points import Collector, Member
from api.tables import loyalty
from api.tables.costs import customer_costs
from api.writes.demo_agreements import Row, Rows
from api.writes.loyalty_ledger import against

POINTS_COLUMNS: Mapping[Table, tuple[str, ...]] = {
    table: tuple(table.c.keys())
    for table in (
        *(loyalty.loyalty_programs, loyalty.loyalty_tiers, loyalty.loyalty_rules, loyalty.loyalty_accounts),
        *(loyalty.loyalty_transactions, loyalty.loyalty_entries, loyalty.loyalty_lots, loyalty.loyalty_lot_uses),
        customer_costs,
    )
}
_POINT_VALUE = Decimal("0.01")
_STATE = ("balance", "owed", "floor", "entries", "latest_at")


def program_rows(opened_at: datetime) -> Rows:
    """Return the rows of the program that the shop has had since it opened."""
    rules = points.program(opened_at)
    rows: Rows = defaultdict(list)
    lengths = {"pending_for": rules.pending_for, "expires_after": rules.expires_after}
    tiers = {"tier_basis": "POINTS", "tier_window": points.TIER_WINDOW, "tier_grace": points.TIER_GRACE}
    named = {"version": 1, "name": points.NAME, "rounding": rules.rounding, "floor": 0, "point_value": _POINT_VALUE}
    when = {"effective_from": opened_at, "recorded_at": opened_at}
    _add(rows, loyalty.loyalty_programs, program_id=rules.program_id, **named, **lengths, **tiers, **when)
    for rank, (code, name, required, benefits) in enumerate(points.TIERS, start=1):
        tier = {"rank": rank, "code": code, "name": name, "required": Decimal(required), "benefits": list(benefits)}
        _add(rows, loyalty.loyalty_tiers, program_id=rules.program_id, **tier)
    _add_rules(rows, rules)
    return rows


def _add_rules(rows: Rows, rules: Program) -> None:
    for position, rule in enumerate(rules.rules, start=1):
        conditions = {name: getattr(rule, name) for name in ("points_per_unit", "category", "customer_kind", "tier")}
        _add(rows, loyalty.loyalty_rules, program_id=rules.program_id, position=position, **conditions)


def add_points(rows: Rows, who: Collector, member: Member) -> None:
    """Add the rows of one customer's account."""
    state = {name: getattr(member.account, name) for name in _STATE}
    opened = {"opened_at": member.opened_at, "recorded_at": member.opened_at}
    account_id = who.key(member.opened_at, "account")
    _add(rows, loyalty.loyalty_accounts, customer_id=who.customer_id, account_id=account_id, **opened, **state)
    left = _left(posting for posting, _ in member.postings)
    for posting, recorded_at in member.postings:
        _add_posting(rows, who, posting, {"occurred_at": posting.occurred_at, "recorded_at": recorded_at}, left)


def _left(postings: Iterable[Posting]) -> Mapping[UUID, int]:
    """Return what lots have left in the end."""
    left: dict[UUID, int] = {}
    for posting in postings:
        left |= {lot.lot_id: lot.points for lot in posting.made}
        for use in posting.used:
            left[use.lot_id] -= use.points
    return left


def _add_posting(
    rows: Rows, who: Collector, posting: Posting, when: Mapping[str, datetime], left: Mapping[UUID, int]
) -> None:
    cause, key = posting.cause, {"transaction_id": posting.cause.transaction_id}
    told = {name: getattr(cause, name) for name in ("kind", "source", "source_id", "reverses", "reason")}
    _add(rows, loyalty.loyalty_transactions, **key, **told, **when)
    mine: dict[str, Any] = {"customer_id": who.customer_id, **key, **when}
    _add_entries(rows, who, posting, mine)
    for lot in posting.made:
        names = ("lot_id", "points", "exact", "program_id", "available_at", "expires_at")
        of_lot = {name: getattr(lot, name) for name in names}
        _add(rows, loyalty.loyalty_lots, **mine, account="CUSTOMER", remaining=left[lot.lot_id], **of_lot)
    for use in posting.used:
        _add(rows, loyalty.loyalty_lot_uses, **mine, account="CUSTOMER", lot_id=use.lot_id, points=use.points)


def _add_entries(rows: Rows, who: Collector, posting: Posting, mine: Mapping[str, Any]) -> None:
    cause, at = posting.cause, posting.occurred_at
    names = ("points", "owed", "counted", "number", "balance_after", "owed_after")
    own = {name: getattr(posting, name) for name in names}
    counts_from = cause.counts_from if posting.counted else None
    kept: dict[str, Any] = {
        "account": "CUSTOMER",
        "entry_id": who.key(at, f"entry/{posting.number}"),
        "counts_from": counts_from,
    }
    _add(rows, loyalty.loyalty_entries, **mine, kind=cause.kind, **kept, **own)
    other = {"account": against(posting), "entry_id": who.key(at, f"entry/{posting.number}/against")}
    moved = {"points": -posting.points, "owed": -posting.owed, "counted": 0}
    _add(rows, loyalty.loyalty_entries, **mine, kind=cause.kind, **other, **moved)
    if cause.kind == "REDEEM":
        _add_cost(rows, who, posting, kept["entry_id"], mine["recorded_at"])


def _add_cost(rows: Rows, who: Collector, posting: Posting, entry_id: UUID, recorded_at: datetime) -> None:
    at = posting.occurred_at
    cost = {"cost_id": who.key(at, f"entry/{posting.number}/cost"), "stream": "LOYALTY", "cause_id": entry_id}
    worth = {"taken_back": False, "amount": -posting.points * _POINT_VALUE, "currency": HOME}
    when = {"incurred_at": at, "recorded_at": recorded_at}
    _add(rows, customer_costs, customer_id=who.customer_id, **cost, **worth, **when)


def _add(rows: Rows, table: Table, **values: Any) -> None:
    row: Row = tuple(values.get(name) for name in POINTS_COLUMNS[table])
    rows[table].append(row)
