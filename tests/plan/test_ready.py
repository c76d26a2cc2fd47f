"""What the runs of an operation share changes no answer: the second run says what the first one said."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import parse

from api.access import EVERYBODY
from api.graph.schema import executable
from api.plan.operation import Operation
from api.plan.ready import executor_for, known_of

DEEP: Any = {}
for _ in range(600):
    DEEP = {"and": [DEEP]}

GIVEN = [
    ("query ($id: ID!) { customer(by: {id: $id}) { id } }", {"id": "cus_1"}),
    ("query ($id: ID!) { customer(by: {id: $id}) { id } }", {}),
    ("query ($id: ID!) { customer(by: {id: $id}) { id } }", {"id": None}),
    ("query ($id: ID!) { customer(by: {id: $id}) { id } }", {"id": ["cus_1"]}),
    ("query ($first: Int) { customers(first: $first) { nodes { id } } }", {}),
    ("query ($first: Int) { customers(first: $first) { nodes { id } } }", {"first": None}),
    ("query ($first: Int) { customers(first: $first) { nodes { id } } }", {"first": 3, "unknown": 1}),
    ("query ($first: Int) { customers(first: $first) { nodes { id } } }", {"first": "3"}),
    ("query ($first: Int = 2) { customers(first: $first) { nodes { id } } }", {}),
    ("query ($first: Int = 2) { customers(first: $first) { nodes { id } } }", {"first": 5}),
    ("query ($where: CustomerFilterInput) { customers(filter: $where) { nodes { id } } }", {"where": DEEP}),
    ("query ($where: CustomerFilterInput) { customers(filter: $where) { nodes { id } } }", {"where": {"nothing": 1}}),
]


def values(text: str, variables: dict[str, Any], ready: dict[Any, Any]) -> Any:
    """Return the coerced variables and where each comes from, or the messages about them."""
    nothing: Any = None  # nothing is executed
    context = Operation(nothing, EVERYBODY, nothing, {}, ready)
    made = executor_for(executable, parse(text), context, variables, None, known_of(context, variables, None))
    if isinstance(made, list):
        return [error.message for error in made]
    return made.variable_values.coerced, {name: source[1:] for name, source in made.variable_values.sources.items()}


@pytest.mark.parametrize(("text", "variables"), GIVEN)
def test_variables_are_the_same_in_the_first_run_and_in_the_second(text: str, variables: dict[str, Any]):
    ready: dict[Any, Any] = {}
    for valid in ({"id": "cus_0"}, {"first": 1}, {"where": None}):
        if all(f"${name}" in text for name in valid):
            values(text, valid, ready)
    assert ready
    assert values(text, variables, ready) == values(text, variables, {})
