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


@strawberry.enum(description="Where value comes from.")
class ValueStream(Enum):
    ORDERS = strawberry.enum_value("ORDERS", description="Single purchases.")


@strawberry.type(description="Value from one stream.")
class StreamValue:
    stream: ValueStream = strawberry.field(description="Where the value comes from.")
    net: Money = strawberry.field(description="Net amount.")


@strawberry.type(description="Sums over a customer's orders and refunds, in the currency of the business.")
class PurchaseSummary:
    order_count: int = strawberry.field(description="How many orders were placed.")
    gross: Money = strawberry.field(description="Everything charged, before discounts and refunds.")
    discounts: Money = strawberry.field(description="Everything taken off by discounts.")
    refunds: Money = strawberry.field(description="Everything paid back.")
    net: Money = strawberry.field(description="Gross less discounts and refunds.")
    average_order_value: Money | None = strawberry.field(description="Mean net value of an order, null without orders.")
    first_purchase_at: datetime | None = strawberry.field(description="When the first purchase was made.")
    last_purchase_at: datetime | None = strawberry.field(description="When the latest purchase was made.")


@strawberry.type(description="What a customer has brought so far, exact.")
class HistoricValue(PurchaseSummary):
    by_stream: list[StreamValue] = strawberry.field(description="Net value of each stream; the amounts sum to net.")


@strawberry.type(description="What a customer has brought and is expected to bring.")
class CustomerLifetimeValue:
    as_of: datetime = column("Moment on whose facts the values rest.")
    currency_code: CurrencyCode = column("Currency of every amount here.", business_currency)
    historic: HistoricValue = derived("What the customer has brought so far, exact.", purchase_statistic, summaries)
