"""Which column of a file holds which field: named by the caller, or recognised by its own name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from api.writes.importing.files import Cells
from api.writes.importing.lines import listed
from api.writes.importing.results import ImportRefused

Cell = Callable[[Cells], object]


def cells_of_fields(
    columns: tuple[str, ...], mapping: Mapping[str, str], *, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, Cell]:
    """Return, for every field that the file has, how to take its cell from a row; raise ImportRefused.

    mapping: field to column; a text that begins with `=` is no column but the value of every row.
    A field that is not mapped is the column of its name, whatever its case, blanks, hyphens and underscores.
    """
    for name in mapping:
        if name not in required + optional:
            raise ImportRefused(f"There is no field “{name}” to map. Fields are: {', '.join(required + optional)}.")
    found = {name: _cell(columns, name, mapping.get(name)) for name in required + optional}
    lacking = [name for name in required if found[name] is None]
    if lacking:
        raise ImportRefused(
            f"The file has no column for {', '.join(lacking)}. Say which they are: --map {lacking[0]}=COLUMN. "
            + listed(columns)
        )
    return {name: cell for name, cell in found.items() if cell is not None}


def _cell(columns: tuple[str, ...], name: str, mapped: str | None) -> Cell | None:
    if mapped is not None and mapped.startswith("="):
        constant = mapped[1:]
        return lambda cells: constant
    if mapped is not None and mapped not in columns:
        raise ImportRefused(f"The file has no column “{mapped}” for {name}. {listed(columns)}")
    chosen = (
        mapped if mapped is not None else next((own for own in columns[::-1] if _folded(own) == _folded(name)), None)
    )
    if chosen is None:
        return None
    # Where a file of rejected rows has two columns of one name, the second is the file's own.
    index = len(columns) - 1 - columns[::-1].index(chosen)
    return lambda cells: cells[index]


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()
