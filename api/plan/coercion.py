"""Coercing the values of variables: what graphql-core looks up again for every value is looked up once per type.

Only values that are right and plain are coerced here. At any other, `Unusual` or a scalar's own error is raised, and
graphql-core is left to coerce it, or to say what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    Undefined,
    get_named_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.values import input_is_nested_too_deeply
from graphql.utilities.coerce_input_value import coerce_default_value

__all__ = ["Coercion", "Unusual", "coercion"]

Coercion = Callable[[Any], Any]


class Unusual(Exception):
    """A value that is wrong, or is coerced in a way that is not usual."""


class Part(NamedTuple):
    """A field of an input: its name, that of its coerced value, how a value is coerced, and what stands for none."""

    name: str
    out_name: str
    coerce: Coercion
    is_nullable: bool
    default: Any


_known: dict[GraphQLInputObjectType, list[Part]] = {}


def coercion(type_: GraphQLInputType) -> Coercion:
    """Return what coerces a value as graphql-core does, or raises an error that tells nothing."""
    coerce = partial(_one, _of_value(type_), not is_non_null_type(type_))
    return partial(_shallow, type_, coerce) if _nests(type_) else coerce


def _nests(type_: Any, above: frozenset[Any] = frozenset()) -> bool:
    """Return whether a value of the type may hold another one of it, and so be as deep as the caller likes."""
    named: Any = get_named_type(type_)
    if named in above or not is_input_object_type(named):
        return named in above
    return any(_nests(field.type, above | {named}) for field in named.fields.values())


def _shallow(type_: GraphQLInputType, coerce: Coercion, value: Any) -> Any:
    if input_is_nested_too_deeply(value, type_):
        raise Unusual
    return coerce(value)


def _of_value(type_: Any) -> Coercion:
    """Return what coerces a value that is not null."""
    if is_non_null_type(type_):
        return _of_value(type_.of_type)
    if is_list_type(type_):
        return partial(_list, _of_value(type_.of_type), not is_non_null_type(type_.of_type))
    if is_input_object_type(type_):
        return partial(_object, type_, _parts(type_))
    coerce: Coercion = type_.coerce_input_value
    return coerce


def _parts(type_: GraphQLInputObjectType) -> Sequence[Part]:
    if type_ not in _known:
        parts = _known[type_] = []  # known before its fields are: one of them may be of the same type
        for name, field in type_.fields.items():
            default = coerce_default_value(field)
            nullable = not is_non_null_type(field.type)
            parts.append(Part(name, field.out_name or name, _of_value(field.type), nullable, default))
    return _known[type_]


def _one(coerce: Coercion, is_nullable: bool, value: Any) -> Any:
    if value is not None:
        return coerce(value)
    if not is_nullable:
        raise Unusual
    return None


def _list(coerce: Coercion, is_nullable: bool, values: Any) -> list[Any]:
    # A single value that stands for a list of one is left to graphql-core.
    if type(values) is not list:
        raise Unusual
    return [_one(coerce, is_nullable, value) for value in values]


def _object(type_: GraphQLInputObjectType, parts: Sequence[Part], value: Any) -> Any:
    if type(value) is not dict:
        raise Unusual
    made, met = dict[str, Any](), 0
    for name, out_name, coerce, is_nullable, default in parts:
        if name in value:
            met += 1
            part = value[name]
            made[out_name] = coerce(part) if part is not None else _one(coerce, is_nullable, None)
        elif default is not Undefined:
            made[out_name] = default
        elif not is_nullable:
            raise Unusual
    if met < len(value) or (type_.is_one_of and (len(made) != 1 or None in made.values())):
        raise Unusual
    return type_.out_type(made)
