"""Products in the schema."""

from __future__ import annotations

import strawberry

from api.graph.declare import column, condition, identifier, optional
from api.graph.shared import Node


@strawberry.type(description="Something the business sells.")
class Product(Node):
    id: strawberry.ID = identifier()
    sku: str = column("Article number, such as TEA-EARL-100; no two products have the same.")
    name: str = column("Name to show on a screen, such as Earl Grey, 100 g.")
    category: str | None = column("Group the product belongs to, such as Tea; null where none is known.")
    durable: bool = column("Whether it lasts for years, so that nobody buys it again soon.")


@strawberry.input(description="Conditions on products; all that are given must hold.")
class ProductFilterInput:
    and_: list[ProductFilterInput] | None = optional("All of these must hold.", name="and")
    or_: list[ProductFilterInput] | None = optional("At least one of these must hold.", name="or")
    not_: ProductFilterInput | None = optional("This must not hold.", name="not")
    sku: list[str] | None = condition("The article number is one of these.")
    category: list[str] | None = condition("The product belongs to one of these groups.")
    durable: bool | None = condition("true finds what lasts for years, false what is used up.")
