"""Changes as each system takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.picks import Opinion, Picks, Purchase, Spending
from benchmarks.systems import KEY, REGULARS, System
from benchmarks.workloads import RECORD_PURCHASE, REDEEM_POINTS, SUBMIT_FEEDBACK, Workload

Input = Mapping[str, Any]


def purchase(system: System, made: Purchase) -> Input:
    """Return a purchase as the system's recordPurchase takes it."""
    lines = [
        {"sku": sku, "quantity": quantity, "unitPrice": {"amount": price, "currencyCode": "EUR"}}
        for sku, quantity, price in made.lines
    ]
    bought = {**_whose(system, made), "placedAt": made.placed_at.isoformat(), "lines": lines}
    return _within(system, "purchase", bought)


def spending(system: System, made: Spending) -> Input:
    """Return points to spend as the system's redeemPoints takes them."""
    return {"idempotencyKey": KEY, **_whose(system, made), "points": made.points, "reason": made.reason}


def opinion(system: System, made: Opinion) -> Input:
    """Return feedback as the system's submitFeedback takes it."""
    words = {"kind": "NPS", "score": made.score, "comment": made.comment}
    return _within(system, "feedback", {**_whose(system, made), **words, "submittedAt": made.submitted_at.isoformat()})


def _whose(system: System, made: Purchase | Spending | Opinion) -> Input:
    customer = system.identifier(made.customer)
    return {"customer": {"id": customer}} if system is REGULARS else {"customerId": customer}


def _within(system: System, name: str, given: Input) -> Input:
    return {"idempotencyKey": KEY, name: given} if system is REGULARS else {"idempotencyKey": KEY, **given}


CHANGES: Mapping[Workload, Callable[[System, Picks, int], Input]] = {
    RECORD_PURCHASE: lambda system, picks, number: purchase(system, picks.purchases[number]),
    REDEEM_POINTS: lambda system, picks, number: spending(system, picks.spendings[number]),
    SUBMIT_FEEDBACK: lambda system, picks, number: opinion(system, picks.opinions[number]),
}
"""The input of each workload that changes something, by its number."""
