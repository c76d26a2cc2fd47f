"""Derived values formed for JSON as a selection asks: functions made once per plan, run once per batch of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from math import isfinite
from operator import attrgetter
from types import NoneType
from typing import Any

from graphql import (
    GraphQLFloat,
    GraphQLObjectType,
    GraphQLOutputType,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.utils.str_converters import to_camel_case

from api.graph.declare import PlannedField, Reference
from api.plan.forming import Hole, Project, Run, formed, objects_of, one_by_one, together
from api.plan.values import at_run


def projection(selecting: Any, type_: GraphQLOutputType, below: Any) -> Project:
    """Return the function that forms values of a type for the selection below a field."""
    of = get_nullable_type(type_)
    form = _formed(selecting, of, below)
    if _may_be_view(selecting, of):
        form = _referable(selecting, form, type_, below)
    required = is_non_null_type(type_)

    def project(values: Sequence[Any], run: Run) -> list[Any]:
        kinds = set(map(type, values))
        if any(issubclass(kind, Exception) for kind in kinds):
            raise next(value for value in values if isinstance(value, Exception))
        if NoneType not in kinds:
            return form(values, run)
        if required:
            raise TypeError(f"a derived value of type {of} is missing")
        made = iter(form([value for value in values if value is not None], run))
        return [None if value is None else next(made) for value in values]

    return project


def _formed(selecting: Any, type_: Any, below: Any) -> Project:
    if is_leaf_type(type_):
        return _leaves(type_)
    if is_list_type(type_):
        return _listed(projection(selecting, type_.of_type, below), nullable=not is_non_null_type(type_.of_type))
    if is_abstract_type(type_):
        return _dispatched(selecting, type_, below)
    return _object(selecting, type_, below)


def _leaves(type_: Any) -> Project:
    coerced = type_.coerce_output_value

    def project(values: Sequence[Any], run: Run) -> list[Any]:
        # Floats are what graphql-core would make of them, unless they are no numbers at all.
        if type_ is GraphQLFloat and set(map(type, values)) == {float} and all(map(isfinite, values)):
            return list(values)
        return list(map(coerced, values))

    return project


def _listed(project: Project, *, nullable: bool) -> Project:
    part_of = one_by_one(project)

    def all_at_once(values: Sequence[Any], run: Run) -> list[Any]:
        made = iter(project([part for value in values for part in value], run))
        return [list(islice(made, len(value))) for value in values]

    def alone(value: Any, run: Run) -> list[Any]:
        return [formed(run, index, part_of, part, nullable=nullable) for index, part in enumerate(value)]

    return together(all_at_once, alone)


def _referable(selecting: Any, project: Project, type_: Any, below: Any) -> Project:
    selecting.referred.append(type_)
    alone = one_by_one(project)

    def form(value: Any, run: Run) -> Any:
        if type(value) is not Reference:
            return alone(value, run)
        run.holes.append(Hole(value, type_, below))
        return run.holes[-1]

    return lambda values, run: [form(value, run) for value in values]


def _dispatched(selecting: Any, type_: Any, below: Any) -> Project:
    # The domain knows no GraphQL types: a value's class has the name of its type.
    members = {
        member.name: _object(selecting, member, below)
        for member in selecting.schema.get_possible_types(type_)
        if not is_view(member)
    }

    def project(values: Sequence[Any], run: Run) -> list[Any]:
        kinds = set(map(type, values))
        if len(kinds) == 1:
            return members[kinds.pop().__name__](values, run)
        names = [type(value).__name__ for value in values]
        made = {
            name: iter(members[name]([value for value in values if type(value).__name__ == name], run))
            for name in dict.fromkeys(names)
        }
        return [next(made[name]) for name in names]

    return project


def is_view(type_: GraphQLObjectType) -> bool:
    """Return whether a type's fields are read from the database, so that values of it are references."""
    return any(isinstance(field.extensions["strawberry-definition"], PlannedField) for field in type_.fields.values())


def _may_be_view(selecting: Any, type_: Any) -> bool:
    if is_abstract_type(type_):
        return any(is_view(member) for member in selecting.schema.get_possible_types(type_))
    return isinstance(type_, GraphQLObjectType) and is_view(type_)


def _object(selecting: Any, type_: GraphQLObjectType, below: Any) -> Project:
    if is_view(type_):
        return _unexpected
    return objects_of([_field(selecting, type_, *entry) for entry in selecting.fields(type_, below).items()])


def _unexpected(values: Sequence[Any], run: Run) -> list[Any]:
    raise TypeError("a derived value of a view's type must be a Reference")


def _field(selecting: Any, type_: GraphQLObjectType, key: str, below: Any) -> tuple[str, Project, bool]:
    name = below[0].node.name.value
    if name == "__typename":
        return key, lambda values, run: [type_.name] * len(values), False
    field_ = type_.fields[name]
    declaration = field_.extensions["strawberry-definition"]
    project = projection(selecting, field_.type, below)
    nullable = not is_non_null_type(field_.type)
    attribute = attrgetter(declaration.python_name)
    if declaration.base_resolver is None:
        return key, lambda values, run: project(list(map(attribute, values)), run), nullable
    given = _python_names(declaration, selecting.arguments(field_, below))

    def called(values: Sequence[Any], run: Run) -> list[Any]:
        arguments = at_run(given, run.variables)
        return project([attribute(value)(**arguments) for value in values], run)

    return key, called, nullable


def _python_names(declaration: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    names = {to_camel_case(argument.python_name): argument.python_name for argument in declaration.arguments}
    return {names[name]: value for name, value in given.items()}
