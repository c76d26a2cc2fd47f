"""Statements: built with SQLAlchemy Core, compiled once, run by asyncpg."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

if TYPE_CHECKING:
    from sqlalchemy.sql.elements import ClauseElement

_DIALECT = asyncpg_dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Statement:
    """SQL text with the names of its parameters in the order of `$1`, `$2`, …"""

    def __init__(self, sql: str, names: tuple[str, ...], constants: Mapping[str, object] | None = None) -> None:
        self.sql = sql
        self.names = names
        self.constants = constants or {}

    def values(self, given: Mapping[str, object]) -> list[object]:
        """Return the parameters in order; what is not given is the constant the statement was built with."""
        return [given[name] if name in given else self.constants[name] for name in self.names]


class _Unwritten(Statement):
    """One whose text is written when it is first read: most commands, and a server's first seconds, say little."""

    def __init__(self, clause: Callable[[], ClauseElement]) -> None:
        self._clause = clause

    def __getattr__(self, name: str) -> Any:
        if name not in {"sql", "names", "constants"}:
            raise AttributeError(name)
        compiled = self._clause().compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        super().__init__(str(compiled), tuple(getattr(compiled, "positiontup", None) or ()), constants)
        del self._clause
        return getattr(self, name)


def prepare(clause: ClauseElement) -> Statement:
    """Return a Core expression as SQL text for asyncpg."""
    return prepare_later(lambda: clause)


def prepare_later(clause: Callable[[], ClauseElement]) -> Statement:
    """Return what `prepare` does of an expression that takes long to form, and is formed when it is needed, too."""
    return _Unwritten(clause)


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
