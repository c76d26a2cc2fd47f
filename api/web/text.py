"""Which texts are taken: any script, but nothing that cannot be kept or that makes text read otherwise than it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    FieldNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    Node,
    ObjectFieldNode,
    StringValueNode,
    VariableDefinitionNode,
)

from api.domain.text import UNWANTED
from api.errors import BadUserInput

LONGEST_TEXT = 10_000
LONGEST_NUMBER = 40
LONGEST_LIST = 250
"""No list of an input takes more."""
DEEPEST_VALUE = 16

_NAMED = (ArgumentNode, DirectiveNode, FieldNode, ObjectFieldNode)


def check_variables(variables: dict[str, Any], most: int) -> None:
    """Raise BadUserInput for a text or a list that is not taken, for values too deep in one another, or too many.

    most  values that are taken, in one another or side by side
    """
    waiting: list[tuple[dict[str, Any] | list[Any], tuple[str | int, ...]]] = [(variables, ())]
    found = 0
    while waiting:
        held, way = waiting.pop()
        if len(way) > DEEPEST_VALUE:
            raise BadUserInput(f"Variable `${way[0]}` is nested too deeply; {DEEPEST_VALUE} levels are the most.")
        if len(held) > LONGEST_LIST and isinstance(held, list):
            raise _too_long("${}", way)
        found += len(held)
        if found > most:
            raise BadUserInput(f"The variables hold more than {most:,} values; send less at once.")
        for step, part in held.items() if isinstance(held, dict) else enumerate(held):
            if isinstance(part, dict | list):
                waiting.append((part, (*way, step)))
            elif isinstance(part, str) and (len(part) > LONGEST_TEXT or UNWANTED.search(part)):
                check_text(part, "${}", (*way, step))


def check_literals(document: Node) -> None:
    """Raise BadUserInput, naming the field and argument, for a text, number or list in a document that is not taken."""
    waiting: list[tuple[Node, tuple[str | int, ...]]] = [(document, ())]
    while waiting:
        node, way = waiting.pop()
        if isinstance(node, StringValueNode):
            check_text(node.value, "{}", way)
        if isinstance(node, IntValueNode | FloatValueNode) and len(node.value) > LONGEST_NUMBER:
            raise BadUserInput(f"The number at `{_named('{}', way)}` has more than {LONGEST_NUMBER} digits.")
        if isinstance(node, ListValueNode) and len(node.values) > LONGEST_LIST:
            raise _too_long("{}", way)
        waiting += [(below, _below(node, way)) for below in _parts(node)]


def check_text(text: str, place: str, way: tuple[str | int, ...]) -> None:
    """Raise BadUserInput for one text that is not taken; `way` is where it stands."""
    if len(text) > LONGEST_TEXT:
        found = f"is longer than {LONGEST_TEXT:,} characters"
    elif unwanted := UNWANTED.search(text):
        found = f"holds the character U+{ord(unwanted[0]):04X}, which is not taken"
    else:
        return
    raise BadUserInput(f"The text at `{_named(place, way)}` {found}.")


def _too_long(place: str, way: tuple[str | int, ...]) -> BadUserInput:
    return BadUserInput(f"The list at `{_named(place, way)}` has more than {LONGEST_LIST} values; send less at once.")


def _named(place: str, way: tuple[str | int, ...]) -> str:
    return place.format(".".join(str(step) for step in way))


def _below(node: Node, way: tuple[str | int, ...]) -> tuple[str | int, ...]:
    if isinstance(node, VariableDefinitionNode):
        return (f"${node.variable.name.value}",)
    return (*way, node.name.value) if isinstance(node, _NAMED) else way


def _parts(node: Node) -> Iterator[Node]:
    """Yield what may hold values; a description is for readers of the document and goes nowhere."""
    for key in node.keys:
        part = getattr(node, key) if key not in ("loc", "description") else None
        if isinstance(part, Node):
            yield part
        elif isinstance(part, list | tuple):
            yield from part
