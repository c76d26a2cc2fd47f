"""How many items a field may give, as its arguments say: written in the document, or in variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInputObjectType,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    value_from_ast_untyped,
)

from api.plan.paging import DEFAULT_SIZE
from api.reads.page import LARGEST_SIZE
from api.web.text import LONGEST_LIST

__all__ = ["Size", "size"]

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FromVariable:
    """A number, or a list's length, that a variable holds.

    path     keys that lead to it within the variable
    default  what is taken for the variable where the request has none
    """

    name: str
    path: Path
    default: Any
    is_list: bool

    def at(self, variables: Mapping[str, Any]) -> int:
        """Return the number of items."""
        value = variables.get(self.name, self.default)
        if not self.is_list:
            return _number(value)
        for key in self.path:
            value = value.get(key) if isinstance(value, dict) else None
        return _length(value)


@dataclass(frozen=True, slots=True)
class Size:
    """How many items there may be.

    argument   that says it, or could
    written    by the document itself
    variables  that say it too; the largest counts
    """

    argument: str
    is_list: bool
    written: int
    variables: tuple[FromVariable, ...] = ()

    def at(self, variables: Mapping[str, Any]) -> int:
        """Return the number of items for a request's variables."""
        found = self.written
        for one in self.variables:
            found = max(found, one.at(variables))
        return found

    def smaller(self, size: int) -> str:
        """Return how to ask for fewer."""
        return f"send at most {size} `{self.argument}`" if self.is_list else f"ask for `{self.argument}: {size}`"


def size(field: GraphQLField, node: FieldNode, paths: Sequence[Path], defaults: Mapping[str, Any]) -> Size:
    """Return how many items a field may give.

    paths     of the arguments that say it
    defaults  of the operation's variables
    """
    found = {path: value for path in paths if (value := _value(node, path)) is not None}
    path = next(iter(found), paths[0])
    is_list = _is_list(field, path)
    variables = tuple(
        FromVariable(value.name.value, rest, defaults.get(value.name.value), is_list)
        for value, rest in found.values()
        if isinstance(value, VariableNode)
    )
    written = [_written(value, is_list=is_list) for value, _ in found.values() if not isinstance(value, VariableNode)]
    usual = 0 if is_list or variables else DEFAULT_SIZE
    return Size(path[-1], is_list, max(written, default=usual), variables)


def _value(node: FieldNode, path: Path) -> tuple[ValueNode, Path] | None:
    """Return what is written at a path of an argument, and the rest of the path where that is a variable."""
    found: ValueNode | None = next((one.value for one in node.arguments or () if one.name.value == path[0]), None)
    rest = path[1:]
    while rest and isinstance(found, ObjectValueNode):
        found = next((one.value for one in found.fields if one.name.value == rest[0]), None)
        rest = rest[1:]
    return None if found is None or isinstance(found, NullValueNode) else (found, rest)


def _is_list(field: GraphQLField, path: Path) -> bool:
    type_: Any = field.args[path[0]].type
    for key in path[1:]:
        holder = get_named_type(type_)
        assert isinstance(holder, GraphQLInputObjectType)
        type_ = holder.fields[key].type
    return is_list_type(get_nullable_type(type_))


def _written(value: ValueNode, *, is_list: bool) -> int:
    if is_list:
        return min(len(value.values), LONGEST_LIST) if isinstance(value, ListValueNode) else 1
    return _number(value_from_ast_untyped(value) if isinstance(value, IntValueNode) else str(value))


def _number(value: Any) -> int:
    """Return the size of a page; what is no number is refused later and counts as the largest."""
    if value is None:
        return DEFAULT_SIZE
    return max(0, value) if type(value) is int and value < LARGEST_SIZE else LARGEST_SIZE


def _length(value: Any) -> int:
    if isinstance(value, list):
        return min(len(value), LONGEST_LIST)
    return 0 if value is None else 1
