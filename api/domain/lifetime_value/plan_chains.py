"""Support plans that follow each other: nobody records that one is renewed, only that a customer is enrolled anew.

A plan renews another where it is of the same name and customer and begins within 30 days before or after the end of
that one. Each renews one other at most, and is renewed once.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

NEAR_WEEKS = 30 / 7


@dataclass(frozen=True, slots=True)
class PlanTerm:
    """When one plan runs, in weeks from any moment.

    whose  the customer and the name of the plan
    ends   None where it has no end, or was cancelled, so that nothing renews it
    """

    whose: Hashable
    begins: float
    ends: float | None


def renewals_made(plans: Sequence[PlanTerm]) -> list[int | None]:
    """Return for each plan how many plans it follows in turn; None for one that was renewed itself."""
    made: list[int | None] = [0] * len(plans)
    open_: dict[Hashable, list[int]] = {}
    for index in sorted(range(len(plans)), key=lambda index: plans[index].begins):
        waiting = open_.setdefault(plans[index].whose, [])
        before = next((other for other in waiting if _renews(plans[index], plans[other])), None)
        if before is not None:
            waiting.remove(before)
            made[index], made[before] = (made[before] or 0) + 1, None
        waiting.append(index)
    return made


def _renews(plan: PlanTerm, before: PlanTerm) -> bool:
    return before.ends is not None and abs(plan.begins - before.ends) <= NEAR_WEEKS and plan.begins > before.begins
