"""From identifiers in inputs to the names by which changes find their records."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from strawberry import UNSET

from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.identity import parse_id
from api.domain.money import Amount
from api.graph.shared import ExternalIdInput, MoneyInput

T = TypeVar("T")


def or_none(given: T | None) -> T | None:
    """Return a value of an input, None where it was left out; an empty text stays what it is."""
    return None if given is UNSET else given


def key_named(identifier: str, prefix: str) -> UUID | None:
    """Return the key in an identifier with a prefix, None where it is one of another type or none at all."""
    parsed = parse_id(identifier)
    return parsed[1] if parsed and parsed[0] == prefix else None


def external_key(given: ExternalIdInput | None) -> ExternalKey | None:
    """Return an identifier of another system, or None where none is given."""
    return ExternalKey(given.source, given.value) if given else None


def amount(given: MoneyInput) -> Amount:
    """Return an amount of money."""
    return Amount(given.amount, given.currency_code)


def customer_name(given: Any) -> CustomerName:
    """Return the one way in which an input names a customer."""
    return CustomerName(
        id=or_none(given.id),
        external_id=external_key(or_none(given.external_id)),
        email=or_none(given.email),
        phone=or_none(given.phone),
    )
