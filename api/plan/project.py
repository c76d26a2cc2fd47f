"""Derived values formed for JSON as a selection asks: functions made once per plan, run once per value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeAlias

import orjson
from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.utils.str_converters import to_camel_case

from api.errors import ApiError
from api.graph.declare import PlannedField, Reference
from api.plan.values import at_run

Project: TypeAlias = Callable[[Any, "Run"], Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """An error on the way up: where it happened, as a path relative to whoever holds it."""

    error: Exception
    path: list[str | int] = field(default_factory=list)


class NullInNonNull(Exception):
    """A place that must hold a value has none; the nearest place that may be empty takes the loss."""


class Hole:
    """The place of a referenced row in an answer; the answer is written once every hole is filled.

    Not a dataclass: orjson writes those out by itself, with everything in them.
    """

    __slots__ = ("below", "reference", "type", "value")

    def __init__(self, reference: Reference, type_: Any, below: Any) -> None:
        self.reference = reference
        self.type = type_
        self.below = below
        self.value: Any = None


class Spliced:
    """An object of an answer of which some members are written already; the rest is, once every hole is filled.

    parts  in their order: members as text, or as an object
    """

    __slots__ = ("parts",)

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = parts

    @property
    def value(self) -> orjson.Fragment:
        """The object."""
        parts = [part if type(part) is str else in_json(part)[1:-1].decode() for part in self.parts]
        return orjson.Fragment(f"{{{','.join(parts)}}}")


def in_json(value: Any) -> bytes:
    """Return a value of an answer as JSON."""
    return orjson.dumps(value, default=attrgetter("value"))


@dataclass(slots=True)
class Run:
    """What forming one answer needs and leaves behind: errors with their places, and holes still to be filled."""

    variables: Mapping[str, Any]
    failures: list[Failure] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)

    def lost(self, error: Exception, key: str | int, mark: int, *, nullable: bool) -> None:
        """Note an error at `key`; pass it on as NullInNonNull where nothing may be missing."""
        if not isinstance(error, NullInNonNull):
            self.failures.append(Failure(error))
        self.below(key, mark)
        if not nullable:
            raise NullInNonNull from None

    def below(self, key: str | int, mark: int) -> None:
        """Put a key before the paths of the errors that came in since a mark."""
        for failure in self.failures[mark:]:
            failure.path.insert(0, key)


def formed(run: Run, key: str | int, project: Project, value: Any, *, nullable: bool) -> Any:
    """Return a value formed for JSON at a key; an error in it is noted with its path, and its place stays empty."""
    mark = len(run.failures)
    try:
        made = project(value, run)
    except (ApiError, NullInNonNull) as error:
        run.lost(error, key, mark, nullable=nullable)
        return None
    if len(run.failures) != mark:
        run.below(key, mark)
    return made


def object_of(members: Sequence[tuple[str, Project, bool]]) -> Project:
    """Return the function that forms an object: per key a function, and whether its value may be missing."""

    pairs = [(key, project) for key, project, _ in members]

    def form(value: Any, run: Run) -> Any:
        marks = len(run.failures), len(run.holes)
        try:
            made = {key: project(value, run) for key, project in pairs}
        except (ApiError, NullInNonNull):
            pass
        else:
            if len(run.failures) == marks[0]:
                return made
        # Seldom does anything go wrong: then each member is made once more, to see which it is.
        del run.failures[marks[0] :], run.holes[marks[1] :]
        return {key: formed(run, key, project, value, nullable=nullable) for key, project, nullable in members}

    return form


def projection(selecting: Any, type_: GraphQLOutputType, below: Any) -> Project:
    """Return the function that forms values of a type for the selection below a field."""
    of = get_nullable_type(type_)
    form = _formed(selecting, of, below)
    if _may_be_view(selecting, of):
        form = _referable(selecting, form, type_, below)
    required = is_non_null_type(type_)

    def project(value: Any, run: Run) -> Any:
        if value is None:
            if required:
                raise TypeError(f"a derived value of type {of} is missing")
            return None
        if isinstance(value, Exception):
            raise value
        return form(value, run)

    return project


def _formed(selecting: Any, type_: Any, below: Any) -> Project:
    if is_leaf_type(type_):
        coerced = type_.coerce_output_value
        return lambda value, run: coerced(value)
    if is_list_type(type_):
        return _listed(projection(selecting, type_.of_type, below), nullable=not is_non_null_type(type_.of_type))
    if is_abstract_type(type_):
        return _dispatched(selecting, type_, below)
    return _object(selecting, type_, below)


def _listed(project: Project, *, nullable: bool) -> Project:
    return lambda value, run: [formed(run, index, project, part, nullable=nullable) for index, part in enumerate(value)]


def _referable(selecting: Any, project: Project, type_: Any, below: Any) -> Project:
    selecting.referred.append(type_)

    def form(value: Any, run: Run) -> Any:
        if type(value) is not Reference:
            return project(value, run)
        run.holes.append(Hole(value, type_, below))
        return run.holes[-1]

    return form


def _dispatched(selecting: Any, type_: Any, below: Any) -> Project:
    # The domain knows no GraphQL types: a value's class has the name of its type.
    members = {
        member.name: _object(selecting, member, below)
        for member in selecting.schema.get_possible_types(type_)
        if not is_view(member)
    }
    return lambda value, run: members[type(value).__name__](value, run)


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
    return object_of([_field(selecting, type_, *entry) for entry in selecting.fields(type_, below).items()])


def _unexpected(value: Any, run: Run) -> Any:
    raise TypeError("a derived value of a view's type must be a Reference")


def _field(selecting: Any, type_: GraphQLObjectType, key: str, below: Any) -> tuple[str, Project, bool]:
    name = below[0].node.name.value
    if name == "__typename":
        return key, lambda value, run: type_.name, False
    field_ = type_.fields[name]
    declaration = field_.extensions["strawberry-definition"]
    project = projection(selecting, field_.type, below)
    nullable = not is_non_null_type(field_.type)
    attribute = attrgetter(declaration.python_name)
    if declaration.base_resolver is None:
        leaf = get_nullable_type(field_.type)
        return key, _leaf(leaf, attribute, project) if is_leaf_type(leaf) else _part(attribute, project), nullable
    given = _python_names(declaration, selecting.arguments(field_, below))
    return key, lambda value, run: project(attribute(value)(**at_run(given, run.variables)), run), nullable


def _part(attribute: Callable[[Any], Any], project: Project) -> Project:
    return lambda value, run: project(attribute(value), run)


def _leaf(type_: Any, attribute: Callable[[Any], Any], project: Project) -> Project:
    coerced = type_.coerce_output_value

    def form(value: Any, run: Run) -> Any:
        # Most of what is formed are leaves that are there: one call less for each.
        found = attribute(value)
        return project(found, run) if found is None or isinstance(found, Exception) else coerced(found)

    return form


def _python_names(declaration: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    names = {to_camel_case(argument.python_name): argument.python_name for argument in declaration.arguments}
    return {names[name]: value for name, value in given.items()}
