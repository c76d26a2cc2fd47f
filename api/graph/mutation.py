"""Everything that can be changed."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.graph import active_policies, purchases, refunds, set_customer
from api.graph.cost import Cost
from api.graph.outcomes import Caller

Info = strawberry.Info[Caller, None]
_INPUT = strawberry.argument(description="What to record, and the key that makes it count once.")


@strawberry.type(
    description=(
        "Everything that can be changed. Where userErrors is empty, all of it was recorded, or would be on a dry run; "
        "of many purchases, the right ones may be recorded although others are wrong."
    )
)
class Mutation:
    @strawberry.mutation(description="Create a customer, or change the one that is named.")
    async def set_customer(
        self, info: Info, input: Annotated[set_customer.SetCustomerInput, _INPUT]
    ) -> set_customer.SetCustomerPayload | None:
        return await set_customer.create_or_change(info.context, input)

    @strawberry.mutation(description="Record one purchase; the answer shows the order and the customer afterwards.")
    async def record_purchase(
        self, info: Info, input: Annotated[purchases.RecordPurchaseInput, _INPUT]
    ) -> purchases.RecordPurchasePayload | None:
        return await purchases.record_one(info.context, input)

    @strawberry.mutation(
        description="Record up to 250 purchases in one call.",
        directives=[Cost(weight=10, multipliers=["input.purchases"])],
    )
    async def record_purchases(
        self, info: Info, input: Annotated[purchases.RecordPurchasesInput, _INPUT]
    ) -> purchases.RecordPurchasesPayload | None:
        return await purchases.record_many(info.context, input)

    @strawberry.mutation(description="Record money paid back on an order.")
    async def record_refund(
        self, info: Info, input: Annotated[refunds.RecordRefundInput, _INPUT]
    ) -> refunds.RecordRefundPayload | None:
        return await refunds.record(info.context, input)

    @strawberry.mutation(
        description="Put other rules into force, by which customers count as active, from a moment on.",
        directives=[Cost(weight=50)],
    )
    async def set_active_policy(
        self, info: Info, input: Annotated[active_policies.SetActivePolicyInput, _INPUT]
    ) -> active_policies.SetActivePolicyPayload | None:
        return await active_policies.put_into_force(info.context, input)
