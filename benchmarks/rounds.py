"""Every workload in several rounds in which the systems take turns, so that a noisy machine is fair to all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.contenders import Contender
from benchmarks.load import Measured
from benchmarks.workloads import WORKLOADS, Workload


@dataclass(frozen=True, slots=True)
class Effort:
    """How long is measured: rounds, seconds a round and system, and seconds to warm up before the first."""

    rounds: int
    seconds: int
    warm_up: int


FULL_EFFORT = Effort(rounds=5, seconds=4, warm_up=2)
SMALL_EFFORT = Effort(rounds=2, seconds=2, warm_up=2)

Figures = Mapping[str, Sequence[Measured]]
"""What was measured of each system, round by round."""

Table = Mapping[Workload, Figures]


def table(contenders: Sequence[Contender], effort: Effort, tell: Callable[[str], None]) -> Table:
    """Measure every workload on every system that has it."""
    found = dict[Workload, Figures]()
    for workload in WORKLOADS:
        tell(f"Measuring: {workload.title}")
        found[workload] = _measured(
            workload, [each for each in contenders if workload.asked(each.name).name in each.bodies], effort
        )
    return found


def _measured(workload: Workload, contenders: Sequence[Contender], effort: Effort) -> Figures:
    _round(workload, contenders, effort.warm_up)
    rounds = [_round(workload, contenders, effort.seconds) for _ in range(effort.rounds)]
    return {each.name: [figures[each.name] for figures in rounds] for each in contenders}


def _round(workload: Workload, contenders: Sequence[Contender], seconds: int) -> dict[str, Measured]:
    return {each.name: each.measured(workload, seconds * workload.longer.get(each.name, 1)) for each in contenders}
