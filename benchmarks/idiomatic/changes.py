"""What can be changed, in the schema: inputs, payloads and mutations."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from benchmarks.idiomatic.feedback import Feedback, FeedbackKind
from benchmarks.idiomatic.loyalty import LoyaltyEntry
from benchmarks.idiomatic.opinions import Opinion, submit_feedback
from benchmarks.idiomatic.orders import Info, Order
from benchmarks.idiomatic.purchases import NewLine, NewPurchase, record_purchase
from benchmarks.idiomatic.redemptions import Redemption, redeem_points


@strawberry.input
class MoneyInput:
    amount: Decimal
    currency_code: str


@strawberry.input
class PurchaseLineInput:
    sku: str
    quantity: int
    unit_price: MoneyInput


@strawberry.input
class RecordPurchaseInput:
    idempotency_key: strawberry.ID
    customer_id: strawberry.ID
    placed_at: datetime
    lines: list[PurchaseLineInput]

    def purchase(self) -> NewPurchase:
        """Return the purchase to record."""
        return NewPurchase(
            key=self.idempotency_key,
            customer_id=UUID(self.customer_id),
            placed_at=self.placed_at,
            lines=[
                NewLine(line.sku, line.quantity, line.unit_price.amount, line.unit_price.currency_code)
                for line in self.lines
            ],
        )


@strawberry.type
class RecordPurchasePayload:
    user_errors: list[str]
    order: Order | None


@strawberry.input
class RedeemPointsInput:
    idempotency_key: strawberry.ID
    customer_id: strawberry.ID
    points: int
    reason: str


@strawberry.type
class RedeemPointsPayload:
    user_errors: list[str]
    entry: LoyaltyEntry | None


@strawberry.input
class SubmitFeedbackInput:
    idempotency_key: strawberry.ID
    customer_id: strawberry.ID
    kind: FeedbackKind
    score: int
    comment: str | None
    submitted_at: datetime


@strawberry.type
class SubmitFeedbackPayload:
    user_errors: list[str]
    feedback: Feedback | None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def record_purchase(self, info: Info, input: RecordPurchaseInput) -> RecordPurchasePayload:
        recorded = await record_purchase(info.context.sessions, input.purchase())
        if isinstance(recorded, str):
            return RecordPurchasePayload(user_errors=[recorded], order=None)
        return RecordPurchasePayload(user_errors=[], order=Order.of(recorded))

    @strawberry.mutation
    async def redeem_points(self, info: Info, input: RedeemPointsInput) -> RedeemPointsPayload:
        asked = Redemption(input.idempotency_key, UUID(input.customer_id), input.points, input.reason)
        made = await redeem_points(info.context.sessions, asked)
        if isinstance(made, str):
            return RedeemPointsPayload(user_errors=[made], entry=None)
        return RedeemPointsPayload(user_errors=[], entry=LoyaltyEntry.of(made))

    @strawberry.mutation
    async def submit_feedback(self, info: Info, input: SubmitFeedbackInput) -> SubmitFeedbackPayload:
        words = (input.kind.value, input.score, input.comment)
        said = Opinion(input.idempotency_key, UUID(input.customer_id), *words, input.submitted_at)
        made = await submit_feedback(info.context.sessions, said)
        if isinstance(made, str):
            return SubmitFeedbackPayload(user_errors=[made], feedback=None)
        return SubmitFeedbackPayload(user_errors=[], feedback=Feedback.of(made))
