"""What a document has too much of, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
)

from api.web.analysis import CEILING, Counting, Counts, Definition
from api.web.limits import Limits, setting
from api.web.text import DEEPEST_VALUE

__all__ = ["excess"]

LONGEST_PLACE = 200
MEASURES: tuple[tuple[str, Callable[[Counts], int]], ...] = (
    ("selections", lambda counts: counts.selections),
    ("aliases", lambda counts: counts.aliases),
    ("directives", lambda counts: counts.directives),
)


def excess(document: DocumentNode, limits: Limits) -> GraphQLError | None:
    """Return what a document has too much of, and where, or None."""
    return next(_excesses(Counting(document), limits), None)


def _excesses(counting: Counting, limits: Limits) -> Iterator[GraphQLError]:
    """Yield what is too much, in operations first; fragments that none of them uses are judged as well."""
    if len(counting.operations) > limits.operations:
        yield _error("operations", limits.operations, f"The document has {len(counting.operations):,} operations")
    for operation in counting.operations:
        yield from _at_top(operation, counting.of(operation), limits)
        yield from _in_all(operation, counting, limits)
    for fragment in counting.fragments.values():
        yield from _in_all(fragment, counting, limits)
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
