"""What a customer has brought, in the schema."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from api.domain.purchase_summary import summaries
from api.graph.declare import column, derived
from api.graph.scalars import CurrencyCode
from api.graph.shared import Money
from api.reads.business import business_currency
from api.reads.purchases import purchase_statistic


@strawberry.enum(description="Where the money came from.")
class ValueStream(Enum):
    ORDERS = strawberry.enum_value("ORDERS", description="Orders, after discounts and refunds.")


@strawberry.type(description="What a customer has brought from one kind of business.")
class StreamValue:
    stream: ValueStream = strawberry.field(description="Where this part of the money came from.")
    net: Money = strawberry.field(description="What came from there, after discounts and refunds.")


@strawberry.type(description="Sums over a customer's orders and refunds, in the currency of the business.")
class PurchaseSummary:
    order_count: int = strawberry.field(description="How many orders the customer placed.")
    gross: Money = strawberry.field(description="Sum of all prices, before discounts and refunds.")
    discounts: Money = strawberry.field(description="Everything taken off by discounts, as an amount above zero.")
    refunds: Money = strawberry.field(description="Everything paid back to the customer, as an amount above zero.")
    net: Money = strawberry.field(description="What remains: gross less discounts and refunds.")
    average_order_value: Money | None = strawberry.field(
        description="Net divided by the number of orders; null without orders."
    )
    first_purchase_at: datetime | None = strawberry.field(
        description="When the customer bought for the first time; null without orders."
    )
    last_purchase_at: datetime | None = strawberry.field(
        description="When the customer last bought; null without orders."
    )


@strawberry.type(description="What a customer has brought so far, summed exactly from orders and refunds.")
class HistoricValue(PurchaseSummary):
    by_stream: list[StreamValue] = strawberry.field(
        description="The net amount by where it came from; the parts add up to net."
    )


@strawberry.type(description="What a customer is worth to the business.")
class CustomerLifetimeValue:
    as_of: datetime = column("The moment these values describe: the asOf you asked for, or now.")
    currency_code: CurrencyCode = column("Currency of every amount here: that of the business.", business_currency)
    historic: HistoricValue = derived(
        "What the customer has brought so far, exact to the cent.", purchase_statistic, summaries
    )
