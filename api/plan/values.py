"""Values of arguments: known when a plan is made, or only when it runs.

A plan is kept for the shape of the variables: which are given, and those that change the statement (flags and enum
members). Every other value is a parameter, found again at each run by its way through the variables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from api.plan.segments import Segments
from api.reads.json import parameter
from api.reads.relation import Expression

Way: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that the variables hold when the plan runs."""

    way: Way


NOW, OWNER, AS_OF, KNOWN_AT = (Slot((name,)) for name in (":now", ":owner", ":asOf", ":knownAt"))
"""What a run brings besides the variables; no variable of a document can have such a name."""


def shape(value: Any) -> Any:
    """Return what of a value changes a plan; hashable, and equal for values that one plan serves."""
    if value is None or isinstance(value, bool | Enum):
        return (type(value).__name__, value)
    if isinstance(value, Mapping):
        return tuple((name, shape(part)) for name, part in sorted(value.items()))
    if isinstance(value, list):
        return ("list", *(shape(part) for part in value)) if _changes_plan(value) else "list"
    return "value"


def slots(value: Any, way: Way = ()) -> Any:
    """Return the same structure with a slot in place of every value that does not change a plan."""
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, Mapping):
        return {name: slots(part, (*way, name)) for name, part in value.items()}
    if isinstance(value, list) and _changes_plan(value):
        return [slots(part, (*way, index)) for index, part in enumerate(value)]
    return Slot(way)


def _changes_plan(value: list[Any]) -> bool:
    # An empty list may be one of flags or of filters; nothing in it tells.
    return not value or any(part is None or isinstance(part, bool | Enum | Mapping | list) for part in value)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a statement: where its value comes from and how it is made fit."""

    name: str
    source: Any
    convert: Callable[[Any], object] | None = None

    def value(self, variables: Mapping[str, Any]) -> object:
        """Return the value for one run; raise BadUserInput where it does not fit."""
        found = at_run(self.source, variables)
        return self.convert(found) if self.convert else found


def at_run(value: Any, variables: Mapping[str, Any]) -> Any:
    """Return a value with every slot in it filled from the variables."""
    if isinstance(value, Slot):
        found: Any = variables
        for step in value.way:
            found = found[step]
        return found
    if isinstance(value, Mapping):
        return {name: at_run(part, variables) for name, part in value.items()}
    if isinstance(value, list):
        return [at_run(part, variables) for part in value]
    return value


class Parameters:
    """The parameters of one plan, in the order in which they were met.

    moment    the source of the instant on which the answer rests
    segments  those that the plan uses
    """

    def __init__(self, segments: Segments | None = None) -> None:
        self._found: dict[str, Parameter] = {}
        self.moment: Any = NOW
        self.segments = segments or Segments()

    def add(self, source: Any, kind: str, convert: Callable[[Any], object] | None = None) -> Expression:
        """Register a parameter and return the expression that stands for it."""
        name = f"p{len(self._found)}"
        self._found[name] = Parameter(name, source, convert)
        return parameter(name, kind)

    def values(self, variables: Mapping[str, Any]) -> dict[str, object]:
        """Return every parameter's value for one run."""
        return {name: found.value(variables) for name, found in self._found.items()}
