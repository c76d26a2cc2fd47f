"""What was fetched: rows with what was computed and fetched for them, and how they become parts of an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.database import Statement
from api.graph.sources import Derived
from api.plan.forming import Project, Run, formed, one_by_one
from api.plan.tree import Connected, Info, Name
from api.reads.page import COUNTED_AT_MOST


@dataclass(frozen=True, slots=True)
class Child:
    """A level below, fetched for all rows at once by the columns that its link leaves from."""

    level: FetchedLevel
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """A derived value of a level: the columns it needs, by their name in the row, and what forms its values.

    beside  the column that finishing a value takes as well
    refers  whether values may refer to other rows
    """

    derived: Derived
    columns: Mapping[str, str]
    project: Project
    beside: str | None = None
    refers: bool = False

    def finished(self, values: Mapping[int, Any], rows: Sequence[Any]) -> Mapping[int, Any]:
        """Return the field's values from what was computed for rows, by their places; errors stay what they are."""
        last = self.derived.finished
        if last is None:
            return values
        return {
            index: value if isinstance(value, Exception) else last.make(value, rows[index][self.beside])
            for index, value in values.items()
        }


class Values:
    """The values of a batch by the place of their row, formed for JSON when the first one is asked for.

    Those that refer to other rows are formed one by one as they are shown: what a row beyond the page refers to would
    be read for nothing.
    """

    def __init__(self, batch: Batch, values: Mapping[int, Any]) -> None:
        self._project = batch.project
        self._values = values
        self._made: Mapping[int, Any] | None = {} if batch.refers else None

    def formed(self, places: Sequence[Place], run: Run) -> list[Any]:
        """Return the values of rows formed for JSON, or raise the error in one of them."""
        if self._made is None:
            made = run.all_or_nothing(lambda: self._project(list(self._values.values()), run))
            self._made = {} if made is None else dict(zip(self._values, made, strict=True))
        if self._made:
            return [self._made[place.index] for place in places]
        return self._project([self._values[place.index] for place in places], run)


@dataclass(slots=True)
class FetchedLevel:
    """A statement, and what becomes of its rows.

    keys   names of the parameters that take the parents' columns as arrays; none for a list without parents
    form   makes the answer of one parent from the rows that are its
    is_single  whether each parent has at most one row, and that row is one finished JSON value `c0`
    """

    statement: Statement
    keys: tuple[str, ...]
    form: Callable[[Fetched, range, Run], Any]
    children: tuple[Child, ...] = ()
    batches: tuple[Batch, ...] = ()
    is_single: bool = False


@dataclass(slots=True)
class Fetched:
    """The rows of a level with what was computed and fetched for them."""

    rows: Sequence[Any]
    places: Mapping[int, range] = field(default_factory=dict)
    computed: list[Values] = field(default_factory=list)
    below: list[Fetched] = field(default_factory=list)


class Place:
    """One fetched row: which of the fetched rows it is, and its columns."""

    __slots__ = ("fetched", "index", "row")

    def __init__(self, fetched: Fetched, index: int) -> None:
        self.fetched = fetched
        self.index = index
        self.row = fetched.rows[index]


def listed(fetched: Fetched, places: Sequence[int], project: Project, run: Run) -> list[Any]:
    """Return the objects of rows, with their place in the list as the path of an error."""
    rows, alone = [Place(fetched, index) for index in places], one_by_one(project)
    made = run.all_or_nothing(lambda: project(rows, run))
    if made is not None:
        return made
    return [formed(run, number, alone, row, nullable=False) for number, row in enumerate(rows)]


def connection_form(
    item: Connected, parts: Sequence[Any], cursor: str | None, size: str
) -> Callable[[Fetched, range, Run], Any]:
    """Return the function that makes a connection from its fetched rows.

    parts   per part of the connection the function that makes it of a row, None where no row is needed
    cursor  column with a row's cursor, None where nobody asks for the ends
    size    column with the size of the page
    """
    backward = item.page.backward

    def form(fetched: Fetched, places: range, run: Run) -> Any:
        first = fetched.rows[places[0]] if places else {}
        some = bool(places) and first["rn"] is not None
        inside = [at for at in places if fetched.rows[at]["rn"] <= fetched.rows[at][size]] if some else []
        more = len(inside) < len(places) and some
        shown = inside[::-1] if backward else inside
        cursors = [fetched.rows[at][cursor] for at in (shown[:1] + shown[-1:])] if cursor else []
        facts = _facts(first, cursors, more=more, backward=backward)
        return {
            part.key: _part_value(fetched, part, make, shown, facts, run)
            for part, make in zip(item.parts, parts, strict=True)
        }

    return form


def _part_value(fetched: Fetched, part: Any, make: Any, shown: Sequence[int], facts: Any, run: Run) -> Any:
    if isinstance(part, Name):
        return part.name
    if isinstance(part, Info):
        return {key: facts.get(of, of) for key, of in part.facts}
    return formed(run, part.key, lambda _, run: listed(fetched, shown, make, run), None, nullable=False)


def _facts(first: Any, cursors: Sequence[str], *, more: bool, backward: bool) -> dict[str, Any]:
    total = first.get("total")
    return {
        "hasNextPage": _held(first, "has_behind") or (more and not backward),
        "hasPreviousPage": _held(first, "has_before") or (more and backward),
        "startCursor": cursors[0] if cursors else None,
        "endCursor": cursors[-1] if cursors else None,
        "count": None if total is None else min(total, COUNTED_AT_MOST),
        "precision": "AT_LEAST" if (total or 0) > COUNTED_AT_MOST else "EXACT",
    }


def _held(row: Any, name: str) -> bool:
    return bool(row.get(name))
