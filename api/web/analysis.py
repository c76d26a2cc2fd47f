"""How much a document asks for, counted before it is compared with the schema.

A fragment counts wherever it is used, so a short text can ask for more than a machine can count. Each part is looked
at once and its counts are kept, so the time is in proportion to the text, whatever it asks for. The document may be wrong
in every other way: what is unknown or refers to itself counts as nothing, and validation says so afterwards.
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
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
)

from api.web.limits import Limits, setting
from api.web.text import DEEPEST_VALUE

__all__ = ["CEILING", "Counts", "count", "excess"]

CEILING = 1_000_000_000
"""Where counting stops."""

# What introspection nests is bounded by a rule of graphql-core's own.
INTROSPECTION = frozenset({"__schema", "__type"})
LONGEST_PLACE = 200

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
MEASURES: tuple[tuple[str, Callable[[Counts], int]], ...] = (
    ("selections", lambda counts: counts.selections),
    ("aliases", lambda counts: counts.aliases),
    ("directives", lambda counts: counts.directives),
)


def excess(document: DocumentNode, limits: Limits) -> GraphQLError | None:
    """Return what a document has too much of, and where, or None."""
    return next(_excesses(Counting(document), limits), None)


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
            else:
                fields += inner.fields
            depth = max(depth, self.levels(node))
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


def _excesses(counting: Counting, limits: Limits) -> Iterator[GraphQLError]:
    """Yield what is too much, in operations first; fragments that none of them uses are judged as well."""
    if len(counting.operations) > limits.operations:
        yield _error("operations", limits.operations, f"The document has {len(counting.operations):,} operations")
    for operation in counting.operations:
        yield from _at_top(operation, counting.of(operation), limits)
    for definition in (*counting.operations, *counting.fragments.values()):
        yield from _in_all(definition, counting, limits)
    yield from _in_one_place(counting, limits)


def _in_all(definition: Definition, counting: Counting, limits: Limits) -> Iterator[GraphQLError]:
    counts = counting.of(definition)
    for name, measure in MEASURES:
        if measure(counts) > (most := getattr(limits, name)):
            way = counting.heaviest(definition, measure, most)
            found = f"{_title(definition)} asks for {_number(measure(counts))} {name}, most of them {_place(way)}"
            yield _error(name, most, found, way[-1] if way else definition)
    if counts.depth > limits.depth and not _introspects(definition):
        way = counting.beyond(definition, limits.depth)
        found = f"{_title(definition)} asks for {_number(counts.depth)} levels of fields, as {_place(way)}"
        yield _error("depth", limits.depth, found, way[-1])


def _at_top(operation: OperationDefinitionNode, counts: Counts, limits: Limits) -> Iterator[GraphQLError]:
    name = "mutation_fields" if operation.operation is OperationType.MUTATION else "query_fields"
    most: int = getattr(limits, name)
    if counts.fields > most:
        found = f"{_title(operation)} has {_number(counts.fields)} fields at its top"
        yield _error(name, most, found, operation)


def _in_one_place(counting: Counting, limits: Limits) -> Iterator[GraphQLError]:
    """Yield the parts with too many directives, and the values with too many levels."""
    waiting: list[Node] = list(counting.definitions)
    while waiting:
        node = waiting.pop()
        directives = getattr(node, "directives", None) or ()
        if len(directives) > limits.directives_together:
            found = f"There are {len(directives):,} directives in one place"
            yield _error("directives_together", limits.directives_together, found, node)
        if any(_is_deep(value) for part in (node, *directives) for value in _given(part)):
            yield GraphQLError(f"A value is nested too deeply; {DEEPEST_VALUE} levels are the most.", node)
        within = getattr(node, "selection_set", None)
        waiting += within.selections if within else ()
        waiting += getattr(node, "variable_definitions", None) or ()


def _given(node: Node) -> Iterator[Node]:
    """Yield the values written at a field, a directive or a variable."""
    yield from (argument.value for argument in getattr(node, "arguments", None) or ())
    default: Node | None = getattr(node, "default_value", None)
    yield from () if default is None else (default,)


def _is_deep(value: Node) -> bool:
    level: list[Node] = [value]
    for _ in range(DEEPEST_VALUE + 1):
        level = [below for part in level for below in _values(part)]
        if not level:
            return False
    return True


def _values(value: Node) -> Sequence[Node]:
    if isinstance(value, ListValueNode):
        return value.values
    return [field.value for field in value.fields] if isinstance(value, ObjectValueNode) else ()


def _introspects(definition: Definition) -> bool:
    """Return whether a fragment is about the schema, so that the limit on levels is graphql-core's own."""
    return isinstance(definition, FragmentDefinitionNode) and definition.type_condition.name.value.startswith("__")


def _title(definition: Definition) -> str:
    kind = definition.operation.value if isinstance(definition, OperationDefinitionNode) else "fragment"
    name = f" `{definition.name.value[:LONGEST_PLACE]}`" if definition.name else ""
    return f"The {kind}{name}"


def _place(way: Sequence[SelectionNode]) -> str:
    """Return where a way leads, as the answer names it, such as `customers.nodes`."""
    path = ".".join((node.alias or node.name).value for node in way if isinstance(node, FieldNode))
    if not path:
        return "at its top"
    return f"at `{path}`" if len(path) <= LONGEST_PLACE else f"at `{path[:LONGEST_PLACE]}…`"


def _number(found: int) -> str:
    return f"{found:,}" if found < CEILING else f"more than {CEILING:,}"


def _error(limit: str, most: int, found: str, node: Node | None = None) -> GraphQLError:
    return GraphQLError(f"{found}; {most:,} are the most ({setting(limit)}).", node)
