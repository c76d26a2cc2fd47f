"""Products in the schema."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.graph.arguments import argument, condition, optional
from api.graph.declare import column, gathered, identifier, one_of
from api.graph.shared import Node
from api.reads import product_pairs as pairs

LazyProduct = Annotated["Product", strawberry.lazy("api.graph.products")]


@strawberry.type(
    description=(
        "Two products that more customers have bought both of than chance would bring. Who has ordered one has bought "
        "it, even where it was paid back."
    )
)
class ProductPair:
    bought: LazyProduct = one_of("The product that was bought.", "product", {"Product": pairs.BOUGHT})
    offered: LazyProduct = one_of("The product that goes with it.", "product", {"Product": pairs.OFFERED})
    support: int = column("How many customers have bought both.")
    bought_support: int = column("How many have bought the one that was bought, alone or with the other.")
    offered_support: int = column("How many have bought the one that goes with it, alone or with the other.")
    buyers: int = column("How many customers have bought anything at all.")
    expected: float = column(
        "How many would have bought both by chance, with every customer buying as many products as they did."
    )
    confidence: float = column("The share of those who bought the one who have bought the other as well, from 0 to 1.")
    lift: float = column("How many times as many customers have bought both as would if neither led to the other.")
    computed_at: datetime = column("The moment up to which purchases were counted; for now that is done once a day.")


@strawberry.type(description="Something the business sells.")
class Product(Node):
    id: strawberry.ID = identifier()
    sku: str = column("Article number, such as TEA-EARL-100; no two products have the same.")
    name: str = column("Name to show on a screen, such as Earl Grey, 100 g.")
    category: str | None = column("Group the product belongs to, such as Tea; null where none is known.")
    durable: bool = column("Whether it lasts for years, so that nobody buys it again soon.")
    bought_together: list[ProductPair] = gathered(
        "What the same customers buy, that which goes with this one best first; only where it can hardly be chance.",
        pairs.bought_together,
        [argument("first", int, "How many products, 1 to 100; of each product the best 50 are known.", 5)],
        cost=5,
        many=True,
        multiplied_by="first",
    )


@strawberry.input(description="Conditions on products; all that are given must hold.")
class ProductFilterInput:
    and_: "list[ProductFilterInput] | None" = optional("All of these must hold.", name="and")
    or_: "list[ProductFilterInput] | None" = optional("At least one of these must hold.", name="or")
    not_: "ProductFilterInput | None" = optional("This must not hold.", name="not")
    sku: list[str] | None = condition("The article number is one of these.")
    category: list[str] | None = condition("The product belongs to one of these groups.")
    durable: bool | None = condition("true finds what lasts for years, false what is used up.")
