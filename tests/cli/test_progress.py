"""How far a fit is: drawn on a terminal, told line by line elsewhere."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from api.cli.fitted.progress import progress

STEPS = ["Fitting MBG/NBD", "Fitting NBD", "Testing spend, 90 days held out"]


def shown_on(console: Console) -> None:
    with progress(console) as say:
        for step in STEPS:
            say(step, len(STEPS))


def test_elsewhere_than_on_a_terminal_every_step_is_a_line(capsys):
    shown_on(Console(file=StringIO()))
    told = capsys.readouterr()
    assert (told.out, told.err.splitlines()) == ("", STEPS)


def test_on_a_terminal_a_bar_tells_the_last_step_and_how_many_are_done():
    terminal = StringIO()
    shown_on(Console(file=terminal, force_terminal=True, width=100))
    assert "Testing spend, 90 days held out" in terminal.getvalue()
    assert "2/3" in terminal.getvalue()
