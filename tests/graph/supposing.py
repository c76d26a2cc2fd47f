"""What tests suppose of a customer, and how they do the same for real."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.asking import Ask
from tests.plan.everything import everything
from tests.writes.agreements import RENEW, renewal
from tests.writes.changes import RECORD_PURCHASE, RECORD_REFUND, line, one_purchase, refund
from tests.writes.subscription_changes import changed, document

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
# All of it in one statement is more than anybody asks for: what rests on other customers has tests of its own.
_OF_OTHERS = ("mergedInto", "recommendations", "referralsMade", "referredBy", "segments")
SELECTION = everything("Customer", 2, without=_OF_OTHERS)
WHAT_IF = f"""query ($id: ID!, $events: [HypotheticalEventInput!]!, $asOf: DateTime) {{
  customer(by: {{id: $id}}, asOf: $asOf) {{ whatIf(events: $events) {{ {SELECTION} }} }} }}"""
AS_IT_IS = f"query ($id: ID!, $asOf: DateTime) {{ customer(by: {{id: $id}}, asOf: $asOf) {{ {SELECTION} }} }}"
BRIEF = """query ($id: ID!, $events: [HypotheticalEventInput!]!, $asOf: DateTime, $knownAt: DateTime) {
  customer(by: {id: $id}, asOf: $asOf, knownAt: $knownAt) {
    whatIf(events: $events) {
      asOf activeStatus { isActive } purchaseSummary { orderCount net { amount } }
      orders(first: 50) { nodes { status placedAt lines { nodes { sku name quantity } } } }
    }
  }
}"""
# What a thing is called differs each time it is done, and when that was entered.
_OWN = {"id", "number", "externalId", "recordedAt", "cursor", "startCursor", "endCursor"}


def told(answer: Any) -> Any:
    """Return an answer without what differs between two times of doing the same."""
    if isinstance(answer, dict):
        return {name: told(part) for name, part in answer.items() if name not in _OWN}
    return [told(part) for part in answer] if isinstance(answer, list) else answer


def buy(*lines: Any, **more: Any) -> Any:
    """Return a purchase to suppose: by default one line of tea."""
    return {"purchase": {"lines": list(lines) or [line(name=None)], **more}}


def wait(length: str) -> Any:
    """Return time to let pass."""
    return {"passTime": length}


async def really(ask: Ask, event: Any, whose: str) -> None:
    """Do for real what an event supposes, at the time of the asker."""
    assert ask.now is not None
    ((kind, what),) = event.items()
    if kind == "purchase":
        now = {"placedAt": ask.now.isoformat(), "customer": {"id": whose}}
        answer = await ask(RECORD_PURCHASE, input=one_purchase(*what["lines"], **{**now, **what}))
    elif kind == "refundOrderId":
        order = await ask("query ($id: ID!) { node(id: $id) { ... on Order { net { amount } } } }", id=what)
        answer = await ask(RECORD_REFUND, input=refund(what, order["node"]["net"]["amount"]))
    elif kind == "cancelSubscriptionId":
        answer = await ask(document("cancel"), input=changed(what, reason="OTHER"))
    elif kind == "renewSubscriptionId":
        answer = await ask(document("renew"), input=changed(what))
    else:
        answer = await ask(RENEW, input=renewal(what))
    (payload,) = answer.values()
    assert payload["userErrors"] == []
