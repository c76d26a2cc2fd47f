"""Who asks, and whose rows they may see: pure decisions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever sends a request.

    name         who it is in records of changes, never a token
    customer_id  the only customer whose rows are visible, or None where every row is
    """

    name: str
    customer_id: UUID | None = None


EVERYBODY = Principal("app:local")
"""The caller of a server without credentials: it may do everything."""
