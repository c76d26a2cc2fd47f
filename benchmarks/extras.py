"""What else is measured of Regulars: its start, its memory, two processes, and what a field and a level cost."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from benchmarks import prediction_pages
from benchmarks.contenders import READY, Contender
from benchmarks.load import Measured, measured
from benchmarks.processes import megabytes
from benchmarks.rounds import Effort
from benchmarks.servers import Program, Running
from benchmarks.systems import REGULARS
from benchmarks.workloads import ONE_CUSTOMER, ORDERS_AND_LINES, Workload

T = TypeVar("T")

STARTS = 3
FIELDS = (
    *("id", "kind", "displayName", "firstName", "lastName", "email", "phone", "country", "locale", "tags"),
    *("createdAt", "updatedAt", "recordedAt", "version", "asOf"),
)
FIELD_COUNTS = (1, 5, 10, 20, 30, 40)
LEVELS = (
    ("customers", "customers(first: 50) {{ nodes {{ id {} }} }}"),
    ("+ 5 orders each", "orders(first: 5) {{ nodes {{ id {} }} }}"),
    ("+ their lines", "lines(first: 5) {{ nodes {{ sku {} }} }}"),
    ("+ their products", "product {{ name {} }}"),
)


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory of one process in MB, shared pages counted in part (PSS)."""

    at_rest: float
    under_load: float


@dataclass(frozen=True, slots=True)
class Extras:
    """What was measured beside the table.

    start_up  seconds from the command to the first answer, on existing data
    memory    None where the system does not tell
    two       requests a second of one and of two processes, per workload
    fields    milliseconds for 50 customers, per number of fields
    levels    milliseconds, per level and all above it
    predicted milliseconds of Python for what 100 customers are expected to bring
    """

    start_up: float
    memory: Memory | None
    two: Mapping[Workload, tuple[Measured, Measured]]
    fields: Mapping[int, float]
    levels: Mapping[str, float]
    predicted: float


def start_up(program: Program) -> float:
    """Return the seconds from starting a server to its first answer, the median of several starts."""
    return median(_start_up(program) for _ in range(STARTS))


def _start_up(program: Program) -> float:
    begun = time.monotonic()
    with Running.start(program) as server:
        server.wait_until_ready(REGULARS.path, READY)
        return time.monotonic() - begun


def measured_extras(ours: Contender, dsn: str, effort: Effort, started: float, tell: Callable[[str], None]) -> Extras:
    """Measure everything else; `ours` is the running server of the table, others are started beside it."""
    tell("Measuring: memory")
    used = memory(ours, dsn, effort)
    tell("Measuring: two processes")
    two = two_processes(ours, dsn, effort)
    tell("Measuring: fields and levels")
    return Extras(
        started,
        used,
        two,
        costs({count: _asked(ours, fields_query(count)) for count in FIELD_COUNTS}, effort),
        costs({name: _asked(ours, query) for name, query in level_queries()}, effort),
        prediction_pages.milliseconds(dsn),
    )


def _asked(ours: Contender, query: str) -> Asked:
    return Asked(ours.server, json.dumps({"query": query}).encode())


def memory(ours: Contender, dsn: str, effort: Effort) -> Memory | None:
    """Return the memory of a fresh process, and the most it has under load."""
    with Running.start(REGULARS.program(dsn)) as fresh:
        fresh.wait_until_ready(REGULARS.path, READY)
        at_rest = megabytes(fresh.pid)
        if at_rest is None:
            return None
        with _highest(fresh.pid) as highest:
            bodies = ours.bodies[ORDERS_AND_LINES.name]
            measured(fresh.url(REGULARS.path), bodies, wanted=ORDERS_AND_LINES.wanted, seconds=effort.seconds)
        return Memory(at_rest, highest[0])


@contextmanager
def _highest(pid: int) -> Iterator[list[float]]:
    """Watch the memory of a process; the only item of the list is the most it had."""
    found, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            found[0] = max(found[0], megabytes(pid) or 0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()


def two_processes(ours: Contender, dsn: str, effort: Effort) -> dict[Workload, tuple[Measured, Measured]]:
    """Return what one and two processes answer, measured one after the other."""
    with Running.start(REGULARS.program(dsn, REGULARS_WORKERS="2")) as server:
        server.wait_until_ready(REGULARS.path, READY)
        both = Contender(ours.name, ours.title, server, ours.paths, ours.bodies)
        both.measured(ORDERS_AND_LINES, effort.warm_up)
        return {
            workload: (ours.measured(workload, effort.seconds), both.measured(workload, effort.seconds))
            for workload in (ORDERS_AND_LINES, ONE_CUSTOMER)
        }


def fields_query(count: int) -> str:
    """Return a query for so many fields of 50 customers; beyond the fields there are, some come twice."""
    names = [
        FIELDS[place] if place < len(FIELDS) else f"f{place}: {FIELDS[place % len(FIELDS)]}" for place in range(count)
    ]
    return f"{{ customers(first: 50) {{ nodes {{ {' '.join(names)} }} }} }}"


def level_queries() -> Iterator[tuple[str, str]]:
    """Yield the queries for one level, two levels and so on, each with its name."""
    for depth in range(1, len(LEVELS) + 1):
        query = ""
        for _, level in reversed(LEVELS[:depth]):
            query = level.format(query)
        yield LEVELS[depth - 1][0], f"{{ {query} }}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to a running server of ours."""

    server: Running
    body: bytes


def costs(asked: Mapping[T, Asked], effort: Effort) -> dict[T, float]:
    """Return the milliseconds each request takes on one connection: the best of some rounds, the least disturbed."""
    rounds = [{name: _milliseconds(one, effort) for name, one in asked.items()} for _ in range(effort.rounds)]
    return {name: min(found[name] for found in rounds) for name in asked}


def _milliseconds(asked: Asked, effort: Effort) -> float:
    seconds, url = max(1, effort.seconds // 2), asked.server.url(REGULARS.path)
    return measured(url, [asked.body], wanted='"data":', seconds=seconds, connections=1).p50
