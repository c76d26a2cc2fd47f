"""Variables are coerced as graphql-core coerces them; what it would not take, or not as it is, is left to it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from graphql import GraphQLInputField, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, GraphQLString, Undefined
from graphql.utilities import coerce_input_value

from api.graph.schema import executable
from api.plan.coercion import Unusual, coercion
from tests.graph.test_inputs import INPUTS

RECENT = {"createdAt": {"gte": "2025-01-01T00:00:00Z"}}
FILTER: Any = {"or": [{"kind": ["BUSINESS"], "tags": ["a"]}, {"and": [RECENT, {}]}], "not": RECENT}
GIVEN = [*INPUTS, ("CustomerFilterInput", FILTER), ("CustomerIdentifierInput", {"id": "x"})]
OTHERS: tuple[Any, ...] = (None, "x", "", 7, 1.5, True, [], ["x"], {}, {"id": "x"}, Undefined)
LEFT = "left to graphql-core"


def required(name: str) -> Any:
    named: Any = executable.type_map[name]
    return GraphQLNonNull(named)


def ours(type_: Any, value: Any) -> Any:
    try:
        return coercion(type_)(value)
    except Exception:  # noqa: BLE001  (a scalar's own)
        return LEFT


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every dictionary or list in a value, with each key or index of it."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in list(parts):
        yield value, key
        yield from places(part)


def changed(value: Any) -> Iterator[Any]:
    """Yield a value with one part of it missing, one too many, or another one in its place."""
    for number in range(len(list(places(value)))):
        for other in OTHERS:
            copied = deepcopy(value)
            holder, key = list(places(copied))[number]
            if other is Undefined:
                del holder[key]
            else:
                holder[key] = other
            yield copied
    for number in range(len(list(places(value)))):
        copied = deepcopy(value)
        holder, _ = list(places(copied))[number]
        if isinstance(holder, dict):
            holder["nothing"] = 1
            yield copied


@pytest.mark.parametrize(("name", "value"), GIVEN)
def test_a_value_is_coerced_as_graphql_core_does(name: str, value: Any):
    type_ = required(name)
    assert ours(type_, value) == coerce_input_value(value, type_)


@pytest.mark.parametrize(("name", "value"), GIVEN)
def test_a_value_that_is_not_quite_right_is_left_to_graphql_core(name: str, value: Any):
    type_ = required(name)
    for other in changed(value):
        theirs, found = coerce_input_value(other, type_), ours(type_, other)
        assert (found is LEFT) if theirs is Undefined else (found is LEFT or found == theirs), other


@pytest.mark.parametrize("value", [{}, {"a": None}, {"a": "x", "b": "y"}, {"a": "x", "b": None}, {"a": "x"}])
def test_an_input_of_exactly_one_field_is_left_to_graphql_core_with_any_other_number(value: Any):
    fields = {name: GraphQLInputField(GraphQLString) for name in ("a", "b")}
    theirs = coerce_input_value(value, either := GraphQLInputObjectType("Either", fields, is_one_of=True))
    assert ours(either, value) == (LEFT if theirs is Undefined else theirs)


@pytest.mark.parametrize("value", [None, [], ["a"], ["a", None], "a", [["a"]], 1, ("a",), {"a": 1}])
def test_a_list_is_coerced_as_graphql_core_does_or_left_to_it(value: Any):
    for type_ in (
        GraphQLList(GraphQLString),
        GraphQLList(GraphQLNonNull(GraphQLString)),
        GraphQLNonNull(GraphQLList(GraphQLString)),
    ):
        theirs, found = coerce_input_value(value, type_), ours(type_, value)
        assert found == (theirs if (value is None or type(value) is list) and theirs is not Undefined else LEFT)


def test_a_filter_as_deep_as_nobody_writes_is_left_to_graphql_core():
    deep: Any = {}
    for _ in range(120):
        deep = {"and": [deep]}
    with pytest.raises(Unusual):
        coercion(required("CustomerFilterInput"))(deep)
