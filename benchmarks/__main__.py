"""`python -m benchmarks`: measure, print the report, and say where a requirement was missed."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from api.embedded import EmbeddedServerError
from benchmarks import load
from benchmarks.answers import AnswersDiffer
from benchmarks.contenders import contenders, require_same_answers
from benchmarks.extras import measured_extras, start_up
from benchmarks.model_peer import measured_models
from benchmarks.pages import measured_pages
from benchmarks.picks import VARIANTS, picks
from benchmarks.population import (
    FULL,
    FULL_PROJECTIONS,
    SMALL,
    SMALL_PROJECTIONS,
    OtherData,
    Size,
    cache_folder,
    data_folder,
    filled,
    served,
    tidied,
)
from benchmarks.processes import load_of_machine
from benchmarks.report import Findings, markdown, missed, written
from benchmarks.rounds import FULL_EFFORT, SMALL_EFFORT, table
from benchmarks.servers import Program, ServerFailed
from benchmarks.systems import IDIOMATIC, POSTGRAPHILE_5, REGULARS, System, postgraphile_obstacle

COMPARED = range(0, VARIANTS, VARIANTS // 5)
"""Requests of each workload to which all systems must give the same answer before anything is measured."""


def main() -> int:
    """Run the benchmarks and return the exit status: 1 for a missed requirement, 2 for a failure."""
    options = _options()
    if load.wrk() is None:
        tell(load.MISSING)
        return 2
    try:
        findings = measure(SMALL if options.small else FULL, options)
    except (EmbeddedServerError, OtherData, AnswersDiffer, ServerFailed, load.LoadFailed) as error:
        tell(str(error))
        return 2
    report = markdown(findings)
    print(f"\n{report}")  # noqa: T201  (the report is what is asked for)
    if options.write:
        written(options.write, report)
    for line in missed(findings):
        tell(f"Missed: {line}")
    return 1 if missed(findings) else 0


def tell(message: str) -> None:
    """Say on standard error what is being done."""
    print(message, file=sys.stderr, flush=True)  # noqa: T201


def _options() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--small", action="store_true", help="a fiftieth of the data and shorter rounds")
    parser.add_argument("--data", type=Path, default=cache_folder(), help="folder in which the data is kept")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the report into a page, between its marks")
    return parser.parse_args()


def measure(size: Size, options: Namespace) -> Findings:
    """Make the data where it is missing, start the systems, compare their answers and measure them."""
    effort = SMALL_EFFORT if options.small else FULL_EFFORT
    systems, notices = _systems()
    folder = data_folder(options.data, size)
    projections = SMALL_PROJECTIONS if options.small else FULL_PROJECTIONS
    with _database(folder, size):
        pass
    for projection in projections:
        with served(data_folder(options.data, projection), projection, tell):
            pass
    before = load_of_machine()
    tell("Measuring: start-up")
    started = start_up(_serving(folder))
    models, said = measured_models(tell, small=options.small)
    with _database(folder, size) as dsn, contenders(systems, dsn, picks(dsn)) as started_ones:
        tell("Comparing answers")
        require_same_answers(started_ones, COMPARED)
        found = table(started_ones, effort, tell)
        extras = measured_extras(started_ones[0], dsn, effort, started, tell)
        pages = measured_pages(started_ones[0], size.customers, options.data, projections, effort, tell)
    return Findings(size, effort, found, extras, pages, [*notices, *said], load=before, models=models)


def _systems() -> tuple[Sequence[System], Sequence[str]]:
    """Return the systems that can be measured, ours first, and a notice for each that cannot."""
    obstacle = postgraphile_obstacle(tell)
    if obstacle is None:
        return [REGULARS, IDIOMATIC, POSTGRAPHILE_5], []
    notice = f"PostGraphile was not measured: {obstacle}."
    tell(notice)
    return [REGULARS, IDIOMATIC], [notice]


@contextmanager
def _database(folder: Path, size: Size) -> Iterator[str]:
    """Yield the address of the data: in the database of DATABASE_URL, otherwise in an embedded one."""
    given = os.environ.get("DATABASE_URL")
    if given:
        filled(given, size, tell)
        yield given
        tidied(given)
        return
    with served(folder, size, tell) as dsn:
        yield dsn
        tidied(dsn)


def _serving(folder: Path) -> Program:
    """Return how a user starts our server on the data."""
    given = os.environ.get("DATABASE_URL")
    return Program([*REGULARS.command, *([] if given else ["--data", str(folder)])], {})


if __name__ == "__main__":
    sys.exit(main())
