"""The progress bar of an import, with its rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from api.writes.importing.results import Progress, Step


class RateColumn(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        """Return the rate of the last moments, or of the whole step once it is over."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} rows/s", style="progress.data.speed")


@contextmanager
def progress_bar(console: Console | None = None) -> Iterator[Callable[[Progress], None]]:
    """Draw a line per step on standard error; yield the function to report to."""
    columns = (
        TextColumn("{task.description:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console or Console(stderr=True)) as bar:
        tasks = {step: bar.add_task(step.value, total=None, start=False, visible=False) for step in Step}
        running: list[Step] = []

        def show(progress: Progress) -> None:
            if progress.step not in running:
                for step in running:
                    bar.stop_task(tasks[step])
                running.append(progress.step)
                bar.start_task(tasks[progress.step])
            bar.update(tasks[progress.step], completed=progress.done, total=progress.total, visible=True)

        yield show
