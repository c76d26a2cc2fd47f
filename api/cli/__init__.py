"""The `regulars` command."""

# ruff: noqa: E402  (the collector rests before anything else is imported)
from __future__ import annotations

import gc

# What is imported stays; looking it through for rubbish again and again while it grows takes an eighth of the start,
# and once more at its end a tenth.
gc.disable()

import logging
import signal
import sys

import typer
from pydantic import ValidationError

from api.cli.business import init
from api.cli.checking import check
from api.cli.database import migrate
from api.cli.demo import demo
from api.cli.fitting import fit
from api.cli.importing import import_
from api.cli.plotting import plot
from api.cli.ranking import rank
from api.cli.rebuilding import rebuild
from api.cli.schema import schema
from api.cli.scoring import score
from api.cli.serving import serve
from api.embedded import EmbeddedServerError
from api.errors import ApiError
from api.web.errors import log_unexpected
from api.writes.importing import ImportRefused

__all__ = ["app", "main"]

gc.freeze()
gc.enable()

app = typer.Typer(
    help="A GraphQL API over a business's customers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(init)
app.command()(migrate)
app.command("import")(import_)
app.command()(demo)
app.command()(check)
app.command()(fit)
app.add_typer(plot, name="plot")
app.command()(rank)
app.command()(rebuild)
app.command()(score)
app.command()(schema)


def main() -> None:
    """Run the command; what a user can put right is one line on standard error and exit code 1 (2 for usage)."""
    # Whoever asks the process to end lets it clean up, as Ctrl-C does: the embedded server stops with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        app()
    except (ApiError, EmbeddedServerError, ImportRefused) as refused:
        _end(str(refused))
    except ValidationError as error:
        _end("; ".join(f"{_variable(found['loc'])}: {found['msg']}" for found in error.errors()))
    except Exception as error:  # noqa: BLE001  (its text may hold customers' data: kind and place must do)
        log_unexpected(error, "none")
        _end("Internal error; the line above says where.")


def _variable(location: tuple[int | str, ...]) -> str:
    """Return the environment variable behind a setting that cannot be used."""
    name = str(location[0])
    return name if name.isupper() else f"REGULARS_{name.upper()}"


def _end(message: str) -> None:
    typer.echo(message, err=True)
    sys.exit(1)
