"""How customers stand now, kept up to date with each change."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from api.writes.change import Change


async def stand_anew(change: Change, customers: Sequence[UUID]) -> None:
    """Bring the standing of customers up to date."""
