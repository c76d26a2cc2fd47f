"""Everything that can be read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from api.graph import nodes as found
from api.graph.cost import Cost
from api.graph.customers import Customer, CustomerFilterInput, CustomerIdentifierInput, CustomerOrderInput
from api.graph.declare import AS_OF, KNOWN_AT, argument, root_one, root_page
from api.graph.orders import Order, OrderFilterInput, OrderIdentifierInput, OrderOrderInput
from api.graph.products import Product, ProductFilterInput
from api.graph.shared import Connection, Node
from api.reads.customers import customers
from api.reads.orders import orders
from api.reads.products import products

AsOf = Annotated[
    datetime | None,
    strawberry.argument(description=AS_OF),
]
KnownAt = Annotated[
    datetime | None,
    strawberry.argument(description=KNOWN_AT),
]
Identifier = Annotated[strawberry.ID, strawberry.argument(description="Global identifier of the object.")]
Identifiers = Annotated[
    list[strawberry.ID], strawberry.argument(description="Global identifiers of the objects, at most 100.")
]


@strawberry.type(description="Everything that can be read.")
class Query:
    @strawberry.field(description="Any object by its global identifier, null when it is missing or not yours.")
    def node(self, id: Identifier, as_of: AsOf = None, known_at: KnownAt = None) -> Node | None:
        row: Node | None = found.reference(id, as_of=as_of, known_at=known_at)
        return row

    @strawberry.field(
        description="Many objects at once, in the order asked, null where one is missing.",
        directives=[Cost(weight=1, multipliers=["ids"])],
    )
    def nodes(self, ids: Identifiers, as_of: AsOf = None, known_at: KnownAt = None) -> list[Node | None]:
        rows: list[Node | None] = found.references(ids, as_of=as_of, known_at=known_at)
        return rows

    customer: Customer | None = root_one(
        customers,
        "One customer, read on one clock that holds for everything below it.",
        argument("by", CustomerIdentifierInput, "How the customer is identified."),
    )
    customers: Connection[Customer] = root_page(
        customers,
        "Customers that fit a filter, read on one clock.",
        argument("query", str | None, "Words to find in names and contact data, one of at least 3 characters.", cost=5),
        filter=CustomerFilterInput,
        order=list[CustomerOrderInput],
    )
    order: Order | None = root_one(
        orders,
        "One purchase, null when it is missing or not yours.",
        argument("by", OrderIdentifierInput, "How the order is identified."),
    )
    orders: Connection[Order] = root_page(
        orders, "Purchases of all customers, latest first.", filter=OrderFilterInput, order=OrderOrderInput
    )
    product: Product | None = root_one(
        products, "One product, null when it is missing.", argument("sku", str, "Article number.")
    )
    products: Connection[Product] = root_page(
        products,
        "Products that have been sold or named in a purchase.",
        argument(
            "query", str | None, "Words to find in name and article number, one of at least 3 characters.", cost=5
        ),
        filter=ProductFilterInput,
        order=None,
    )
