"""Orders with their lines, and refunds, in the schema."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from api.graph.arguments import condition, optional
from api.graph.declare import column, identifier, money, one, page, same
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
    COMPLETED = strawberry.enum_value("COMPLETED", description="Nothing was paid back.")
    PARTIALLY_REFUNDED = strawberry.enum_value("PARTIALLY_REFUNDED", description="A part was paid back.")
    REFUNDED = strawberry.enum_value("REFUNDED", description="Everything was paid back.")


@strawberry.type(description="One line of an order: an article, how many, and at what price.")
class OrderLine(Node):
    id: strawberry.ID = identifier()
    product: Product | None = one(
        reads.product_of_line, "The product as it is known today; its name may have changed since."
    )
    sku: str = column("Article number on the day of the purchase, such as TEA-EARL-100.")
    name: str = column("Name of the article on the day of the purchase.")
    quantity: int = column("How many pieces were bought.")
    unit_price: Money = money("Price of one piece.", "unit_price")
    total: Money = money("Quantity times unit price.", "total")


@strawberry.type(description="Money paid back, on an order where it is known which.")
class Refund(Node):
    id: strawberry.ID = identifier()
    order: LazyOrder | None = one(
        reads.order_of_refund, "The order the money was paid for, null where that is not known."
    )
    customer: LazyCustomer = one(reads.customer_of_refund, "Who got the money.")
    external_id: ExternalId | None = same(
        "What the system it came from calls this refund; null where it has no name there.",
        {"source": "source", "value": "external_id"},
        "source",
    )
    amount: Money = money("How much was paid back.", "amount")
    refunded_at: datetime = column("When the money was paid back.")
    recorded_at: datetime = column("When it was entered here, which may be later than it happened.")
    reason: str | None = column("Why it was paid back, such as Damaged in transit.")


@strawberry.type(description="A purchase by one customer at one moment, with one or more lines.")
class Order(Node):
    id: strawberry.ID = identifier()
    number: str = column("Number the customer knows, such as D-1001-1.")
    external_id: ExternalId | None = same(
        "Identifier in the system the purchase came from.", {"source": "source", "value": "external_id"}, "source"
    )
    status: OrderStatus = column("How much of the order has been paid back.")
    placed_at: datetime = column("When the customer placed the order.")
    recorded_at: datetime = column("When it was entered here, which may be later than it happened.")
    discount: Money = money("What was taken off the whole order.", "discount")
    total: Money = money("What the customer paid: the lines less the discount.", "total")
    net: Money = money("What remains: the total less refunds.", "net")
    lines: Connection[OrderLine] = page(reads.lines_of_order, "What was bought, in the order of the receipt.")
    refunds: Connection[Refund] = page(reads.refunds_of_order, "Money paid back on this order, earliest first.")
    customer: LazyCustomer = one(reads.customer_of_order, "Who placed the order.")
    version: int = column("Counts the changes to this order; 1 when it is new.")


@strawberry.input(description="Names one order: give exactly one of these.", one_of=True)
class OrderIdentifierInput:
    id: strawberry.ID | None = condition("The id of the order, which begins with ord_.", test=is_this)
    external_id: ExternalIdInput | None = condition(
        "Identifier in the system the purchase came from.",
        test=lambda row, given: reads.has_external_id(row, *named_elsewhere(given)),
    )
    number: str | None = condition(
        "The number of the order, such as D-1001-1; if several have it, the latest is meant."
    )


@strawberry.input(description="Conditions on orders; all that are given must hold.")
class OrderFilterInput:
    and_: "list[OrderFilterInput] | None" = optional("All of these must hold.", name="and")
    or_: "list[OrderFilterInput] | None" = optional("At least one of these must hold.", name="or")
    not_: "OrderFilterInput | None" = optional("This must not hold.", name="not")
    placed_at: DateTimeFilter | None = condition("When the customer placed the order.")
    status: list[OrderStatus] | None = condition("The order is in one of these states.")
    total: DecimalFilter | None = condition(
        "What the customer paid, in the order's own currency; sorting by TOTAL converts, this does not."
    )


@strawberry.enum(description="What orders can be sorted by.")
class OrderOrderField(Enum):
    PLACED_AT = strawberry.enum_value("placed_at", description="When the customer placed the order.")
    TOTAL = strawberry.enum_value(
        "business_total",
        description="What the customer paid, converted to the currency of the business; filter does not convert.",
    )


@strawberry.input(description="What to sort orders by, and which way.")
class OrderOrderInput:
    field: OrderOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way to sort.", default=OrderDirection.DESC)
