"""Load: wrk sends prepared bodies in turn over a few connections and measures."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from benchmarks.workloads import CONNECTIONS

PATIENCE_SECONDS = 30
_MARK = "MEASURED "
_SCRIPT = Path(__file__).with_name("load.lua")
MISSING = "make bench needs wrk, a small load generator (on Debian: apt-get install wrk; on macOS: brew install wrk)."


class LoadFailed(Exception):
    """Requests failed under load, so that nothing can be said about their speed."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a server under load.

    rate  requests a second
    p50   milliseconds that half of the requests took at most, and 99 of 100 with `p99`
    cpu   milliseconds of processor time of the server's process for a request, None where the system does not tell
    """

    rate: float
    p50: float
    p99: float
    requests: int
    cpu: float | None = None


def typical(rounds: Sequence[Measured]) -> Measured:
    """Return the median of each figure over several rounds."""
    cpu = [measured.cpu for measured in rounds if measured.cpu is not None]
    return Measured(
        median(measured.rate for measured in rounds),
        median(measured.p50 for measured in rounds),
        median(measured.p99 for measured in rounds),
        sum(measured.requests for measured in rounds),
        median(cpu) if cpu else None,
    )


def wrk() -> str | None:
    """Return the program that makes the load, or None where it is missing."""
    return shutil.which("wrk")


def measured(
    url: str, bodies: Sequence[bytes], *, wanted: str, seconds: int, connections: int = CONNECTIONS
) -> Measured:
    """Send bodies to an address for some seconds; raise LoadFailed if a request fails or an answer lacks `wanted`.

    bodies   one line each; @KEY@ in a body is replaced by a key that was never used before
    seconds  more of them are taken where not one request was answered
    """
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(b"\n".join(bodies) + b"\n")
        file.flush()
        sent = ("--", file.name, uuid4().hex[:12], wanted)
        found = _run(f"-t1 -c{connections} -d{seconds}s --timeout {PATIENCE_SECONDS}s -s".split(), url, sent)
    if not found["requests"] and seconds < PATIENCE_SECONDS:
        return measured(url, bodies, wanted=wanted, seconds=2 * seconds, connections=connections)
    if found["failed"] or not found["requests"]:
        raise LoadFailed(f"{found['failed']} of {found['requests']} requests to {url} failed: {found['said']}")
    return Measured(found["requests"] / found["seconds"], found["p50"], found["p99"], found["requests"])


def _run(options: Sequence[str], url: str, sent: Sequence[str]) -> dict[str, Any]:
    """Return what the script reports; `said` is the first answer that was wrong."""
    command = [wrk() or "wrk", *options, str(_SCRIPT), url, *sent]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    reported = [line for line in said.stdout.splitlines() if line.startswith(_MARK)]
    if not reported:
        raise LoadFailed(f"wrk failed: {said.stderr or said.stdout}")
    return {**json.loads(reported[0].removeprefix(_MARK)), "said": said.stderr[:500]}
