"""Recording purchases: inputs, payloads, and how one becomes the other."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import strawberry

from api.domain.purchase import NewPurchase
from api.errors import BadUserInput
from api.graph.active_status import status_before
from api.graph.arguments import optional
from api.graph.customers import Customer
from api.graph.finding_customers import CustomerIdentifierInput
from api.graph.loyalty_effects import PointsPayload, points_moved
from api.graph.naming import amount, customer_name, external_key, or_none
from api.graph.orders import Order
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.graph.purchase_lines import PurchaseLineInput
from api.graph.referral_effects import ReferralPayload, referral_moved
from api.graph.shared import ExternalIdInput, MoneyInput
from api.writes.change import Change, Outcome
from api.writes.once import Recorded
from api.writes.purchases import FIELD, MOST_PURCHASES, record_purchases
from api.writes.purchases_at_once import shared_by


@strawberry.enum(description="What to do with many purchases when some of them are wrong.")
class BatchErrorPolicy(Enum):
    REJECT_EVERYTHING = strawberry.enum_value(
        "REJECT_EVERYTHING", description="Record nothing if any of them is wrong."
    )
    REJECT_FAILED_ROWS = strawberry.enum_value(
        "REJECT_FAILED_ROWS", description="Record the right ones and say what is wrong with the others."
    )


@strawberry.input(description="What was bought, by whom and when.")
class PurchaseInput:
    customer: CustomerIdentifierInput = strawberry.field(
        description="Who bought; setCustomer creates a customer who is not known yet."
    )
    external_id: ExternalIdInput | None = optional(
        "What the system it comes from calls this purchase; the same one is never taken twice."
    )
    placed_at: datetime | None = optional("When the customer bought, not in the future; left out, now.")
    lines: list[PurchaseLineInput] = strawberry.field(description="What was bought: 1 to 200 lines.")
    discount: MoneyInput | None = optional("What was taken off the whole order, in the currency of the lines.")
    referral_code: str | None = optional("The code of the friend who recommended the business, if one was given.")

    def purchase(self, now: datetime) -> NewPurchase:
        """Return the purchase to record."""
        return NewPurchase(
            customer=customer_name(self.customer),
            external_id=external_key(or_none(self.external_id)),
            placed_at=or_none(self.placed_at) or now,
            lines=tuple(line.line() for line in self.lines),
            discount=amount(self.discount) if self.discount else None,
            referral_code=or_none(self.referral_code),
        )


@strawberry.input(description="A purchase to record, and the key that makes it count once.")
class RecordPurchaseInput(ChangeInput):
    purchase: PurchaseInput = strawberry.field(description="What was bought, by whom and when.")


@strawberry.input(description="Purchases to record together, and the key that makes them count once.")
class RecordPurchasesInput(ChangeInput):
    purchases: list[PurchaseInput] = strawberry.field(
        description="What was bought, by whom and when: 1 to 250 purchases."
    )
    error_policy: BatchErrorPolicy | None = strawberry.field(
        description="What to do when some of the purchases are wrong.", default=BatchErrorPolicy.REJECT_FAILED_ROWS
    )


@strawberry.type(description="What became of a purchase: all that a screen has to draw anew.")
class RecordPurchasePayload(PointsPayload, ReferralPayload):
    order: Order | None = strawberry.field(
        description="The order that was recorded, or would be on a dry run; null when something was wrong."
    )


@strawberry.type(description="Outcome of recordPurchases.")
class RecordPurchasesPayload(Payload):
    results: list[RecordPurchasePayload] = strawberry.field(description="One outcome per purchase, in the order sent.")
    recorded: int = strawberry.field(description="How many were recorded, or would be on a dry run.")


async def record_one(caller: Caller, given: RecordPurchaseInput) -> RecordPurchasePayload:
    """Record one purchase."""
    purchase = given.purchase.purchase(caller.now)

    async def work(change: Change) -> Sequence[Outcome]:
        return await record_purchases(change, [purchase], [FIELD], all_or_none=True)

    recorded = await perform(caller, "recordPurchase", given, work, shared_by(purchase))
    return _payload(recorded.outcomes[0], recorded, given.idempotency_key)


async def record_many(caller: Caller, given: RecordPurchasesInput) -> RecordPurchasesPayload:
    """Record up to 250 purchases together; raise BadUserInput for none or more."""
    if not 1 <= len(given.purchases) <= MOST_PURCHASES:
        raise BadUserInput(f"`purchases` takes 1 to {MOST_PURCHASES} purchases.")
    fields = [("input", "purchases", str(place)) for place in range(len(given.purchases))]
    everything = given.error_policy is BatchErrorPolicy.REJECT_EVERYTHING

    async def work(change: Change) -> Sequence[Outcome]:
        purchases = [purchase.purchase(change.now) for purchase in given.purchases]
        return await record_purchases(change, purchases, fields, all_or_none=everything)

    recorded = await perform(caller, "recordPurchases", given, work)
    results = [_payload(outcome, recorded, given.idempotency_key) for outcome in recorded.outcomes]
    return RecordPurchasesPayload(
        results=results,
        recorded=sum(1 for outcome in recorded.outcomes if outcome.ids),
        user_errors=user_errors([error for outcome in recorded.outcomes for error in outcome.errors]),
        idempotency=idempotency(given.idempotency_key, recorded),
    )


def _payload(outcome: Outcome, recorded: Recorded, key: str) -> RecordPurchasePayload:
    return RecordPurchasePayload(
        order=reference(Order, outcome, "order", recorded),
        customer=reference(Customer, outcome, "customer", recorded),
        active_status_before=status_before(outcome, recorded),
        **points_moved(outcome, recorded),
        **referral_moved(outcome, recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(key, recorded),
    )
