"""`regulars import`: files of purchases, of things with a term, of feedback, points, referrals and exchange rates."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from api.cli.database import migrated
from api.cli.options import Data
from api.errors import BadUserInput
from api.writes.business import Business
from api.writes.importing import Counts, Format, ImportResult, progress_bar

__all__ = ["import_"]

# All commands are imported whenever one of them runs; a server would start later for what reads Parquet.
_WORK = "api.writes.importing.run"


def import_(
    file: Annotated[Path, typer.Argument(help="Parquet, CSV or JSON lines, also compressed with gzip.")],
    format: Annotated[Format, typer.Option(help="What the file holds.")],  # noqa: A002  (the word on the command line)
    map: Annotated[  # noqa: A002
        list[str] | None,
        typer.Option(
            metavar="FIELD=COLUMN", help="Which column holds a field, for formats of no fixed columns; repeatable."
        ),
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where rows go that cannot be taken.", show_default="FILE.rejects.csv"),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What a new business is called.")] = None,
    currency: Annotated[str | None, typer.Option(metavar="CODE", help="Currency of a new business.")] = None,
    time_zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Time zone of a new business.")] = None,
    data: Data = None,
) -> None:
    """Import purchases, what customers have or said, points, referrals or rates; a second run adds nothing."""
    if not file.is_file():
        raise BadUserInput(f"There is no file {file}.")
    mapping, business = _mapping(map or []), _business(name, currency, time_zone)
    into = rejects or Path(f"{file.name}.rejects.csv")
    with migrated(data) as (_, dsn), progress_bar() as report:
        import_file = import_module(_WORK).import_file
        result: ImportResult = asyncio.run(
            import_file(dsn, file, format=format, rejects=into, mapping=mapping, business=business, report=report)
        )
    _tell(result, into)


def _mapping(entries: list[str]) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in entries]
    if any(not (field and equals and column) for field, equals, column in pairs):
        raise BadUserInput("--map takes a field and its column, such as --map placed_at=InvoiceDate.")
    return {field: column for field, _, column in pairs}


def _business(name: str | None, currency: str | None, time_zone: str | None) -> Business | None:
    if name is None and currency is None and time_zone is None:
        return None
    if name is None or currency is None or time_zone is None:
        raise BadUserInput("A new business needs all of --name, --currency and --time-zone.")
    return Business(name, currency.upper(), time_zone)


def _tell(result: ImportResult, rejects: Path) -> None:
    typer.echo(f"{result.rows_read:,} rows read, {result.rows_taken:,} taken, {result.rows_rejected:,} rejected.")
    typer.echo(f"New:   {_counted(result.added)}")
    typer.echo(f"Known: {_counted(result.known)}")
    for field, count in result.left_out.items():
        typer.echo(f"Left out of new customers: {field}, {count:,} times.")
    for reason, count in sorted(result.rejected.items()):
        typer.echo(f"Rejected: {count:,} rows, {reason}")
    if result.rejected:
        typer.echo(f"The rejected rows are in {rejects}.")


def _counted(counts: Counts) -> str:
    found = {kind: getattr(counts, kind) for kind in Counts.__dataclass_fields__}
    return ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in found.items() if count) or "nothing"
