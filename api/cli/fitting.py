"""`regulars fit`: models of what customers will bring."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from api.cli.database import migrated
from api.cli.options import Data, check_page
from api.domain.lifetime_value.segments import SegmentBasis

__all__ = ["FITTING", "fit"]

# All commands are imported whenever one of them runs; a server would start later for what searches for parameters.
FITTING = "api.cli.fitted.run"


class Segmentation(StrEnum):
    """What customers can be divided by, as one types it."""

    KIND = "kind"
    COUNTRY = "country"
    TAG = "tag"


def fit(
    as_of: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help="Fit to what had happened by then: a day, to its end, or a moment."),
    ] = None,
    segment: Annotated[
        Segmentation | None,
        typer.Option(help="Fit a model to each part of the customers as well: those of one kind, country or tag."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page with figures and plots as well.")
    ] = None,
    data: Data = None,
) -> None:
    """Fit models of lifetime value to all purchases, test them on time they have not seen, and keep the best."""
    if report is not None:
        check_page(report)
    by = None if segment is None else SegmentBasis[segment.name]
    with migrated(data) as (settings, dsn):
        import_module(FITTING).run(settings, dsn, as_of=as_of, by=by, report=report)
