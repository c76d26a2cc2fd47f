"""Satisfaction worked out again from the counts and sums that SQL gives; its means, trend and band are not read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """What `Satisfaction` holds, of one customer."""

    nps: str | None
    latest_nps: int | None
    average_csat: float | None
    average_ces: float | None
    responses: int
    trend: float | None
    open_complaints: int


def satisfaction(sums: Mapping[str, Any]) -> Satisfaction:
    """Return what sums over the answers of one customer say."""
    latest = sums["latest_nps"]
    csat, before, ces = (_mean(sums, name) for name in ("csat", "before", "ces"))
    return Satisfaction(
        nps=None if latest is None else "DETRACTOR" if latest <= 6 else "PASSIVE" if latest <= 8 else "PROMOTER",
        latest_nps=latest,
        average_csat=csat,
        average_ces=ces,
        responses=sums["responses"],
        trend=None if csat is None or before is None else csat - before,
        open_complaints=sums["open_complaints"],
    )


def _mean(sums: Mapping[str, Any], name: str) -> float | None:
    count = sums[f"{name}_count"]
    return float(Fraction(sums[f"{name}_sum"], count)) if count else None
