"""The rows of what made-up customers decide about being reached, as they are copied into the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Table

from api.domain.population import Decided, derived_id
from api.tables.consents import marketing_consents
from api.writes.demo_agreements import Owner, Rows

CONSENT_COLUMNS: Mapping[Table, tuple[str, ...]] = {
    marketing_consents: (
        *("customer_id", "consent_id", "channel", "decision", "decided_at", "expires_at", "source", "recorded_at"),
    ),
}


def add_consents(rows: Rows, owner: Owner, decided: Sequence[Decided]) -> None:
    """Add what a customer decided."""
    for number, each in enumerate(decided, start=1):
        key = derived_id(each.recorded_at, f"{owner[1]}/consent/{number}")
        decision = each.channel, each.decision, each.decided_at, each.expires_at
        rows[marketing_consents].append((owner[0], key, *decision, each.source, each.recorded_at))
