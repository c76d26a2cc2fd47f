"""Statements: built with SQLAlchemy Core, compiled once, run by asyncpg."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

if TYPE_CHECKING:
    from sqlalchemy.sql.elements import ClauseElement

_DIALECT = asyncpg_dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text with the names of its parameters in the order of `$1`, `$2`, …"""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, object] = field(default_factory=dict)

    def values(self, given: Mapping[str, object]) -> list[object]:
        """Return the parameters in order; what is not given is the constant the statement was built with."""
        return [given[name] if name in given else self.constants[name] for name in self.names]


def prepare(clause: ClauseElement) -> Statement:
    """Return a Core expression as SQL text for asyncpg."""
    compiled = clause.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    names: Sequence[str] = getattr(compiled, "positiontup", None) or ()
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return Statement(str(compiled), tuple(names), constants)


def _renumbered(first: int, found: re.Match[str]) -> str:
    return f"${int(found[1]) + first}"


def joined(statements: Sequence[Statement]) -> Statement:
    """Return one statement for several that give a place `ord` and one text `c0` each; `part` tells them apart.

    The parameters of statement number n are named `n.name`.
    """
    parts, names, constants = [], list[str](), dict[str, object]()
    for number, statement in enumerate(statements):
        first = len(names)
        text = re.sub(r"\$(\d+)", partial(_renumbered, first), statement.sql)
        parts.append(f"SELECT {number} AS part, ord, c0 FROM ({text}) AS part_{number}")  # noqa: S608  (our own text)
        names += [f"{number}.{name}" for name in statement.names]
        constants |= {f"{number}.{name}": value for name, value in statement.constants.items()}
    return Statement(" UNION ALL ".join(parts) + " ORDER BY part, ord", tuple(names), constants)
