"""How much a document asks for, counted before it is compared with the schema.

A fragment counts wherever it is used, so a short text can ask for more than a machine can count. Each part is looked
at once and its counts are kept, so the time is in proportion to the text, whatever it asks for. The document may be
wrong in every other way: what is unknown or refers to itself counts as nothing, and validation says so afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

__all__ = ["CEILING", "Counting", "Counts", "Definition", "count"]

CEILING = 1_000_000_000
"""Where counting stops."""

# What introspection nests is bounded by a rule of graphql-core's own.
INTROSPECTION = frozenset({"__schema", "__type"})

Definition: TypeAlias = OperationDefinitionNode | FragmentDefinitionNode


class Counts(NamedTuple):
    """What a selection holds, fragments counted wherever they are used, none higher than CEILING.

    fields  at its top, those of fragments included
    depth   levels of fields, without what introspection nests
    """

    fields: int = 0
    depth: int = 0
    selections: int = 0
    aliases: int = 0
    directives: int = 0


NOTHING = Counts()


def count(document: DocumentNode, operation: OperationDefinitionNode) -> Counts:
    """Return what an operation asks for."""
    return Counting(document).of(operation)


class Counting:
    """The counts of every part of a document, each counted once."""

    def __init__(self, document: DocumentNode) -> None:
        self.definitions: list[Definition] = [
            node for node in document.definitions if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
        ]
        self.operations = [node for node in self.definitions if isinstance(node, OperationDefinitionNode)]
        self.fragments = {
            node.name.value: node for node in self.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._counted: dict[int, Counts] = {}

    def of(self, node: Node) -> Counts:
        """Return what lies within a definition or a selection, itself not counted."""
        if isinstance(node, FragmentSpreadNode):
            fragment = self.fragments.get(node.name.value)
            return self.of(fragment) if fragment else NOTHING
        within: SelectionSetNode | None = getattr(node, "selection_set", None)
        if within is None:
            return NOTHING
        counted = self._counted.get(id(within))
        if counted is None:
            self._counted[id(within)] = NOTHING  # what a fragment that leads back to itself finds there
            counted = self._counted[id(within)] = _limited(self._sum(within.selections), node)
        return counted

    def _sum(self, selections: Sequence[SelectionNode]) -> Counts:
        fields = depth = number = aliases = directives = 0
        for node in selections:
            inner = self.of(node)
            if isinstance(node, FieldNode):
                fields += 1
                aliases += node.alias is not None
                levels = 1 if node.name.value in INTROSPECTION else inner.depth + 1
            else:
                fields += inner.fields
                levels = inner.depth
            if levels > depth:
                depth = levels
            number += inner.selections + 1
            aliases += inner.aliases
            directives += inner.directives + len(node.directives or ())
        return Counts(fields, depth, number, aliases, directives)

    def levels(self, node: SelectionNode) -> int:
        """Return how many levels of fields a selection adds where it stands."""
        if isinstance(node, FieldNode):
            return 1 if node.name.value in INTROSPECTION else self.of(node).depth + 1
        return self.of(node).depth

    def beyond(self, definition: Definition, depth: int) -> list[SelectionNode]:
        """Return the way to the first field below a depth, by the deepest branches."""
        way: list[SelectionNode] = []
        for node in self._descent(definition, self.levels):
            way.append(node)
            if sum(isinstance(step, FieldNode) for step in way) > depth:
                break
        return way

    def heaviest(self, definition: Definition, measure: Callable[[Counts], int], most: int) -> list[SelectionNode]:
        """Return the way to the smallest part that has more than `most` by itself."""
        descent = self._descent(definition, lambda node: measure(self.of(node)))
        return list(takewhile(lambda node: measure(self.of(node)) > most, descent))

    def _descent(self, top: Definition, weigh: Callable[[SelectionNode], int]) -> Iterator[SelectionNode]:
        """Yield the heaviest selection, the heaviest within it, and so on, passing each set of selections once."""
        seen: set[int] = set()
        within: SelectionSetNode | None = top.selection_set
        while within is not None and id(within) not in seen:
            seen.add(id(within))
            node = max(within.selections, key=weigh)
            yield node
            within = self._below(node)

    def _below(self, node: SelectionNode) -> SelectionSetNode | None:
        if isinstance(node, FragmentSpreadNode):
            fragment = self.fragments.get(node.name.value)
            return fragment.selection_set if fragment else None
        return node.selection_set if isinstance(node, FieldNode | InlineFragmentNode) else None


def _limited(counts: Counts, node: Node) -> Counts:
    """Return counts of a definition with its own directives, none higher than the ceiling."""
    if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
        counts = counts._replace(directives=counts.directives + len(node.directives or ()))
    return counts if max(counts) <= CEILING else Counts(*(min(number, CEILING) for number in counts))
