"""From the value of a filter to conditions: one reading of the declarations for every filter of the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import GraphQLField, GraphQLInputObjectType, get_named_type, get_nullable_type, is_list_type

from api.domain.purchase import article
from api.errors import BadUserInput
from api.graph.arguments import ConditionField
from api.plan.tree import Narrow
from api.plan.values import Parameters
from api.reads import conditions, search
from api.reads.identity import as_kept
from api.reads.json import kind_of
from api.reads.relation import Expression, Row


@dataclass(frozen=True, slots=True)
class Value:
    """The value of one condition, to be used as parameters."""

    value: Any
    parameters: Parameters

    def parameter(self, kind: str, *path: str, convert: Callable[[Any], object] | None = None) -> Expression:
        """Return the parameter for the value, or for the part of it that the path names."""
        part = self.value
        for step in path:
            part = part[step]
        return self.parameters.add(part, kind, convert)

    def known(self) -> Any:
        """Return a flag or members of an enum themselves."""
        return _plain(self.value)

    def maybe(self, kind: str, *path: str, convert: Callable[[Any], object] | None = None) -> Expression | None:
        """Return the parameter for a part of the value, or None where it is not given."""
        part = self.value
        for step in path:
            part = part.get(step) if part is not None else None
        return None if part is None else self.parameters.add(part, kind, convert)

    def past(self, name: str) -> Expression:
        """Return the parameter for a moment; to run it with one after that of the answer raises BadUserInput."""

        def checked(both: Mapping[str, Any]) -> Any:
            if both["given"] > both["moment"]:
                raise BadUserInput(f"`{name}` must not be later than the moment of the answer: asOf, or now.")
            return both["given"]

        both = {"given": self.value[name], "moment": self.parameters.moment}
        return self.parameters.add(both, "moment", checked)


def narrowing(field: GraphQLField, arguments: Mapping[str, Any], parameters: Parameters) -> Narrow:
    """Return the conditions that `by`, `filter`, `query` and `sku` put on a row."""
    given = [(name, arguments[name]) for name in ("by", "filter") if arguments.get(name) is not None]

    def narrow(row: Row) -> list[Any]:
        found = [holds(_input(field, name), value, row, parameters, of_all=True) for name, value in given]
        if arguments.get("sku") is not None:
            found.append(row["sku"] == parameters.add(arguments["sku"], "text", as_kept(article)))
        if arguments.get("query") is not None:
            found.append(_matches(row, arguments["query"], parameters))
        return found

    return narrow


def _input(field: GraphQLField, name: str) -> GraphQLInputObjectType:
    type_ = get_named_type(field.args[name].type)
    assert isinstance(type_, GraphQLInputObjectType)
    return type_


def _matches(row: Row, query: Any, parameters: Parameters) -> Any:
    longest = parameters.add(query, "text", lambda text: search.pattern(search.words(text)[0]))
    every = parameters.add(query, "text", lambda text: " ".join(search.pattern(word) for word in search.words(text)))
    return search.matches(row, longest, every)


def holds(
    type_: GraphQLInputObjectType, value: Mapping[str, Any], row: Row, parameters: Parameters, *, of_all: bool
) -> Any:
    """Return whether all conditions of a filter hold; `of_all` says whether they must hold of every row wanted."""
    given = [(name, part) for name, part in value.items() if part is not None]
    return conditions.every([_one(type_, name, part, row, parameters, of_all=of_all) for name, part in given])


def _one(
    type_: GraphQLInputObjectType, name: str, value: Any, row: Row, parameters: Parameters, *, of_all: bool
) -> Any:
    if name == "not":
        return conditions.opposite(holds(type_, value, row, parameters, of_all=False))
    if name in ("and", "or"):
        parts = [holds(type_, part, row, parameters, of_all=of_all and name == "and") for part in value]
        return conditions.every(parts) if name == "and" else conditions.some(parts)
    declaration = type_.fields[name].extensions["strawberry-definition"]
    assert isinstance(declaration, ConditionField)
    if declaration.names_segments:
        named = [segment["filter"] for segment in parameters.segments.named(value)]
        of_all = of_all and len(named) == 1
        return conditions.some([holds(type_, each, row, parameters, of_all=of_all) for each in named])
    if declaration.requires and of_all and value is True:
        row.require(declaration.requires)
    if declaration.test:
        return declaration.test(row, Value(value, parameters))
    listed = is_list_type(get_nullable_type(type_.fields[name].type))
    return _compared(row[declaration.names or declaration.python_name], value, parameters, listed=listed)


def _compared(expression: Expression, value: Any, parameters: Parameters, *, listed: bool) -> Any:
    kind = kind_of(expression)
    if isinstance(value, Mapping):
        return conditions.every(
            [_operated(name, expression, part, kind, parameters) for name, part in value.items() if part is not None]
        )
    if kind == "texts":
        return conditions.overlap(expression, parameters.add(value, "texts"))
    return _operated("in" if listed else "eq", expression, value, kind, parameters)


def _operated(name: str, expression: Expression, value: Any, kind: str, parameters: Parameters) -> Any:
    if name == "isNull":
        return conditions.missing(expression) if value else conditions.present(expression)
    if name == "in":
        return conditions.one_of(expression, parameters.add(value, f"{kind}s", _plain))
    return conditions.COMPARISONS[name](expression, parameters.add(value, kind, _plain))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value.value if isinstance(value, Enum) else value
