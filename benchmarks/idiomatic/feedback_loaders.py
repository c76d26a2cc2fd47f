"""Loaders of what customers said."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from strawberry.dataloader import DataLoader

from api.domain.calendar import Duration
from benchmarks.idiomatic.feedback_rows import FeedbackRow, ResolutionRow
from benchmarks.idiomatic.loading import RowsOfCustomers, Sessions
from benchmarks.idiomatic.rows import BusinessRow

WINDOW = Duration(12)
"""How long an answer counts."""
_NO_SHORTER = timedelta(days=367)


class FeedbackLoaders:
    """The loaders of feedback, for a request that is answered as of a moment."""

    def __init__(self, sessions: Sessions, rows: RowsOfCustomers, now: datetime) -> None:
        self._sessions = sessions
        self._rows = rows
        self._now = now
        self._zones: DataLoader[datetime, ZoneInfo] = DataLoader(self._in_zone)
        latest_first = (FeedbackRow.submitted_at.desc(), FeedbackRow.feedback_id.desc())
        asked = FeedbackRow.kind.in_(("NPS", "CSAT", "CES")) & (FeedbackRow.submitted_at > now - _NO_SHORTER)
        self._asked = rows.all(FeedbackRow, *latest_first, where=asked)
        settled = select(ResolutionRow).where(
            ResolutionRow.customer_id == FeedbackRow.customer_id, ResolutionRow.feedback_id == FeedbackRow.feedback_id
        )
        self.open_complaints = rows.all(FeedbackRow, where=(FeedbackRow.kind == "COMPLAINT") & ~settled.exists())

    async def answers(self, customer: UUID) -> list[FeedbackRow]:
        """Return the scores of a customer that count, latest first."""
        # Each load waits for the others to be asked for, too; so both begin before one is awaited.
        zone, asked = self._zones.load(self._now), self._asked.load(customer)
        here, now = await zone, self._now
        return [row for row in await asked if row.submitted_at <= now < WINDOW.after(row.submitted_at, here)]

    def latest(self, first: int) -> DataLoader[UUID, list[FeedbackRow]]:
        """Return what loads what customers said last, so many of each."""
        return self._rows.latest(FeedbackRow, first, ("submitted_at", "feedback_id"))

    async def _in_zone(self, moments: list[datetime]) -> list[ZoneInfo]:
        async with self._sessions() as session:
            zone = ZoneInfo((await session.scalars(select(BusinessRow.time_zone))).one())
        return [zone for _ in moments]
