"""Orders with their lines in the schema, and what resolvers share."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Self, TypeAlias
from uuid import UUID

import strawberry

from benchmarks.idiomatic.loaders import Loaders
from benchmarks.idiomatic.loading import Sessions
from benchmarks.idiomatic.rows import LineRow, OrderRow


class Context:
    """What the resolvers of one request share."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.now = datetime.now(UTC)
        self.loaders = Loaders(sessions, self.now)


Info: TypeAlias = strawberry.Info[Context, None]


@strawberry.type
class Money:
    amount: Decimal
    currency_code: str


@strawberry.type
class OrderLine:
    sku: str
    name: str
    quantity: int
    unit_price: Money

    @classmethod
    def of(cls, row: LineRow) -> Self:
        return cls(
            sku=row.sku,
            name=row.name,
            quantity=row.quantity,
            unit_price=Money(amount=row.unit_price, currency_code=row.currency),
        )


@strawberry.type
class Order:
    customer_id: strawberry.Private[UUID]
    order_id: strawberry.Private[UUID]
    id: strawberry.ID
    number: str
    placed_at: datetime
    total: Money

    @classmethod
    def of(cls, row: OrderRow) -> Self:
        return cls(
            customer_id=row.customer_id,
            order_id=row.order_id,
            id=strawberry.ID(str(row.order_id)),
            number=row.number,
            placed_at=row.placed_at,
            total=Money(amount=row.gross - row.discount, currency_code=row.currency),
        )

    @strawberry.field
    async def lines(self, info: Info) -> list[OrderLine]:
        rows = await info.context.loaders.lines.load((self.customer_id, self.order_id))
        return [OrderLine.of(row) for row in rows]
