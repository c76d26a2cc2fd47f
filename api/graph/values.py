"""What a customer has brought, in the schema."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from api.graph import predictions
from api.graph.declare import column, derived, gathered, listed, member, money
from api.graph.predictions import PredictedValueResult
from api.graph.scalars import CurrencyCode
from api.graph.shared import Money
from api.reads.business import business_currency
from api.reads.json import constant
from api.reads.predictions import prediction_facts
from api.reads.purchases import purchase_statistic


@strawberry.enum(description="Where the money came from.")
class ValueStream(Enum):
    ORDERS = strawberry.enum_value("ORDERS", description="Orders, after discounts and refunds.")


@strawberry.type(description="What a customer has brought from one kind of business.")
class StreamValue:
    stream: ValueStream = column("Where this part of the money came from.")
    net: Money = money("What came from there, after discounts and refunds.", "net")


@strawberry.type(
    description=(
        "Sums over a customer's orders and refunds, in the currency of the business. Ask for them where one stretch of "
        "time counts, such as last year."
    )
)
class PurchaseSummary:
    order_count: int = column("How many orders the customer placed.")
    gross: Money = money("Sum of all prices, before discounts and refunds.", "gross")
    discounts: Money = money("Everything taken off by discounts, as an amount above zero.", "discounts")
    refunds: Money = money("Everything paid back to the customer, as an amount above zero.", "refunds")
    net: Money = money("What remains: gross less discounts and refunds.", "net")
    average_order_value: Money | None = money(
        "Net divided by the number of orders; null without orders.", "average", missing="first_at"
    )
    first_purchase_at: datetime | None = column(
        "When the customer bought for the first time; null without orders.", "first_at"
    )
    last_purchase_at: datetime | None = column("When the customer last bought; null without orders.", "last_at")


@strawberry.type(
    description=(
        "What a customer has brought so far, summed exactly from orders and refunds. Ask for it where the whole time "
        "counts; purchaseSummary has the sums of a part of it."
    )
)
class HistoricValue(PurchaseSummary):
    by_stream: list[StreamValue] = listed(
        "The net amount by where it came from; the parts add up to net.",
        member({"stream": lambda row: constant(ValueStream.ORDERS.name), "net": "net"}),
    )


@strawberry.type(description="What a customer has brought to the business so far, and what they are expected to bring.")
class CustomerLifetimeValue:
    as_of: datetime = column("The moment these values describe: the asOf you asked for, or now.")
    currency_code: CurrencyCode = column("Currency of every amount here: that of the business.", business_currency)
    historic: HistoricValue = gathered("What the customer has brought so far, exact to the cent.", purchase_statistic)
    predicted: PredictedValueResult = derived(
        "What the customer is expected to bring, with its proof; or why that cannot be said.",
        prediction_facts,
        predictions.predicted,
        predictions.ARGUMENTS,
        cost=3,
    )
