"""Recording a score once, written with the ORM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from benchmarks.idiomatic.feedback_rows import FeedbackRow
from benchmarks.idiomatic.keys import Refused, once
from benchmarks.idiomatic.loading import Sessions
from benchmarks.idiomatic.rows import CustomerRow

SCALES = {"NPS": (0, 10), "CSAT": (1, 5), "CES": (1, 7), "REVIEW": (1, 5)}


@dataclass(frozen=True)
class Opinion:
    """A score to record under a key."""

    key: str
    customer_id: UUID
    kind: str
    score: int
    comment: str | None
    submitted_at: datetime

    def problem(self) -> str | None:
        """Return what is wrong with the score in itself."""
        lowest, highest = SCALES.get(self.kind, (1, 0))
        if not lowest <= self.score <= highest:
            return "The score is not on the scale of its kind."
        return "What was said lies in the past." if self.submitted_at > datetime.now(UTC) else None


async def submit_feedback(sessions: Sessions, given: Opinion) -> FeedbackRow | str:
    """Return the feedback that is recorded under the key, now or earlier; or what is wrong."""
    problem = given.problem()
    if problem:
        return problem

    async def work(session: AsyncSession) -> tuple[UUID, FeedbackRow]:
        if await session.get(CustomerRow, given.customer_id) is None:
            raise Refused("There is no such customer.")
        names = ("customer_id", "kind", "score", "comment", "submitted_at")
        row = FeedbackRow(feedback_id=uuid7(), **{name: getattr(given, name) for name in names})
        session.add(row)
        await session.flush()
        return row.feedback_id, row

    return await once(sessions, "submitFeedback", given, FeedbackRow, work)
