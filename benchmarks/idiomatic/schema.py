"""The schema: the questions that are measured, answered by resolvers."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Self
from uuid import UUID

import strawberry
from sqlalchemy import Select, select, tuple_
from strawberry.extensions import ParserCache, ValidationCache

from benchmarks.idiomatic.activity import Judge
from benchmarks.idiomatic.changes import Mutation
from benchmarks.idiomatic.feedback import Feedback, Satisfaction
from benchmarks.idiomatic.loaders import Sums
from benchmarks.idiomatic.loyalty import LoyaltyAccount
from benchmarks.idiomatic.loyalty_rows import AccountRow
from benchmarks.idiomatic.orders import Info, Money, Order
from benchmarks.idiomatic.rows import CustomerRow
from benchmarks.idiomatic.status import ActiveStatus

CENT = Decimal("0.01")


@strawberry.type
class PurchaseSummary:
    order_count: int
    net: Money
    average_order_value: Money | None
    last_purchase_at: datetime | None

    @classmethod
    def of(cls, sums: Sums) -> Self:
        return cls(
            order_count=sums.orders,
            net=_money(sums.net),
            average_order_value=_money(sums.net / sums.orders) if sums.orders else None,
            last_purchase_at=sums.last_purchase_at,
        )


def _money(amount: Decimal) -> Money:
    return Money(amount=amount.quantize(CENT, ROUND_HALF_UP), currency_code="EUR")


@strawberry.type
class Customer:
    customer_id: strawberry.Private[UUID]
    id: strawberry.ID
    display_name: str
    email: str | None
    country: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: CustomerRow) -> Self:
        return cls(
            customer_id=row.customer_id,
            id=strawberry.ID(str(row.customer_id)),
            display_name=" ".join(name for name in (row.first_name, row.last_name) if name),
            email=row.email,
            country=row.country,
            created_at=row.created_at,
        )

    @strawberry.field
    async def orders(self, info: Info, first: int = 20) -> list[Order]:
        rows = await info.context.loaders.latest_orders(first).load(self.customer_id)
        return [Order.of(row) for row in rows]

    @strawberry.field
    async def purchase_summary(self, info: Info) -> PurchaseSummary:
        return PurchaseSummary.of(await info.context.loaders.sums.load(self.customer_id))

    @strawberry.field
    async def active_status(self, info: Info) -> ActiveStatus:
        now, loaders = info.context.now, info.context.loaders
        policy, facts = await asyncio.gather(loaders.policies.load(now), loaders.facts(self.customer_id))
        return ActiveStatus.of(policy, Judge(policy, facts, now).evaluations(), now)

    @strawberry.field
    async def loyalty_account(self, info: Info) -> LoyaltyAccount | None:
        rows = await info.context.loaders.loyalty.accounts.load(self.customer_id)
        return LoyaltyAccount.of(rows[0]) if rows else None

    @strawberry.field
    async def satisfaction(self, info: Info) -> Satisfaction:
        loaders = info.context.loaders.feedback
        answers, complaints = await asyncio.gather(
            loaders.answers(self.customer_id), loaders.open_complaints.load(self.customer_id)
        )
        return Satisfaction.of(answers, len(complaints))

    @strawberry.field
    async def feedback(self, info: Info, first: int = 20) -> list[Feedback]:
        rows = await info.context.loaders.feedback.latest(first).load(self.customer_id)
        return [Feedback.of(row) for row in rows]


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class CustomerConnection:
    nodes: list[Customer]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    async def customer(self, info: Info, id: strawberry.ID) -> Customer | None:
        async with info.context.sessions() as session:
            row = await session.get(CustomerRow, UUID(id))
        return Customer.of(row) if row else None

    @strawberry.field
    async def customers(self, info: Info, first: int = 20, after: str | None = None) -> CustomerConnection:
        return await _page(info, select(CustomerRow), first, after)

    @strawberry.field
    async def members(self, info: Info, first: int = 20, after: str | None = None) -> CustomerConnection:
        enrolled = (AccountRow.customer_id == CustomerRow.customer_id) & AccountRow.closed_at.is_(None)
        return await _page(info, select(CustomerRow).join(AccountRow, enrolled), first, after)


async def _page(info: Info, chosen: Select[CustomerRow], first: int, after: str | None) -> CustomerConnection:
    ordered = (CustomerRow.created_at, CustomerRow.customer_id)
    page = chosen.order_by(*ordered).limit(first + 1)
    if after:
        page = page.where(tuple_(*ordered) > _read_cursor(after))
    async with info.context.sessions() as session:
        found = list(await session.scalars(page))
    shown = found[:first]
    end = _cursor(shown[-1]) if shown else None
    return CustomerConnection(
        nodes=[Customer.of(row) for row in shown],
        page_info=PageInfo(has_next_page=len(found) > first, end_cursor=end),
    )


def _cursor(row: CustomerRow) -> str:
    return urlsafe_b64encode(f"{row.created_at.isoformat()} {row.customer_id}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    moment, key = urlsafe_b64decode(cursor).decode().split(" ")
    return datetime.fromisoformat(moment), UUID(key)


schema = strawberry.Schema(Query, Mutation, extensions=[ParserCache, ValidationCache])
