"""How much one document may hold and ask for, and how much of documents is kept."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits", "setting"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of documents; what fragments hold is counted wherever they are used."""

    characters: int = 16_384
    tokens: int = 2_000
    comments: int = 100
    fragments: int = 60
    operations: int = 10
    query_fields: int = 20
    mutation_fields: int = 10
    depth: int = 12
    selections: int = 500
    aliases: int = 30
    directives: int = 30
    directives_together: int = 3
    conditions: int = 50
    cost: int = 10_000
    kept_documents: int = 1_000
    kept_bytes: int = 33_554_432
    kept_plans: int = 2_000


def setting(limit: str) -> str:
    """Return the environment variable that sets a limit of documents."""
    return f"REGULARS_DOCUMENT_{limit.upper()}"
