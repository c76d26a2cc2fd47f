"""A schema of the tests' own over the real tables: everything a derived field may give, which no real one gives yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from sqlalchemy import FromClause, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from strawberry.schema.config import StrawberryConfig

from api.errors import BadUserInput
from api.graph.arguments import argument
from api.graph.customers import Customer
from api.graph.declare import Reference, column, derived, identifier, one, page, root_page
from api.graph.finding_customers import CustomerFilterInput, CustomerOrderInput
from api.graph.nodes import VIEWS
from api.graph.orders import Order, OrderLine
from api.graph.scalars import SCALARS
from api.graph.shared import Connection, Node
from api.graph.sources import Columns
from api.reads.customers import customers, merged_into
from api.reads.identity import Given
from api.reads.orders import customer_of_order, lines_of_order, orders, orders_of_customer
from api.reads.relation import Row

BATCHES: list[int] = []
"""How many rows each computation was given, in order."""


@dataclass(frozen=True)
class Mood:
    """A derived value whose parts can be anything."""

    name: str
    level: int
    doubtful: Any = None
    sure: Any = "yes"
    parts: Any = ()

    def scaled(self, by: int = 2, plus: int | None = None) -> int:
        return self.level * by + (plus or 0)

    def after(self, moment: datetime) -> bool:
        return moment.year > 2024


@strawberry.type(name="Mood", description="How a customer feels.")
class MoodType:
    name: str
    level: int
    doubtful: str | None
    sure: str
    parts: list[str | None]

    @strawberry.field(description="The level, scaled.")
    def scaled(self, by: int = 2, plus: int | None = None) -> int:
        return self.level * by + (plus or 0)

    @strawberry.field(description="Whether a moment is after all.")
    def after(self, moment: datetime) -> bool:
        raise AssertionError("the value's own method answers")


@dataclass(frozen=True)
class Gift:
    """One member of the union."""

    wrapped: bool


@strawberry.type(name="Gift", description="Something given.")
class GiftType:
    wrapped: bool


Thing = Annotated[GiftType | MoodType | Order | Customer, strawberry.union("Thing")]


def _needs(row: Row, given: Given) -> FromClause:
    """Return the name and the keys of the orders of a customer, latest last."""
    placed, bought = row.joined(orders_of_customer)
    least = given.maybe("integer", "least")
    conditions = bought if least is None else [*bought, placed.c.gross >= least]
    keys = (
        select(func.array_agg(aggregate_order_by(placed.key, placed.c.placed_at)).label("orders"))
        .select_from(placed.table)
        .where(*conditions)
        .correlate_except(placed.table)
        .subquery()
    )
    return cast("FromClause", select(row.c.first_name.label("name"), keys.c.orders).correlate_except(keys).lateral())


def _keys(columns: Columns) -> list[list[UUID]]:
    return [list(keys or []) for keys in columns["orders"]]


def _moods(columns: Columns) -> list[object]:
    BATCHES.append(len(columns["name"]))
    return [_mood(name, len(keys)) for name, keys in zip(columns["name"], _keys(columns), strict=True)]


def _mood(name: str, count: int) -> object:
    if name == "Sad":
        return BadUserInput("This customer hides the mood.")
    if name == "None":
        return None
    doubtful = BadUserInput("Nobody knows.") if name == "Doubtful" else None
    sure = BadUserInput("Not sure at all.") if name == "Unsure" else "yes"
    parts = ("a", None, BadUserInput("No part."), "b") if name == "Parted" else ()
    return Mood(name, count, doubtful, sure, parts)


def _latest(columns: Columns) -> list[object]:
    return [Reference(Order, keys[-1]) if keys else None for keys in _keys(columns)]


def _all(columns: Columns) -> list[list[Reference]]:
    return [[Reference(Order, key) for key in keys] for keys in _keys(columns)]


def _things(columns: Columns) -> list[object]:
    """Return a gift, a mood, and the orders: members of both kinds, mixed."""
    each = zip(columns["name"], _all(columns), strict=True)
    return [[Gift(True), *bought, Mood(name, 1)] for name, bought in each]


def _unknown(columns: Columns) -> list[object]:
    return [Reference(Order, UUID(int=0)) for _ in columns["orders"]]


def _broken(columns: Columns) -> list[object]:
    raise ZeroDivisionError("secret of a row")


LEAST = [argument("least", int | None, "Only orders from this amount.")]
LazyShopper = Annotated["Shopper", strawberry.lazy("tests.plan.curious")]


@strawberry.type(description="A customer, seen curiously.")
class Shopper(Node):
    id: strawberry.ID = identifier()
    first_name: str | None = column("Given name.")
    mood: MoodType | None = derived("The mood, if there is one.", _needs, _moods, LEAST)
    sure_mood: MoodType = derived("The mood; there is always one.", _needs, _moods)
    latest: Order | None = derived("The latest order.", _needs, _latest, LEAST)
    all_orders: list[Order] = derived("Every order.", _needs, _all)
    things: list[Thing] = derived("A gift, orders, a mood.", _needs, _things)
    node: Node | None = derived("The latest order as a node.", _needs, _latest)
    unknown: Order | None = derived("An order that is not there.", _needs, _unknown)
    surely_unknown: Order = derived("An order that must be there.", _needs, _unknown)
    broken: int | None = derived("A bug.", _needs, _broken)
    merged_into: LazyShopper | None = one(merged_into, "The survivor.")
    purchases: Connection[Purchase] = page(orders_of_customer, "Purchases.")


@strawberry.type(description="An order, seen curiously.")
class Purchase(Node):
    id: strawberry.ID = identifier()
    number: str = column("Number.")
    shopper: LazyShopper = one(customer_of_order, "Who bought.")
    lines: Connection[OrderLine] = page(lines_of_order, "What was bought.")


@strawberry.type(description="Everything.")
class Query:
    shoppers: Connection[Shopper] = root_page(
        customers, "Customers.", filter=CustomerFilterInput, order=list[CustomerOrderInput]
    )
    maybe_shoppers: Connection[Shopper] | None = root_page(
        customers, "Customers, perhaps.", filter=CustomerFilterInput, order=list[CustomerOrderInput]
    )
    purchases: Connection[Purchase] = root_page(orders, "Orders.", filter=CustomerFilterInput, order=None)


curious = strawberry.Schema(
    query=Query, types=[*VIEWS, MoodType, GiftType], config=StrawberryConfig(scalar_map=SCALARS)
)._schema
