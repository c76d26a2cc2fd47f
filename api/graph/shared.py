"""Shapes that every feature uses: identifiers, money, pages, conditions on values."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Generic, TypeVar

import strawberry
from strawberry import ID

from api.graph.cost import Cost
from api.graph.declare import optional
from api.graph.scalars import CurrencyCode

T = TypeVar("T")


@strawberry.interface(description="Anything that has a global identifier and can be fetched again by it.")
class Node:
    id: ID = strawberry.field(description="Opaque global identifier.")


@strawberry.type(description="Where a page lies within its list.", directives=[Cost(weight=0)])
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more items follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether items come before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item, null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item, null on an empty page.")


@strawberry.enum(description="Whether a count is complete.")
class CountPrecision(Enum):
    EXACT = strawberry.enum_value("EXACT", description="The number is exact.")
    AT_LEAST = strawberry.enum_value("AT_LEAST", description="Counting stopped at this number; there may be more.")


@strawberry.type(description="How many things there are, and how sure that is.", directives=[Cost(weight=5)])
class Count:
    count: int = strawberry.field(description="The number found.")
    precision: CountPrecision = strawberry.field(description="Whether the number is exact or a lower bound.")


@strawberry.type(description="An amount of money in one currency.", directives=[Cost(weight=0)])
class Money:
    amount: Decimal = strawberry.field(description="The exact amount in main units, such as 12.50.")
    currency_code: CurrencyCode = strawberry.field(description="The currency of the amount.")


@strawberry.type(description="One item within a page.", directives=[Cost(weight=0)])
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Where the item stands; pass it as after or before.")
    node: T = strawberry.field(description="The item itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The items of the page, each with its cursor.")
    nodes: list[T] = strawberry.field(description="The items of the page without cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page lies within the list.")
    total_count: Count | None = strawberry.field(description="How many there are in all, counted only when asked for.")


@strawberry.type(description="An identifier given by another system.")
class ExternalId:
    source: str = strawberry.field(description="Name of the other system.")
    value: str = strawberry.field(description="Identifier within that system.")


@strawberry.input(description="An identifier given by another system.")
class ExternalIdInput:
    source: str = strawberry.field(description="Name of the other system.")
    value: str = strawberry.field(description="Identifier within that system.")


@strawberry.input(description="An amount of money in one currency.")
class MoneyInput:
    amount: Decimal = strawberry.field(description="The exact amount in main units, such as 12.50.")
    currency_code: CurrencyCode = strawberry.field(description="The currency of the amount.")


@strawberry.input(description="A stretch of time that includes its start and excludes its end.")
class DateTimeIntervalInput:
    start_at: datetime | None = optional("First moment inside, null for no limit.")
    end_at: datetime | None = optional("First moment after it, null for no limit.")


@strawberry.enum(description="Which way to sort.")
class OrderDirection(Enum):
    ASC = strawberry.enum_value("ASC", description="Smallest or earliest first.")
    DESC = strawberry.enum_value("DESC", description="Largest or latest first.")


@strawberry.input(description="Conditions on a moment; all that are given must hold.")
class DateTimeFilter:
    eq: datetime | None = optional("Exactly this moment.")
    gt: datetime | None = optional("After this moment.")
    gte: datetime | None = optional("At or after this moment.")
    lt: datetime | None = optional("Before this moment.")
    lte: datetime | None = optional("At or before this moment.")
    is_null: bool | None = optional("Whether there is no value.")


@strawberry.input(description="Conditions on an amount; all that are given must hold.")
class DecimalFilter:
    eq: Decimal | None = optional("Exactly this amount.")
    gt: Decimal | None = optional("More than this.")
    gte: Decimal | None = optional("This or more.")
    lt: Decimal | None = optional("Less than this.")
    lte: Decimal | None = optional("This or less.")


@strawberry.input(description="Conditions on a whole number; all that are given must hold.")
class IntFilter:
    eq: int | None = optional("Exactly this number.")
    in_: list[int] | None = optional("One of these numbers.", name="in")
    gt: int | None = optional("More than this.")
    gte: int | None = optional("This or more.")
    lt: int | None = optional("Less than this.")
    lte: int | None = optional("This or less.")
