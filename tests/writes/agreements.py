"""Inputs of changes of support plans and contracts, and the documents that send them."""

from __future__ import annotations

from typing import Any

from tests.writes.changes import new_key

_ENDING = "customer { id } userErrors { code field message currentVersion } idempotency { replayed } } }"
_PLAN = """enrollment { id externalId { source value } planName paid price { amount currencyCode }
  term { startAt endAt } endsAt status allowance { included used remaining } responseTarget orderLine { sku }
  cancellationReason version customer { id } usages { nodes { incidents note usedAt } } }"""
_CONTRACT = """contract { id externalId { source value } number name status term { startAt endAt } endsAt signedAt
  autoRenew renewalInterval renewalAt value { amount currencyCode } billingInterval noticePeriod terminationReason
  penalty { amount currencyCode } version customer { id } }"""


def _document(name: str, selection: str) -> str:
    kind = name[0].upper() + name[1:]
    return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ {selection} {_ENDING}"


ENROLL = _document("enrollSupportPlan", _PLAN)
USE = _document("useSupportAllowance", f"usage {{ id incidents note usedAt enrollment {{ id }} }} {_PLAN}")
CANCEL = _document("cancelSupportPlan", _PLAN)
SIGN = _document("signContract", _CONTRACT)
RENEW = _document("renewContract", _CONTRACT)
TERMINATE = _document("terminateContract", _CONTRACT)


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    """Return an amount as inputs take it."""
    return {"amount": amount, "currencyCode": currency}


def enrollment(key: str | None = None, **parts: Any) -> dict[str, Any]:
    """Return the input of enrollSupportPlan: by default a free plan for Ann; None leaves a part out."""
    plan = {"customer": {"email": "ann@example.com"}, "planName": "Gold", "paid": False, **parts}
    return {"idempotencyKey": key or new_key(), "enrollment": _given(plan)}


def use(plan: str, key: str | None = None, **parts: Any) -> dict[str, Any]:
    """Return the input of useSupportAllowance."""
    return {"idempotencyKey": key or new_key(), "enrollmentId": plan, **parts}


def cancellation(plan: str, key: str | None = None, **parts: Any) -> dict[str, Any]:
    """Return the input of cancelSupportPlan."""
    return {"idempotencyKey": key or new_key(), "enrollmentId": plan, "reason": "UNUSED", **parts}


def contract(key: str | None = None, **parts: Any) -> dict[str, Any]:
    """Return the input of signContract: by default one with Ann for the year 2025; None leaves a part out."""
    term = {"startAt": "2025-01-01T00:00:00Z", "endAt": "2026-01-01T00:00:00Z"}
    agreed = {"customer": {"email": "ann@example.com"}, "name": "Care", "value": money("1200"), "term": term, **parts}
    return {"idempotencyKey": key or new_key(), "contract": _given(agreed)}


def renewal(contract_id: str, key: str | None = None, **parts: Any) -> dict[str, Any]:
    """Return the input of renewContract."""
    return {"idempotencyKey": key or new_key(), "contractId": contract_id, **parts}


def termination(contract_id: str, key: str | None = None, **parts: Any) -> dict[str, Any]:
    """Return the input of terminateContract."""
    return {"idempotencyKey": key or new_key(), "contractId": contract_id, "reason": "Moved away", **parts}


def _given(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part is not None}
