"""Which variables a selection uses: only those can change its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import FragmentSpreadNode, VariableNode, Visitor, visit
from graphql.execution.collect_fields import FieldDetails


class _Named(Visitor):
    def __init__(self, fragments: Mapping[str, Any]) -> None:
        super().__init__()
        self.fragments = fragments
        self.followed: set[str] = set()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        name = node.name.value
        if name not in self.followed and name in self.fragments:
            self.followed.add(name)
            visit(self.fragments[name].definition, self)


def variables_of(details: Sequence[FieldDetails], fragments: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the names of the variables in a field and below it; None where they cannot be told, so that all count."""
    if any(of.fragment_variable_values is not None for of in details):
        return None  # the variables of a fragment get their values where the fragment is used, outside the field
    named = _Named(fragments)
    for of in details:
        visit(of.node, named)
    return frozenset(named.names)
