"""Shapes that every feature uses: identifiers, money, pages, conditions on values."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Generic, TypeVar

import strawberry
from strawberry import ID

from api.graph.arguments import optional
from api.graph.cost import Cost
from api.graph.scalars import CurrencyCode

T = TypeVar("T")


@strawberry.interface(description="Anything with an identifier of its own, by which node finds it again.")
class Node:
    id: ID = strawberry.field(
        description="Identifier that never changes and that no other object has; node finds the object by it."
    )


@strawberry.type(
    description="Whether the list goes on around this page, and the cursors to go on with.", directives=[Cost(weight=0)]
)
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether the list goes on after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has items before this page.")
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first item, null on an empty page; send it as before to get the page before."
    )
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last item, null on an empty page; send it as after to get the next page."
    )


@strawberry.enum(description="Whether a count is exact.")
class CountPrecision(Enum):
    EXACT = strawberry.enum_value("EXACT", description="There are exactly that many.")
    AT_LEAST = strawberry.enum_value("AT_LEAST", description="There are more: counting stops at 10,000.")


@strawberry.type(description="How many items there are, exact up to 10,000.", directives=[Cost(weight=5)])
class Count:
    count: int = strawberry.field(description="How many were counted, 10,000 at most.")
    precision: CountPrecision = strawberry.field(description="Whether there are exactly that many, or more.")


@strawberry.type(description="An amount of money in one currency.", directives=[Cost(weight=0)])
class Money:
    amount: Decimal = strawberry.field(
        description='Exact amount in whole units of the currency, such as "12.50" for twelve euros and fifty cents.'
    )
    currency_code: CurrencyCode = strawberry.field(description="The currency, such as EUR.")


@strawberry.type(description="One item of a page, with its cursor.", directives=[Cost(weight=0)])
class Edge(Generic[T]):
    cursor: str = strawberry.field(
        description="Marks where the item stands in the list; send it as after or before to go on from there."
    )
    node: T = strawberry.field(description="The item with all its fields.")


@strawberry.type(description="One page of a list: its items, and how to get the next ones.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(
        description="The items of the page, each with a cursor to go on from there."
    )
    nodes: list[T] = strawberry.field(
        description="The items of the page, without cursors: what you want most of the time."
    )
    page_info: PageInfo = strawberry.field(description="Whether there are more pages, and how to get them.")
    total_count: Count | None = strawberry.field(
        description="How many items the whole list has; counted only when you ask for it, and then never null."
    )


@strawberry.type(description="What another system calls something, such as customer 1001 of the shop.")
class ExternalId:
    source: str = strawberry.field(description="Short name of the other system, such as shop.")
    value: str = strawberry.field(description="Identifier within that system, such as 1001.")


@strawberry.input(description="What another system calls something, such as customer 1001 of the shop.")
class ExternalIdInput:
    source: str = strawberry.field(description="Short name of the other system, such as shop.")
    value: str = strawberry.field(description="Identifier within that system, such as 1001.")


@strawberry.input(description="An amount of money in one currency.")
class MoneyInput:
    amount: Decimal = strawberry.field(
        description='Exact amount in whole units of the currency, such as "12.50" for twelve euros and fifty cents.'
    )
    currency_code: CurrencyCode = strawberry.field(description="The currency, such as EUR.")


@strawberry.enum(description="Whether somebody buys privately or for a business.")
class CustomerKind(Enum):
    CONSUMER = strawberry.enum_value("CONSUMER", description="A person who buys for themselves.")
    BUSINESS = strawberry.enum_value(
        "BUSINESS",
        description="Somebody who buys for a company, or the company itself; `company` says which, where known.",
    )


@strawberry.input(description="A stretch of time; its start belongs to it, its end does not.")
class DateTimeIntervalInput:
    start_at: datetime | None = optional("First moment that counts; left out, there is no limit.")
    end_at: datetime | None = optional("First moment that no longer counts; left out, there is no limit.")


@strawberry.type(
    description="A stretch of time; its start belongs to it, its end does not.", directives=[Cost(weight=0)]
)
class DateTimeInterval:
    start_at: datetime = strawberry.field(description="First moment that belongs to it.")
    end_at: datetime | None = strawberry.field(
        description="First moment that no longer belongs to it; null where no end is known."
    )


@strawberry.enum(description="Which way to sort.")
class OrderDirection(Enum):
    ASC = strawberry.enum_value("ASC", description="Smallest or earliest first.")
    DESC = strawberry.enum_value("DESC", description="Largest or latest first.")


@strawberry.input(
    description='Conditions on a moment, such as {gte: "2026-01-01T00:00:00Z"}; all that are given must hold.'
)
class DateTimeFilter:
    eq: datetime | None = optional("Exactly this moment.")
    gt: datetime | None = optional("After this moment.")
    gte: datetime | None = optional("At or after this moment.")
    lt: datetime | None = optional("Before this moment.")
    lte: datetime | None = optional("At or before this moment.")
    is_null: bool | None = optional("true finds what has no such moment, false what has one.")


@strawberry.input(description='Conditions on an amount, such as {gte: "100.00"}; all that are given must hold.')
class DecimalFilter:
    eq: Decimal | None = optional("Exactly this amount.")
    gt: Decimal | None = optional("More than this.")
    gte: Decimal | None = optional("This or more.")
    lt: Decimal | None = optional("Less than this.")
    lte: Decimal | None = optional("This or less.")


@strawberry.input(description="Conditions on a number with decimals, such as {lt: 0.2}; all that are given must hold.")
class FloatFilter:
    eq: float | None = optional("Exactly this number.")
    gt: float | None = optional("More than this.")
    gte: float | None = optional("This or more.")
    lt: float | None = optional("Less than this.")
    lte: float | None = optional("This or less.")


@strawberry.input(description="Conditions on a whole number, such as {gte: 3}; all that are given must hold.")
class IntFilter:
    eq: int | None = optional("Exactly this number.")
    in_: list[int] | None = optional("One of these numbers.", name="in")
    gt: int | None = optional("More than this.")
    gte: int | None = optional("This or more.")
    lt: int | None = optional("Less than this.")
    lte: int | None = optional("This or less.")
