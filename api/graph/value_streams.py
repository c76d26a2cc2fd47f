"""Where the money of a customer comes from, in the schema."""

from enum import Enum

import strawberry

from api.graph.shared import Money


@strawberry.enum(description="Where the money came from.")
class ValueStream(Enum):
    ORDERS = strawberry.enum_value("ORDERS", description="Orders, after discounts and refunds.")
    PRODUCT_SUBSCRIPTIONS = strawberry.enum_value(
        "PRODUCT_SUBSCRIPTIONS", description="Payments for subscriptions to products."
    )
    SERVICE_SUBSCRIPTIONS = strawberry.enum_value(
        "SERVICE_SUBSCRIPTIONS", description="Payments for subscriptions to services."
    )
    SUPPORT_PLANS = strawberry.enum_value(
        "SUPPORT_PLANS", description="Prices of support plans that did not come with an order."
    )
    CONTRACTS = strawberry.enum_value(
        "CONTRACTS",
        description="Values of agreed terms of contracts, less what an early end leaves, and penalties.",
    )
    LOYALTY = strawberry.enum_value(
        "LOYALTY", description="What the points cost that the customer has spent; an amount below zero."
    )
    REFERRALS = strawberry.enum_value(
        "REFERRALS", description="Money given to the customer for referrals; an amount below zero."
    )


@strawberry.type(description="What a customer is expected to bring from one kind of business.")
class StreamForecast:
    stream: ValueStream = strawberry.field(description="Where this part is expected to come from.")
    expected: Money = strawberry.field(description="Its mean, discounted to the moment asked for.")
