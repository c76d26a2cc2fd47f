"""Data loaders: what is asked for many objects at the same time is read by one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, column, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import aliased
from strawberry.dataloader import DataLoader

from benchmarks.idiomatic.activity import Facts
from benchmarks.idiomatic.policy import Policy, policy_in_force
from benchmarks.idiomatic.rows import (
    ContractRow,
    CustomerRow,
    LineRow,
    OrderRow,
    RefundRow,
    SubscriptionRow,
    SupportPlanRow,
)

V = TypeVar("V", SubscriptionRow, SupportPlanRow, ContractRow)
R = TypeVar("R", OrderRow, RefundRow, SubscriptionRow, SupportPlanRow, ContractRow)

OrderKey = tuple[UUID, UUID]
"""Customer and order: keys of orders begin with the customer."""


class Sums(NamedTuple):
    """What a customer has bought, summed."""

    orders: int
    net: Decimal
    last_purchase_at: datetime | None


class Loaders:
    """The loaders of one request; each load borrows a session of its own, because loads run at the same time."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self.lines: DataLoader[OrderKey, list[LineRow]] = DataLoader(self._lines)
        self.sums: DataLoader[UUID, Sums] = DataLoader(self._sums)
        self._orders: dict[int, DataLoader[UUID, list[OrderRow]]] = {}

        self.all_orders = self._of_customers(OrderRow, OrderRow.placed_at.desc(), OrderRow.order_id.desc())
        self.refunds = self._of_customers(RefundRow)
        self.subscriptions = self._newest(SubscriptionRow, SubscriptionRow.started_at, SubscriptionRow.subscription_id)
        self.support_plans = self._newest(SupportPlanRow, SupportPlanRow.starts_at, SupportPlanRow.support_plan_id)
        self.contracts = self._newest(ContractRow, ContractRow.starts_at, ContractRow.contract_id)
        self.policies: DataLoader[datetime, Policy] = DataLoader(self._policies)

    def _of_customers(self, kind: type[R], *order: Any, where: Any = None) -> DataLoader[UUID, list[R]]:
        """Return what loads all rows of customers in an order."""

        async def load(customers: list[UUID]) -> list[list[R]]:
            wanted: Any = select(kind).where(kind.customer_id == _any_of(customers)).order_by(*order)
            found: dict[UUID, list[R]] = defaultdict(list)
            async with self._sessions() as session:
                for row in await session.scalars(wanted if where is None else wanted.where(where)):
                    found[row.customer_id].append(row)
            return [found[customer] for customer in customers]

        return DataLoader(load)

    def _newest(self, kind: type[V], begun: Any, key: Any) -> DataLoader[UUID, list[V]]:
        """Return what loads the newest versions of customers' agreements, latest first."""
        return self._of_customers(kind, begun.desc(), key.desc(), where=kind.superseded_at.is_(None))

    async def _policies(self, moments: list[datetime]) -> list[Policy]:
        async with self._sessions() as session:
            return [await policy_in_force(session, moment) for moment in moments]

    async def facts(self, customer: UUID) -> Facts:
        """Return what a customer's status is judged by; each kind of row is read at once for all who are asked for."""
        # Each load waits for the others to be asked for, too; so all of them begin before any is awaited.
        orders, refunds = self.all_orders.load(customer), self.refunds.load(customer)
        subscriptions, plans = self.subscriptions.load(customer), self.support_plans.load(customer)
        contracts = self.contracts.load(customer)
        return Facts(await orders, await refunds, await subscriptions, await plans, await contracts)

    def latest_orders(self, first: int) -> DataLoader[UUID, list[OrderRow]]:
        """Return what loads the latest orders of customers, so many of each."""
        if first not in self._orders:

            async def load(customers: list[UUID]) -> list[list[OrderRow]]:
                return await self._latest_orders(customers, first)

            self._orders[first] = DataLoader(load)
        return self._orders[first]

    async def _latest_orders(self, customers: list[UUID], first: int) -> list[list[OrderRow]]:
        latest = (
            select(OrderRow)
            .where(OrderRow.customer_id == CustomerRow.customer_id)
            .order_by(OrderRow.placed_at.desc(), OrderRow.order_id.desc())
            .limit(first)
            .lateral()
        )
        order = aliased(OrderRow, latest)
        statement = select(order).select_from(CustomerRow).join(order, true())
        found: dict[UUID, list[OrderRow]] = defaultdict(list)
        async with self._sessions() as session:
            chosen = statement.where(CustomerRow.customer_id == _any_of(customers))
            for row in await session.scalars(chosen.order_by(order.placed_at.desc(), order.order_id.desc())):
                found[row.customer_id].append(row)
        return [found[customer] for customer in customers]

    async def _lines(self, orders: list[OrderKey]) -> list[list[LineRow]]:
        wanted = func.unnest(
            _keys("customers", [key[0] for key in orders]), _keys("orders", [key[1] for key in orders])
        )
        key = wanted.table_valued(column("customer_id", Uuid), column("order_id", Uuid)).render_derived("wanted")
        same = (LineRow.customer_id == key.c.customer_id) & (LineRow.order_id == key.c.order_id)
        found: dict[UUID, list[LineRow]] = defaultdict(list)
        async with self._sessions() as session:
            for row in await session.scalars(select(LineRow).join(key, same).order_by(LineRow.position)):
                found[row.order_id].append(row)
        return [found[order] for _, order in orders]

    async def _sums(self, customers: list[UUID]) -> list[Sums]:
        net = func.sum(OrderRow.business_gross - OrderRow.business_discount)
        bought = select(OrderRow.customer_id, func.count(), net, func.max(OrderRow.placed_at))
        back = select(RefundRow.customer_id, func.sum(RefundRow.business_amount))
        async with self._sessions() as session:
            came = await session.execute(
                bought.where(OrderRow.customer_id == _any_of(customers)).group_by(OrderRow.customer_id)
            )
            sums = {row[0]: Sums(row[1], row[2], row[3]) for row in came}
            went = await session.execute(
                back.where(RefundRow.customer_id == _any_of(customers)).group_by(RefundRow.customer_id)
            )
            for customer, amount in went:
                bought_before = sums.get(customer, Sums(0, Decimal(0), None))
                sums[customer] = bought_before._replace(net=bought_before.net - amount)
        return [sums.get(customer, Sums(0, Decimal(0), None)) for customer in customers]


def _keys(name: str, keys: Sequence[UUID]) -> Any:
    return bindparam(name, keys, type_=ARRAY(Uuid))


def _any_of(keys: Sequence[UUID]) -> Any:
    return any_(_keys("keys", keys))
