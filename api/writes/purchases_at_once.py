"""Purchases that arrive at the same time: which of them can share a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from api.domain.purchase import NewPurchase
from api.writes.change import Change, Outcome
from api.writes.purchases import FIELD, record_purchases
from api.writes.together import First, Together

__all__ = ["shared_by"]


async def _record(change: Change, purchases: Sequence[NewPurchase]) -> Sequence[Outcome]:
    return await record_purchases(change, purchases, [FIELD] * len(purchases), all_or_none=True, as_if_alone=True)


# How a customer stands is worked out from the earliest of them on: one of long ago would make all of them dear.
_TOGETHER = Together(_record, like=lambda each: each.placed_at.astimezone(UTC).date(), whose=lambda each: each.customer)


def shared_by(purchase: NewPurchase) -> First | None:
    """Return what records a purchase with others that arrive at the same time; None where it has to come alone."""
    return None if purchase.referral_code is not None else _TOGETHER.of(purchase)
