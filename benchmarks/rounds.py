"""Measuring: every workload in several rounds in which the systems take turns, so that a noisy machine is fair to all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.contenders import Contender
from benchmarks.load import Measured, typical
from benchmarks.systems import IDIOMATIC
from benchmarks.workloads import WORKLOADS, Workload

# The slowest answers so few requests that those under way at the end would count.
LONGER = {IDIOMATIC.name: 2.0}


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is measured: rounds, seconds a round and system, and seconds to warm up before the first."""

    rounds: int
    seconds: float
    warm_up: float


FULL_EFFORT = Effort(rounds=3, seconds=5, warm_up=2)
SMALL_EFFORT = Effort(rounds=2, seconds=2, warm_up=1)

Table = Mapping[Workload, Mapping[str, Measured]]
"""The typical figures of each system for each workload."""


def table(contenders: Sequence[Contender], effort: Effort, tell: Callable[[str], None]) -> Table:
    """Measure every workload on every system that has it."""
    found = dict[Workload, Mapping[str, Measured]]()
    for workload in WORKLOADS:
        tell(f"Measuring: {workload.title}")
        found[workload] = _measured(workload, [each for each in contenders if workload.name in each.bodies], effort)
    return found


def _measured(workload: Workload, contenders: Sequence[Contender], effort: Effort) -> Mapping[str, Measured]:
    for contender in contenders:
        contender.measured(workload, effort.warm_up)
    rounds = [
        {each.name: each.measured(workload, effort.seconds * LONGER.get(each.name, 1)) for each in contenders}
        for _ in range(effort.rounds)
    ]
    return {each.name: typical([figures[each.name] for figures in rounds]) for each in contenders}
