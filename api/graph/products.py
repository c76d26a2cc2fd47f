"""Products in the schema."""

from __future__ import annotations

import strawberry

from api.graph.declare import column, condition, identifier, optional
from api.graph.shared import Node


@strawberry.type(description="Something that is sold.")
class Product(Node):
    id: strawberry.ID = identifier()
    sku: str = column("Article number, unique.")
    name: str = column("Name to show on a screen.")
    category: str | None = column("Group the product belongs to.")
    durable: bool = column("Whether it lasts, so that a repeat purchase is not due soon.")


@strawberry.input(description="Conditions on products; all that are given must hold.")
class ProductFilterInput:
    and_: list[ProductFilterInput] | None = optional("All of these must hold.", name="and")
    or_: list[ProductFilterInput] | None = optional("At least one of these must hold.", name="or")
    not_: ProductFilterInput | None = optional("This must not hold.", name="not")
    sku: list[str] | None = condition("One of these article numbers.")
    category: list[str] | None = condition("One of these categories.")
    durable: bool | None = condition("Whether the product lasts.")
