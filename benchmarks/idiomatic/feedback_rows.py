"""The tables of feedback as classes of SQLAlchemy's ORM."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from benchmarks.idiomatic.rows import Base


class FeedbackRow(Base):
    """Something a customer said."""

    __tablename__ = "feedback"

    feedback_id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    customer_id: Mapped[UUID]
    kind: Mapped[str]
    score: Mapped[int | None]
    comment: Mapped[str | None]
    submitted_at: Mapped[datetime]


class ResolutionRow(Base):
    """That a complaint is settled."""

    __tablename__ = "complaint_resolutions"

    feedback_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
