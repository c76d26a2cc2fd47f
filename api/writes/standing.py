"""How customers stand now: whether they are active, and why."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from api.writes.change import Change


async def stand_anew(change: Change, customers: Sequence[UUID]) -> None:
    """Bring the standing of customers up to date."""


async def everybody_stands_anew(change: Change) -> None:
    """Bring the standing of customers up to date."""
