"""Started systems with the requests they are sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from benchmarks.answers import plain, require_same
from benchmarks.inputs import CHANGES
from benchmarks.load import Measured, measured
from benchmarks.picks import Picks
from benchmarks.processes import processor_seconds
from benchmarks.servers import Running, ServerFailed
from benchmarks.systems import KEY, LIMIT, REGULARS, System, limit_program
from benchmarks.workloads import ONE_CUSTOMER, RECORD_PURCHASE, WORKLOADS, Workload

READY = b'{"query":"{ __typename }"}'
LIMITED = {workload.name for workload in WORKLOADS if workload.asked(LIMIT) is workload}
"""What the bare server can be asked itself."""
MADE_ANEW = {"id", "number", "balanceAfter", "occurredAt"}
"""What a system gives to something it records; it differs from one record to the next."""


@dataclass(frozen=True)
class Contender:
    """A running server with its address and bodies for each workload."""

    name: str
    title: str
    server: Running
    paths: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, Sequence[bytes]] = field(default_factory=dict)

    def answer(self, workload: Workload, number: int) -> Any:
        """Return the plain answer to one request of a workload; raise ServerFailed if it has errors."""
        body = self.bodies[workload.name][number].replace(KEY.encode(), uuid4().hex.encode())
        answered = self.server.ask(self.paths[workload.name], body)
        if "errors" in answered:
            raise ServerFailed(f"{self.title}, {workload.name}: {answered['errors'][0]['message']}")
        if workload.records:
            mutation, made = workload.records
            recorded = plain(answered["data"][mutation])[made]
            return {name: value for name, value in recorded.items() if name not in MADE_ANEW}
        return plain(answered["data"])

    def measured(self, workload: Workload, seconds: int) -> Measured:
        """Load the server with a workload for some seconds."""
        at_once, workload = workload.at_once, workload.asked(self.name)
        url, before = self.server.url(self.paths[workload.name]), processor_seconds(self.server.pid)
        found = measured(url, self.bodies[workload.name], wanted=workload.wanted, seconds=seconds, connections=at_once)
        after = processor_seconds(self.server.pid)
        if before is None or after is None:
            return found
        return replace(found, cpu=1000 * (after - before) / found.requests)


@contextmanager
def contenders(systems: Sequence[System], dsn: str, picks: Picks) -> Iterator[list[Contender]]:
    """Start the systems and the bare server; they all run until the end, and whoever is not asked is idle."""
    with ExitStack() as stack:
        started = [stack.enter_context(Running.start(system.program(dsn))) for system in systems]
        found = [_contender(system, server, picks) for system, server in zip(systems, started, strict=True)]
        folder = Path(stack.enter_context(TemporaryDirectory()))
        ours = next(contender for contender in found if contender.name == REGULARS.name)
        yield [*found, stack.enter_context(_limit(ours, dsn, folder))]


def _contender(system: System, server: Running, picks: Picks) -> Contender:
    server.wait_until_ready(system.path, READY)
    pages = cursors(system, server, picks)
    bodies = {
        workload.name: [
            _body(workload.document(system.name), _variables(workload, system, pages, picks, number))
            for number in range(len(picks.purchases if workload is RECORD_PURCHASE else picks.customers))
        ]
        for workload in WORKLOADS
        if workload.suits(system.name)
    }
    return Contender(system.name, system.title, server, dict.fromkeys(bodies, system.path), bodies)


def _variables(workload: Workload, system: System, pages: Sequence[str], picks: Picks, number: int) -> Any:
    if workload is ONE_CUSTOMER:
        return {"id": system.identifier(picks.customers[number])}
    if workload in CHANGES:
        return {"input": CHANGES[workload](system, picks, number)}
    return {"after": pages[number]}


def _body(document: str, variables: Any) -> bytes:
    return json.dumps({"query": document, "variables": variables}).encode()


def cursors(system: System, server: Running, picks: Picks) -> list[str]:
    """Return cursors all over the list of customers, a distance apart, met by paging as a client does."""
    found = list[str]()
    after: str | None = None
    step = min(picks.distance, 100)
    while len(found) < len(picks.customers):
        for _ in range(picks.distance // step):
            answered = server.ask(system.path, _body(system.walk, {"first": step, "after": after}))
            after = str(answered["data"]["customers"]["pageInfo"]["endCursor"])
        found.append(str(after))
    return found


@contextmanager
def _limit(ours: Contender, dsn: str, folder: Path) -> Iterator[Contender]:
    """Start the bare server with the statements that our system sends for its own requests."""
    asked = {
        name: {
            "document": json.loads(bodies[0])["query"],
            "variants": [json.loads(body)["variables"] for body in bodies],
        }
        for name, bodies in ours.bodies.items()
        if name in LIMITED
    }
    file = folder / "variants.json"
    file.write_text(json.dumps(asked), encoding="utf-8")
    numbered = {
        name: [b'{"number":%d}' % number for number in range(len(bodies))]
        for name, bodies in ours.bodies.items()
        if name in LIMITED
    }
    # A change comes as Regulars gets it.
    numbered |= {workload.name: list(ours.bodies[workload.name]) for workload in CHANGES}
    with Running.start(limit_program(dsn, file)) as server:
        server.wait_until_ready(f"/{ONE_CUSTOMER.name}", numbered[ONE_CUSTOMER.name][0])
        yield Contender(LIMIT, "the limit", server, {name: f"/{name}" for name in numbered}, numbered)


def require_same_answers(contenders: Sequence[Contender], numbers: Sequence[int]) -> None:
    """Ask all for the same things and raise AnswersDiffer where one answers otherwise than the first."""
    first, *others = contenders
    for workload in (each for each in WORKLOADS if each.name in first.bodies):
        for number in numbers:
            ours = first.answer(workload, number)
            for other in others:
                if workload.name in other.bodies:
                    require_same(ours, other.answer(workload, number), f"{other.title}, {workload.name}")
