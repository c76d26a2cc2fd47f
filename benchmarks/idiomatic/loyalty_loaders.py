"""Loaders of members' points."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from strawberry.dataloader import DataLoader

from benchmarks.idiomatic.loading import RowsOfCustomers, Sessions, any_of
from benchmarks.idiomatic.loyalty_rows import AccountRow, EntryRow, LotRow, TransactionRow
from benchmarks.idiomatic.tiers import Program, Standing, program_in_force, standing


class LoyaltyLoaders:
    """The loaders of points, for a request that is answered as of a moment."""

    def __init__(self, sessions: Sessions, rows: RowsOfCustomers, now: datetime) -> None:
        self._sessions = sessions
        self._rows = rows
        self._now = now
        self.accounts = rows.all(AccountRow)
        self.lots = rows.all(LotRow, where=LotRow.remaining > 0)
        self.counted = rows.all(EntryRow, where=EntryRow.counted != 0)
        self.standings: DataLoader[UUID, Standing] = DataLoader(self._standings)
        self.transactions: DataLoader[UUID, TransactionRow] = DataLoader(self._transactions)
        self._programs: DataLoader[datetime, Program] = DataLoader(self._in_force)

    async def program(self) -> Program:
        """Return the program in force."""
        return await self._programs.load(self._now)

    def latest_entries(self, first: int) -> DataLoader[UUID, list[EntryRow]]:
        """Return what loads the latest movements of points, so many of each member."""
        return self._rows.latest(EntryRow, first, ("number",), where=EntryRow.number.is_not(None))

    async def _in_force(self, moments: list[datetime]) -> list[Program]:
        async with self._sessions() as session:
            return [await program_in_force(session, moment) for moment in moments]

    async def _standings(self, customers: list[UUID]) -> list[Standing]:
        program, counted = await self.program(), await self.counted.load_many(customers)
        return [standing(program, entries, self._now) for entries in counted]

    async def _transactions(self, wanted: list[UUID]) -> list[TransactionRow]:
        chosen = select(TransactionRow).where(TransactionRow.transaction_id == any_of(wanted))
        async with self._sessions() as session:
            found = {row.transaction_id: row for row in await session.scalars(chosen)}
        return [found[key] for key in wanted]
