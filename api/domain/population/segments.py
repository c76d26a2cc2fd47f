"""The segments that the made-up shop has saved since it opened; one of them names another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from api.domain.identity import public_id
from api.domain.population.customers import Population
from api.domain.population.identifiers import derived_id

REGULARS, ONCE, WORTH_A_CALL = "Regulars", "Bought once and lost", "Worth a call"


def segments(population: Population) -> Iterator[tuple[UUID, str, Mapping[str, Any]]]:
    """Yield the key, the name and the filter of each segment."""
    keys = {name: derived_id(population.opened_at, f"segment/{name}") for name in (REGULARS, ONCE, WORTH_A_CALL)}
    valued = [{"segmentIds": [public_id("seg", keys[REGULARS])]}, {"historicNet": {"gte": "1000.00"}}]
    yield keys[REGULARS], REGULARS, {"orderCount": {"gte": 8}, "isActive": True}
    yield keys[ONCE], ONCE, {"orderCount": {"eq": 1}, "isActive": False}
    yield keys[WORTH_A_CALL], WORTH_A_CALL, {"or": valued, "churnBand": ["MEDIUM", "HIGH"]}
