"""How far a fit is: a bar on a terminal, a line a step elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.cli.options import tell
from api.domain.lifetime_value.training import Report


@contextmanager
def progress(console: Console | None = None) -> Iterator[Report]:
    """Yield the function to report to, which is told a step when it begins."""
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield lambda step, _steps: tell(step)
        return
    columns = (TextColumn("{task.description:<42}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Reading purchases", total=None)

        def show(step: str, steps: int) -> None:
            begun, known = bar.tasks[0].total is not None, bar.tasks[0].total or 0
            # What reports no number of steps is one more of them.
            bar.update(task, description=step, total=steps or (known + 1 if begun else None), advance=int(begun))

        yield show
