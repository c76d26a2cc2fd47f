"""The report: what was measured as Markdown tables, ratios beside what is required of them."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.load import Measured
from benchmarks.rounds import Table
from benchmarks.systems import IDIOMATIC, LIMIT, POSTGRAPHILE_5, REGULARS
from benchmarks.workloads import Workload

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TITLES = {
    REGULARS.name: REGULARS.title,
    IDIOMATIC.name: "idiomatic",
    POSTGRAPHILE_5.name: POSTGRAPHILE_5.title,
    LIMIT: "the limit",
}


def ratio(figures: Mapping[str, Measured], other: str) -> float | None:
    """Return how many requests we answer for one of another system's, None where it was not measured."""
    return figures[REGULARS.name].rate / figures[other].rate if other in figures else None


def verdict(workload: Workload, figures: Mapping[str, Measured], other: str) -> str:
    """Return a ratio beside what is required and a mark, such as `21.3× (≥ 20×) ✓`."""
    found, required = ratio(figures, other), workload.required.get(other)
    if found is None:
        return "–" if required is None else f"not measured (≥ {_shown(required, other)})"
    if required is None:
        return _shown(found, other)
    return f"{_shown(found, other)} (≥ {_shown(required, other)}) {'✓' if found >= required else '✗'}"


def _shown(value: float, other: str) -> str:
    return f"{value:.2f}" if other == LIMIT else f"{value:.3g}×"


def missed(table: Table) -> list[str]:
    """Return every requirement that was not met, one line each."""
    return [
        f"{workload.title}: {TITLES[other]} {verdict(workload, figures, other)}"
        for workload, figures in table.items()
        for other, required in workload.required.items()
        if (found := ratio(figures, other)) is not None and found < required
    ]


def ratios(table: Table) -> Iterator[str]:
    """Yield the table of ratios."""
    yield "| workload | against idiomatic | against PostGraphile | of the limit |"
    yield "|---|---|---|---|"
    for workload, figures in table.items():
        cells = [verdict(workload, figures, other) for other in (IDIOMATIC.name, POSTGRAPHILE_5.name, LIMIT)]
        yield f"| {workload.title} | {' | '.join(cells)} |"


def rates(table: Table) -> Iterator[str]:
    """Yield the table of requests a second and milliseconds."""
    yield "| workload | system | requests/s | p50 ms | p99 ms |"
    yield "|---|---|---:|---:|---:|"
    for workload, figures in table.items():
        for name, found in figures.items():
            yield f"| {workload.title} | {TITLES[name]} | {found.rate:,.1f} | {found.p50:.1f} | {found.p99:.1f} |"


def machine() -> str:
    """Return what was measured on, in one line."""
    return f"{os.cpu_count()} cores ({_processor()}), {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def written(page: Path, report: str) -> None:
    """Put a report between the marks of a page, in place of the last one."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{report}\n{END}{after}", encoding="utf-8")
