"""What customers said and how content they are, in the schema."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Self

import strawberry

from benchmarks.idiomatic.feedback_rows import FeedbackRow


@strawberry.enum
class FeedbackKind(Enum):
    NPS = "NPS"
    CSAT = "CSAT"
    CES = "CES"
    REVIEW = "REVIEW"
    COMPLAINT = "COMPLAINT"
    COMMENT = "COMMENT"


@strawberry.enum
class NpsBand(Enum):
    PROMOTER = "PROMOTER"
    PASSIVE = "PASSIVE"
    DETRACTOR = "DETRACTOR"


@strawberry.type
class Feedback:
    id: strawberry.ID
    kind: FeedbackKind
    score: int | None
    comment: str | None
    submitted_at: datetime

    @classmethod
    def of(cls, row: FeedbackRow) -> Self:
        return cls(
            id=strawberry.ID(str(row.feedback_id)),
            kind=FeedbackKind(row.kind),
            score=row.score,
            comment=row.comment,
            submitted_at=row.submitted_at,
        )


@strawberry.type
class Satisfaction:
    nps: NpsBand | None
    latest_nps: int | None
    average_csat: float | None
    average_ces: float | None
    responses: int
    open_complaints: int

    @classmethod
    def of(cls, answers: Sequence[FeedbackRow], open_complaints: int) -> Self:
        """Return what the answers of a window say, of which the latest come first."""
        latest = next((row.score for row in answers if row.kind == "NPS"), None)
        return cls(
            nps=None if latest is None else _band(latest),
            latest_nps=latest,
            average_csat=_mean(answers, "CSAT"),
            average_ces=_mean(answers, "CES"),
            responses=len(answers),
            open_complaints=open_complaints,
        )


def _band(score: int) -> NpsBand:
    if score >= 9:
        return NpsBand.PROMOTER
    return NpsBand.PASSIVE if score >= 7 else NpsBand.DETRACTOR


def _mean(answers: Sequence[FeedbackRow], kind: str) -> float | None:
    scores = [row.score for row in answers if row.kind == kind and row.score is not None]
    return sum(scores) / len(scores) if scores else None
