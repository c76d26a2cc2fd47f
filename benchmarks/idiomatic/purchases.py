"""Recording a purchase once: key, order, lines and outcome in one transaction, written with the ORM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Sequence as DatabaseSequence
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from benchmarks.idiomatic.keys import Refused, once
from benchmarks.idiomatic.loading import Sessions
from benchmarks.idiomatic.rows import CustomerRow, LineRow, OrderRow, ProductRow

NUMBERS = DatabaseSequence("order_numbers")


@dataclass(frozen=True)
class NewLine:
    """One article of a purchase."""

    sku: str
    quantity: int
    unit_price: Decimal
    currency: str


@dataclass(frozen=True)
class NewPurchase:
    """A purchase to record under a key."""

    key: str
    customer_id: UUID
    placed_at: datetime
    lines: Sequence[NewLine]

    @property
    def gross(self) -> Decimal:
        """Sum of the lines."""
        return sum((line.quantity * line.unit_price for line in self.lines), Decimal(0))

    def problem(self) -> str | None:
        """Return what is wrong with the purchase in itself."""
        if not 1 <= len(self.lines) <= 200:
            return "A purchase has 1 to 200 lines."
        if any(line.quantity < 1 or line.unit_price < 0 for line in self.lines):
            return "Quantities are positive and prices not negative."
        if any(line.currency != "EUR" for line in self.lines):
            return "Prices are in euros."
        return "A purchase lies in the past." if self.placed_at > datetime.now(UTC) else None


async def record_purchase(sessions: Sessions, purchase: NewPurchase) -> OrderRow | str:
    """Return the order that is recorded under the purchase's key, now or earlier; or what is wrong."""
    problem = purchase.problem()
    if problem:
        return problem

    async def work(session: AsyncSession) -> tuple[UUID, OrderRow]:
        if await session.get(CustomerRow, purchase.customer_id) is None:
            raise Refused("There is no such customer.")
        wanted = {line.sku for line in purchase.lines}
        products = {row.sku: row for row in await session.scalars(select(ProductRow).where(ProductRow.sku.in_(wanted)))}
        if products.keys() != wanted:
            raise Refused("There is no such product.")
        order = await _add(session, purchase, products)
        return order.order_id, order

    return await once(sessions, "recordPurchase", purchase, OrderRow, work)


async def _add(session: AsyncSession, purchase: NewPurchase, products: Mapping[str, ProductRow]) -> OrderRow:
    gross, nothing = purchase.gross, Decimal(0)
    order = OrderRow(
        order_id=uuid7(),
        customer_id=purchase.customer_id,
        number=f"R-{await session.scalar(NUMBERS)}",
        placed_at=purchase.placed_at,
        currency="EUR",
        gross=gross,
        discount=nothing,
        business_gross=gross,
        business_discount=nothing,
    )
    session.add(order)
    await session.flush()  # the lines refer to the order
    session.add_all(_line(order, position, line, products[line.sku]) for position, line in enumerate(purchase.lines, 1))
    await session.flush()
    return order


def _line(order: OrderRow, position: int, line: NewLine, product: ProductRow) -> LineRow:
    return LineRow(
        customer_id=order.customer_id,
        order_id=order.order_id,
        position=position,
        product_id=product.product_id,
        sku=product.sku,
        name=product.name,
        quantity=line.quantity,
        unit_price=line.unit_price,
        currency=line.currency,
    )
