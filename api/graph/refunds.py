"""Recording refunds: input, payload, and how one becomes the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from api.domain.identity import parse_id
from api.domain.purchase import NewRefund
from api.graph.customers import Customer
from api.graph.declare import optional
from api.graph.naming import amount, external_key, or_none
from api.graph.orders import Order, Refund
from api.graph.outcomes import Caller, ChangeInput, Payload, idempotency, perform, reference, user_errors
from api.graph.shared import ExternalIdInput, MoneyInput
from api.writes.change import Change, Outcome
from api.writes.refunds import record_refund


@strawberry.input(description="Money paid back on an order.")
class RefundInput:
    external_id: ExternalIdInput | None = optional("Identifier in the system the refund comes from, unique for good.")
    amount: MoneyInput = strawberry.field(description="How much was paid back.")
    reason: str | None = optional("Why it was paid back.")
    refunded_at: datetime | None = optional("When it was paid back, by default now.")


@strawberry.input(description="A refund to record.")
class RecordRefundInput(ChangeInput):
    order_id: strawberry.ID = strawberry.field(description="Order it belongs to.")
    refund: RefundInput = strawberry.field(description="The refund.")


@strawberry.type(description="Outcome of recordRefund: all that a screen has to redraw.")
class RecordRefundPayload(Payload):
    refund: Refund | None = strawberry.field(description="The refund.")
    order: Order | None = strawberry.field(description="The order afterwards.")
    customer: Customer | None = strawberry.field(description="The customer afterwards.")


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
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
