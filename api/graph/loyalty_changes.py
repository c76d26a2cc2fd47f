"""Opening accounts for points: inputs, payloads, and how one becomes the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from api.graph.customers import Customer, CustomerIdentifierInput
from api.graph.declare import optional
from api.graph.naming import customer_name, or_none
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.writes.change import Change, Outcome
from api.writes.loyalty import enroll


@strawberry.input(description="Who is to collect points, and the key that makes it count once.")
class EnrollLoyaltyInput(ChangeInput):
    customer: CustomerIdentifierInput = strawberry.field(
        description="Who is enrolled; setCustomer creates a customer who is not known yet."
    )
    enrolled_at: datetime | None = optional(
        "Since when the account is open; left out, now. Purchases that are recorded before it opens earn nothing."
    )


@strawberry.type(description="What became of enrollLoyalty.")
class EnrollLoyaltyPayload(Payload):
    customer: Customer | None = strawberry.field(
        description="Who was enrolled, or would be on a dry run; null when something was wrong."
    )


async def enroll_customer(caller: Caller, given: EnrollLoyaltyInput) -> EnrollLoyaltyPayload:
    """Open an account for a customer."""

    async def work(change: Change) -> Sequence[Outcome]:
        return await enroll(change, customer_name(given.customer), or_none(given.enrolled_at))

    recorded = await perform(caller, "enrollLoyalty", given, work)
    outcome = recorded.outcomes[0]
    return EnrollLoyaltyPayload(
        customer=reference(Customer, outcome, "customer", recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
