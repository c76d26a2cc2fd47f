"""How many conditions filters hold: written in the document, or in variables.

A plain value is a condition, and so is a list of plain values, however long: the database looks a value up in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLField,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from api.errors import DocumentTooLarge
from api.web.limits import setting

__all__ = ["Conditions", "conditions", "require_few"]

FILTER = "FilterInput"
"""What the names of all types of filters end with."""

Used: TypeAlias = tuple[str, Any]
"""A variable's name, and what is taken where the request has none."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions given to a field.

    way        response keys that lead to the field
    argument   that holds them
    written    conditions in the document itself
    variables  that hold more
    """

    way: tuple[str, ...]
    argument: str
    written: int
    variables: tuple[Used, ...]

    @property
    def changes(self) -> bool:
        """Whether their number depends on variables."""
        return bool(self.variables)

    def at(self, variables: Mapping[str, Any]) -> int:
        """Return how many there are, each of which costs a point."""
        return self.written + sum(_counted(variables.get(name, default)) for name, default in self.variables)

    def up_to(self, most: int, variables: Mapping[str, Any]) -> int:
        """Return how many there are, counting no further than just above `most`."""
        found = self.written
        for name, default in self.variables:
            if found <= most:
                found += _counted(variables.get(name, default), most)
        return found

    def with_sizes(self, sizes: Mapping[int, int]) -> int:
        return sizes[id(self)]

    @property
    def place(self) -> str:
        """Where they are, as a refusal names it."""
        names = ", ".join(f"`${name}`" for name in dict(self.variables))
        return f"`{self.argument}` of `{'.'.join(self.way)}`" + (f" ({names})" if names else "")


def conditions(
    field: GraphQLField, node: FieldNode, way: tuple[str, ...], defaults: Mapping[str, Any]
) -> list[Conditions]:
    """Return the conditions of the filters given to a field.

    defaults  of the operation's variables
    """
    given = [one for one in node.arguments or () if not isinstance(one.value, NullValueNode)]
    filters = [one for one in given if get_named_type(field.args[one.name.value].type).name.endswith(FILTER)]
    return [Conditions(way, one.name.value, *_written(one.value, defaults)) for one in filters]


def require_few(filters: Iterable[Conditions], variables: Mapping[str, Any], most: int, beside: int = 0) -> None:
    """Raise DocumentTooLarge, naming the place, where the filters of an operation hold more conditions than `most`.

    beside  conditions of the segments that they name
    """
    found, largest, place = beside, beside or -1, "segments that they name"
    for one in filters:
        number = one.up_to(most, variables)
        if number > largest:
            largest, place = number, one.place
        found += number
        if found > most:
            held = f"The filters of the operation hold more than {most:,} conditions, most of them in {place}"
            raise DocumentTooLarge(f"{held}; {most:,} are the most ({setting('conditions')}).")


def _written(value: ValueNode, defaults: Mapping[str, Any]) -> tuple[int, tuple[Used, ...]]:
    waiting, found, variables = [value], 0, []
    while waiting:
        node = waiting.pop()
        if isinstance(node, VariableNode):
            variables.append((node.name.value, defaults.get(node.name.value)))
            continue
        parts: list[ValueNode] = []
        if isinstance(node, ListValueNode):
            parts = [part for part in node.values if isinstance(part, ListValueNode | ObjectValueNode | VariableNode)]
            found += len(parts) < len(node.values)
        elif isinstance(node, ObjectValueNode):
            parts = [part.value for part in node.fields]
        found += not (parts or (isinstance(node, ListValueNode) and node.values))
        waiting += parts
    return found, tuple(variables)


def _counted(value: Any, most: int | None = None) -> int:
    """Return the conditions in a variable's value; with `most`, no further than just above it."""
    if value is None:
        return 0
    waiting, found = [value], 0
    while waiting and (most is None or found <= most):
        part = waiting.pop()
        parts: list[Any] = []
        if isinstance(part, list):
            parts = [each for each in part if isinstance(each, dict | list)]
            found += len(parts) < len(part)
        elif isinstance(part, dict):
            parts = list(part.values())
        found += not (parts or (isinstance(part, list) and part))
        waiting += parts
    return found
