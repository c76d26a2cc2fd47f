"""The report: what was measured as Markdown tables, ratios beside what is required of them."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks import prediction_pages
from benchmarks.extras import Extras
from benchmarks.load import typical
from benchmarks.model_peer import ModelSpeed
from benchmarks.pages import MOST, SIZE, Comparison
from benchmarks.population import Size
from benchmarks.rounds import Effort, Figures, Table
from benchmarks.systems import IDIOMATIC, LIMIT, POSTGRAPHILE_5, REGULARS
from benchmarks.workloads import CONNECTIONS, Workload

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TITLES = {
    REGULARS.name: REGULARS.title,
    IDIOMATIC.name: "idiomatic",
    POSTGRAPHILE_5.name: POSTGRAPHILE_5.title,
    LIMIT: "the limit",
}


START_UP_SECONDS = 3.0
"""Longest start on existing data that is required."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What one run has measured, on how much data and with how much effort.

    load  processes that were at work on the machine before anything was measured, None where the system does not tell
    """

    size: Size
    effort: Effort
    table: Table
    extras: Extras
    pages: Sequence[Comparison]
    notices: Sequence[str] = ()
    day: datetime = field(default_factory=lambda: datetime.now(UTC))
    load: float | None = None
    models: Sequence[ModelSpeed] = ()


def markdown(findings: Findings) -> str:
    """Return the whole report."""
    parts = [[_circumstances(findings)], [*findings.notices], ratios(findings.table), rates(findings.table)]
    parts += [beside(findings.extras), fields(findings.extras), levels(findings.extras)]
    parts += [pages(findings.pages), models(findings.models)]
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part)))


def _circumstances(findings: Findings) -> str:
    size, effort = findings.size, findings.effort
    return (
        f"Measured on {findings.day:%Y-%m-%d}, {machine()}: {size.customers:,} customers, {size.orders:,} orders,"
        f" {size.lines:,} lines; medians of {effort.rounds} rounds of {effort.seconds} s, {CONNECTIONS} connections"
        f"{'' if findings.load is None else f'; load of the machine before: {findings.load:.1f}'}."
    )


def ratio(figures: Figures, other: str) -> float | None:
    """Return how many requests we answer for one of another system's, None where it was not measured.

    It is the median of what the rounds say, each of which compares what was measured within seconds of each other: a
    machine that others slow down for a while is slow for both.
    """
    if other not in figures:
        return None
    return median(ours.rate / theirs.rate for ours, theirs in zip(figures[REGULARS.name], figures[other], strict=True))


def verdict(workload: Workload, figures: Figures, other: str) -> str:
    """Return a ratio beside what is required and a mark, such as `21.3× (≥ 20×) ✓`."""
    found, required = ratio(figures, other), workload.required.get(other)
    if found is None:
        return "–" if required is None else f"not measured ({_wanted(workload, other)})"
    if required is None:
        return _shown(found, other)
    return f"{_shown(found, other)} ({_wanted(workload, other)}) {'✓' if found >= required else '✗'}"


def _wanted(workload: Workload, other: str) -> str:
    aim = f", aim {_shown(workload.aims[other], other)}" if other in workload.aims else ""
    return f"≥ {_shown(workload.required[other], other)}{aim}"


def _shown(value: float, other: str) -> str:
    return f"{value:.2f}" if other == LIMIT else f"{value:.3g}×"


def missed(findings: Findings) -> list[str]:
    """Return every requirement that was not met, one line each."""
    slow = [
        f"{workload.title}: {TITLES[other]} {verdict(workload, figures, other)}"
        for workload, figures in findings.table.items()
        for other, required in workload.required.items()
        if (found := ratio(figures, other)) is not None and found < required
    ]
    far = [f"pages of active customers, {each.far}: {each.verdict}" for each in findings.pages if each.ratio > MOST]
    late = [_start_up(findings.extras)] if findings.extras.start_up > START_UP_SECONDS else []
    dear = [_predicted(findings.extras)] if findings.extras.predicted > prediction_pages.MOST_MILLISECONDS else []
    slower = [f"{each.work}: lifetimes {each.verdict}" for each in findings.models if each.ratio < each.required]
    return [*slow, *far, *late, *dear, *slower]


def ratios(table: Table) -> Iterator[str]:
    """Yield the table of ratios."""
    yield "| workload | against idiomatic | against PostGraphile | of the limit |"
    yield "|---|---|---|---|"
    for workload, figures in table.items():
        cells = [verdict(workload, figures, other) for other in (IDIOMATIC.name, POSTGRAPHILE_5.name, LIMIT)]
        yield f"| {workload.title} | {' | '.join(cells)} |"


def rates(table: Table) -> Iterator[str]:
    """Yield the table of requests a second and milliseconds."""
    yield "| workload | system | requests/s | p50 ms | p99 ms | server's CPU ms each |"
    yield "|---|---|---:|---:|---:|---:|"
    for workload, figures in table.items():
        for name, rounds in figures.items():
            found = typical(rounds)
            cpu = "–" if found.cpu is None else f"{found.cpu:.2f}"
            times = f"{found.p50:.1f} | {found.p99:.1f} | {cpu}"
            yield f"| {workload.title} | {TITLES[name]} | {found.rate:,.1f} | {times} |"


def beside(extras: Extras) -> Iterator[str]:
    """Yield the table of start-up, memory and two processes."""
    yield "| of Regulars | measured |"
    yield "|---|---|"
    yield f"| {_start_up(extras).replace(': ', ' | ')} |"
    yield f"| {_predicted(extras).replace(': ', ' | ')} |"
    if extras.memory:
        rest, load = extras.memory.at_rest, extras.memory.under_load
        yield f"| memory of one process (PSS) | {rest:.0f} MB at rest, {load:.0f} MB under load |"
    for workload, (one, two) in extras.two.items():
        yield f"| two processes, {workload.title} | {two.rate:,.0f} requests/s, one: {one.rate:,.0f} |"


def _start_up(extras: Extras) -> str:
    mark = "✓" if extras.start_up <= START_UP_SECONDS else "✗"
    return f"start to first answer, on existing data: {extras.start_up:.1f} s (≤ {START_UP_SECONDS:g} s) {mark}"


def _predicted(extras: Extras) -> str:
    most = prediction_pages.MOST_MILLISECONDS
    mark = "✓" if extras.predicted <= most else "✗"
    return f"Python for the predicted values of 100 customers: {extras.predicted:.2f} ms (≤ {most:g} ms) {mark}"


def fields(extras: Extras) -> Iterator[str]:
    """Yield the table of what fields cost, with the cost of each one more."""
    yield "| fields of 50 customers | ms | µs for each one more |"
    yield "|---:|---:|---:|"
    before: tuple[int, float] | None = None
    for count, cost in extras.fields.items():
        more = f"{1000 * (cost - before[1]) / (count - before[0]):.0f}" if before else "–"
        yield f"| {count} | {cost:.2f} | {more} |"
        before = count, cost


def levels(extras: Extras) -> Iterator[str]:
    """Yield the table of what levels cost."""
    yield "| levels | ms | ms for this one |"
    yield "|---|---:|---:|"
    before = 0.0
    for name, cost in extras.levels.items():
        yield f"| {name} | {cost:.2f} | {cost - before:.2f} |"
        before = cost


def pages(compared: Sequence[Comparison]) -> Iterator[str]:
    """Yield the table of what pages of active customers cost."""
    yield f"| pages of {SIZE} active customers, by when they stop being active | ms | beside the one above |"
    yield "|---|---:|---|"
    for each in compared:
        yield f"| {each.near} | {each.near_cost:.2f} | – |"
        yield f"| {each.far} | {each.far_cost:.2f} | {each.verdict} |"


def models(speeds: Sequence[ModelSpeed]) -> Iterator[str]:
    """Yield the table of what models of lifetime value take; nothing where the package was not measured."""
    if not speeds:
        return
    yield "| models of lifetime value | Regulars, ms | lifetimes 0.11.3, ms | against lifetimes |"
    yield "|---|---:|---:|---|"
    for each in speeds:
        yield f"| {each.work} | {1000 * each.ours:,.0f} | {1000 * each.theirs:,.0f} | {each.verdict} |"


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
    page.write_text(f"{before}{BEGIN}\n\n{report}\n\n{END}{after}", encoding="utf-8")
