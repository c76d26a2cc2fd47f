"""From identifiers in inputs to the names by which changes find their records."""

from __future__ import annotations

from typing import Any

from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import Amount
from api.graph.shared import ExternalIdInput, MoneyInput


def external_key(given: ExternalIdInput | None) -> ExternalKey | None:
    """Return an identifier of another system, or None where none is given."""
    return ExternalKey(given.source, given.value) if given else None


def amount(given: MoneyInput) -> Amount:
    """Return an amount of money."""
    return Amount(given.amount, given.currency_code)


def customer_name(given: Any) -> CustomerName:
    """Return the one way in which an input names a customer."""
    return CustomerName(
        id=given.id or None,
        external_id=external_key(given.external_id or None),
        email=given.email or None,
        phone=given.phone or None,
    )
