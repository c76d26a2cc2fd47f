"""Recording refunds: input, payload, and how one becomes the other."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from api.domain.identity import parse_id
from api.domain.purchase import NewRefund
from api.graph.active_status import status_before
from api.graph.arguments import optional
from api.graph.customers import Customer
from api.graph.loyalty_effects import PointsPayload, points_moved
from api.graph.naming import amount, external_key, or_none
from api.graph.orders import Order, Refund
from api.graph.outcomes import Caller, ChangeInput, idempotency, perform, reference, user_errors
from api.graph.referral_effects import ReferralPayload, referral_moved
from api.graph.shared import ExternalIdInput, MoneyInput
from api.writes.change import Change, Outcome
from api.writes.refunds import record_refund


@strawberry.input(description="Money paid back on an order.")
class RefundInput:
    external_id: ExternalIdInput | None = optional(
        "What the system it comes from calls this refund; the same one is never taken twice."
    )
    amount: MoneyInput = strawberry.field(description="How much was paid back, in the currency of the order.")
    reason: str | None = optional("Why it was paid back, such as Damaged in transit.")
    refunded_at: datetime | None = optional("When the money was paid back; left out, now.")


@strawberry.input(description="A refund to record, and the key that makes it count once.")
class RecordRefundInput(ChangeInput):
    order_id: strawberry.ID = strawberry.field(
        description="The id of the order the money is paid back for, which begins with ord_."
    )
    refund: RefundInput = strawberry.field(description="How much was paid back, when and why.")


@strawberry.type(description="What became of a refund: all that a screen has to draw anew.")
class RecordRefundPayload(PointsPayload, ReferralPayload):
    refund: Refund | None = strawberry.field(
        description="The refund that was recorded, or would be on a dry run; null when something was wrong."
    )
    order: Order | None = strawberry.field(description="The order as it is afterwards.")


async def record(caller: Caller, given: RecordRefundInput) -> RecordRefundPayload:
    """Record a refund."""
    refund = NewRefund(
        external_id=external_key(or_none(given.refund.external_id)),
        amount=amount(given.refund.amount),
        reason=or_none(given.refund.reason),
        refunded_at=or_none(given.refund.refunded_at),
    )
    named = parse_id(given.order_id)

    async def work(change: Change) -> Sequence[Outcome]:
        return await record_refund(change, named[1] if named and named[0] == "ord" else None, refund)

    recorded = await perform(caller, "recordRefund", given, work)
    outcome = recorded.outcomes[0]
    return RecordRefundPayload(
        refund=reference(Refund, outcome, "refund", recorded),
        order=reference(Order, outcome, "order", recorded),
        customer=reference(Customer, outcome, "customer", recorded),
        active_status_before=status_before(outcome, recorded),
        **points_moved(outcome, recorded),
        **referral_moved(outcome, recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
