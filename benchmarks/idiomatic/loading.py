"""How rows of many customers are loaded: what is asked for at the same time is read by one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select, true
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import aliased
from strawberry.dataloader import DataLoader

from benchmarks.idiomatic.rows import CustomerRow

Sessions: TypeAlias = async_sessionmaker[AsyncSession]
R = TypeVar("R")
_ALL: Any = true()


def keys(name: str, values: Sequence[UUID]) -> Any:
    """Return a parameter with many keys."""
    return bindparam(name, values, type_=ARRAY(Uuid))


def any_of(values: Sequence[UUID]) -> Any:
    """Return any of many keys, to compare a column with."""
    return any_(keys("keys", values))


class RowsOfCustomers:
    """Makes loaders of rows that belong to customers."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._latest: dict[tuple[str, int], DataLoader[UUID, Any]] = {}

    def all(self, kind: type[R], *order: Any, where: Any = _ALL) -> DataLoader[UUID, list[R]]:
        """Return what loads all rows of customers in an order."""
        of: Any = kind
        return self._loader(select(of).where(where).order_by(*order), of)

    def latest(self, kind: type[R], first: int, order: Sequence[str], where: Any = _ALL) -> DataLoader[UUID, list[R]]:
        """Return what loads so many rows of each customer, the largest in an order first."""
        if (kind.__name__, first) not in self._latest:
            of: Any = kind
            mine = select(of).where(of.customer_id == CustomerRow.customer_id, where)
            listed = mine.order_by(*[getattr(of, name).desc() for name in order]).limit(first).lateral()
            row: Any = aliased(of, listed)
            each = select(row).select_from(CustomerRow).join(row, true())
            ordered = each.order_by(*[getattr(row, name).desc() for name in order])
            self._latest[kind.__name__, first] = self._loader(ordered, CustomerRow)
        return self._latest[kind.__name__, first]

    def _loader(self, statement: Any, whose: Any) -> DataLoader[UUID, list[Any]]:
        async def load(customers: list[UUID]) -> list[list[Any]]:
            found: dict[UUID, list[Any]] = defaultdict(list)
            async with self._sessions() as session:
                for row in await session.scalars(statement.where(whose.customer_id == any_of(customers))):
                    found[row.customer_id].append(row)
            return [found[customer] for customer in customers]

        return DataLoader(load)
