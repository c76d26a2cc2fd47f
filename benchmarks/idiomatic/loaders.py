"""Data loaders of one request: what is asked for many objects at the same time is read by one statement."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Uuid, column, func, select
from strawberry.dataloader import DataLoader

from benchmarks.idiomatic.activity import Facts
from benchmarks.idiomatic.feedback_loaders import FeedbackLoaders
from benchmarks.idiomatic.loading import RowsOfCustomers, Sessions, any_of, keys
from benchmarks.idiomatic.loyalty_loaders import LoyaltyLoaders
from benchmarks.idiomatic.policy import Policy, policy_in_force
from benchmarks.idiomatic.rows import (
    ContractRow,
    LineRow,
    OrderRow,
    RefundRow,
    SubscriptionRow,
    SupportPlanRow,
)

V = TypeVar("V", SubscriptionRow, SupportPlanRow, ContractRow)

OrderKey = tuple[UUID, UUID]
"""Customer and order: keys of orders begin with the customer."""


class Sums(NamedTuple):
    """What a customer has bought, summed."""

    orders: int
    net: Decimal
    last_purchase_at: datetime | None


class Loaders:
    """The loaders of one request; each load borrows a session of its own, because loads run at the same time."""

    def __init__(self, sessions: Sessions, now: datetime) -> None:
        self._sessions = sessions
        self._rows = RowsOfCustomers(sessions)
        self.lines: DataLoader[OrderKey, list[LineRow]] = DataLoader(self._lines)
        self.sums: DataLoader[UUID, Sums] = DataLoader(self._sums)
        self.loyalty = LoyaltyLoaders(sessions, self._rows, now)
        self.feedback = FeedbackLoaders(sessions, self._rows, now)

        self.all_orders = self._rows.all(OrderRow, OrderRow.placed_at.desc(), OrderRow.order_id.desc())
        self.refunds = self._rows.all(RefundRow)
        self.subscriptions = self._newest(SubscriptionRow, SubscriptionRow.started_at, SubscriptionRow.subscription_id)
        self.support_plans = self._newest(SupportPlanRow, SupportPlanRow.starts_at, SupportPlanRow.support_plan_id)
        self.contracts = self._newest(ContractRow, ContractRow.starts_at, ContractRow.contract_id)
        self.policies: DataLoader[datetime, Policy] = DataLoader(self._policies)

    def _newest(self, kind: type[V], begun: Any, key: Any) -> DataLoader[UUID, list[V]]:
        """Return what loads the newest versions of customers' agreements, latest first."""
        return self._rows.all(kind, begun.desc(), key.desc(), where=kind.superseded_at.is_(None))

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
        return self._rows.latest(OrderRow, first, ("placed_at", "order_id"))

    async def _lines(self, orders: list[OrderKey]) -> list[list[LineRow]]:
        wanted = func.unnest(keys("customers", [key[0] for key in orders]), keys("orders", [key[1] for key in orders]))
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
                bought.where(OrderRow.customer_id == any_of(customers)).group_by(OrderRow.customer_id)
            )
            sums = {row[0]: Sums(row[1], row[2], row[3]) for row in came}
            went = await session.execute(
                back.where(RefundRow.customer_id == any_of(customers)).group_by(RefundRow.customer_id)
            )
            for customer, amount in went:
                bought_before = sums.get(customer, Sums(0, Decimal(0), None))
                sums[customer] = bought_before._replace(net=bought_before.net - amount)
        return [sums.get(customer, Sums(0, Decimal(0), None)) for customer in customers]
