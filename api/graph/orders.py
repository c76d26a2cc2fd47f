"""Orders with their lines, and refunds, in the schema."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graph.declare import column, condition, identifier, many, money, one, optional, page, same
from api.graph.products import Product
from api.graph.shared import (
    Connection,
    DateTimeFilter,
    DecimalFilter,
    ExternalId,
    ExternalIdInput,
    Money,
    Node,
    OrderDirection,
)
from api.reads import orders as reads
from api.reads.identity import is_this, named_elsewhere

if TYPE_CHECKING:
    from api.graph.customers import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("api.graph.customers")]
LazyOrder = Annotated["Order", strawberry.lazy("api.graph.orders")]


@strawberry.enum(description="How much of an order has been paid back.")
class OrderStatus(Enum):
    COMPLETED = strawberry.enum_value("COMPLETED", description="Done and paid; nothing was paid back.")
    PARTIALLY_REFUNDED = strawberry.enum_value("PARTIALLY_REFUNDED", description="A part was paid back.")
    REFUNDED = strawberry.enum_value("REFUNDED", description="Everything was paid back.")


@strawberry.type(description="One article on an order.")
class OrderLine(Node):
    id: strawberry.ID = identifier()
    product: Product | None = one(reads.product_of_line, "The product as it is known today.")
    sku: str = column("Article number at the time of purchase.")
    name: str = column("Name at the time of purchase.")
    quantity: int = column("How many were bought.")
    unit_price: Money = money("Price of one.", "unit_price")
    total: Money = money("Quantity times price.", "total")


@strawberry.type(description="Money paid back, on an order where it is known which.")
class Refund(Node):
    id: strawberry.ID = identifier()
    order: LazyOrder | None = one(reads.order_of_refund, "The order it belongs to, null where that is not known.")
    customer: LazyCustomer = one(reads.customer_of_refund, "Who got the money.")
    external_id: ExternalId | None = same(
        "Identifier in the system the refund came from.", {"source": "source", "value": "external_id"}, "source"
    )
    amount: Money = money("How much was paid back.", "amount")
    refunded_at: datetime = column("When it was paid back.")
    recorded_at: datetime = column("When we learnt of it.")
    reason: str | None = column("Why it was paid back.")


@strawberry.type(description="A purchase by one customer at one moment.")
class Order(Node):
    id: strawberry.ID = identifier()
    number: str = column("Number the customer knows.")
    external_id: ExternalId | None = same(
        "Identifier in the system the purchase came from.", {"source": "source", "value": "external_id"}, "source"
    )
    status: OrderStatus = column("How much of the order has been paid back.")
    placed_at: datetime = column("When the customer bought.")
    recorded_at: datetime = column("When we learnt of it.")
    discount: Money = money("Discount on the whole order.", "discount")
    total: Money = money("Sum of the lines less the discount.", "total")
    net: Money = money("Total less refunds.", "net")
    lines: Connection[OrderLine] = page(reads.lines_of_order, "What was bought, in the order of the receipt.")
    refunds: list[Refund] = many(reads.refunds_of_order, "What was paid back, earliest first.")
    customer: LazyCustomer = one(reads.customer_of_order, "Who bought.")
    version: int = column("Number that rises with each change.")


@strawberry.input(description="Exactly one way to name an order.", one_of=True)
class OrderIdentifierInput:
    id: strawberry.ID | None = condition("Global identifier.", test=is_this)
    external_id: ExternalIdInput | None = condition(
        "Identifier in the system the purchase came from.",
        test=lambda row, given: reads.has_external_id(row, *named_elsewhere(given)),
    )
    number: str | None = condition("Number the customer knows; of several orders with one number the latest.")


@strawberry.input(description="Conditions on orders; all that are given must hold.")
class OrderFilterInput:
    and_: list[OrderFilterInput] | None = optional("All of these must hold.", name="and")
    or_: list[OrderFilterInput] | None = optional("At least one of these must hold.", name="or")
    not_: OrderFilterInput | None = optional("This must not hold.", name="not")
    placed_at: DateTimeFilter | None = condition("When the customer bought.")
    status: list[OrderStatus] | None = condition("One of these states.")
    total: DecimalFilter | None = condition("Sum of the order, in its own currency.")


@strawberry.enum(description="What orders can be sorted by.")
class OrderOrderField(Enum):
    PLACED_AT = strawberry.enum_value("placed_at", description="When the customer bought.")
    TOTAL = strawberry.enum_value("business_total", description="Sum of the order, in the currency of the business.")


@strawberry.input(description="Sort order for orders.")
class OrderOrderInput:
    field: OrderOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way to sort.", default=OrderDirection.DESC)
