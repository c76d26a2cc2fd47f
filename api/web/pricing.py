"""From an operation that fits the schema to what it may cost: fields are collected as they will be executed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    value_from_ast_untyped,
)

from api.graph.cost import WRAPPERS, Price, is_page, price
from api.web.conditions import conditions
from api.web.cost import Dearest, Items, Points
from api.web.saved import EVERY_SEGMENT
from api.web.size import size

__all__ = ["INTROSPECTION", "Pricing"]

# Introspection runs on what is in memory and is not planned; measured: 50 ms for the whole schema, 3 ms for one type.
INTROSPECTION = {"__typename": 0, "__type": 100, "__schema": 2_500}

Way: TypeAlias = tuple[str, ...]
Sets: TypeAlias = Sequence[SelectionSetNode]


class Pricing:
    """The points of a valid document's operations."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._defaults: dict[str, Any] = {}
        self._known: dict[object, Points] = {}
        self._prices: dict[tuple[str, str], Price] = {}

    def of(self, operation: OperationDefinitionNode) -> Points:
        """Return what an operation may cost."""
        self._known.clear()
        self._defaults = {
            one.variable.name.value: value_from_ast_untyped(one.default_value)
            for one in operation.variable_definitions or ()
            if one.default_value is not None
        }
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        return self._object(root, [operation.selection_set], ())

    def _object(self, type_: GraphQLObjectType, sets: Sets, way: Way) -> Points:
        fields = self._collected(type_, sets)
        return Points.of(0).plus(*(self._field(type_, key, nodes, way) for key, nodes in fields.items()))

    def _below(self, type_: GraphQLNamedType, nodes: Sequence[FieldNode], way: Way) -> Points:
        """Return the points of what is asked of a value."""
        if is_leaf_type(type_):
            return Points.of(0)
        sets = [node.selection_set for node in nodes if node.selection_set]
        if not is_abstract_type(type_):
            assert isinstance(type_, GraphQLObjectType)
            return self._object(type_, sets, way)
        # The same fields may be met for each type that an outer object may have.
        known = (type_.name, way, *map(id, nodes))
        if known not in self._known:
            options = (self._object(one, sets, way) for one in self._schema.get_possible_types(type_))
            self._known[known] = _dearest(list(options))
        return self._known[known]

    def _field(self, parent: GraphQLObjectType, key: str, nodes: Sequence[FieldNode], way: Way) -> Points:
        node = nodes[0]
        name = node.name.value
        if name in INTROSPECTION:
            return Points.of(INTROSPECTION[name])
        field = parent.fields[name]
        type_ = get_named_type(field.type)
        asked = self._price(parent, name)
        way = way if name in WRAPPERS and asked.weight == 0 else (*way, key)
        given = conditions(field, node, way, self._defaults)
        of_segments = [EVERY_SEGMENT] if asked.saved else []
        own = Points.of(asked.weight + _surcharge(asked, node), [*given, *of_segments])
        if not asked.multipliers:
            return own.plus(*[self._below(type_, nodes, way)] * asked.size)
        items, beside = self._shares(type_, nodes, way)
        found = size(field, node, asked.multipliers, self._defaults)
        return Points.of(0, [Items(way, found, items.plus(Points.of(1)))]).plus(own, beside)

    def _shares(self, type_: GraphQLNamedType, nodes: Sequence[FieldNode], way: Way) -> tuple[Points, Points]:
        """Return the points of each item, and those of what a page says beside them."""
        if not (is_page(type_) and isinstance(type_, GraphQLObjectType)):
            return self._below(type_, nodes, way), Points.of(0)
        fields = self._collected(type_, [node.selection_set for node in nodes if node.selection_set])
        shares = {True: [Points.of(0)], False: [Points.of(0)]}
        for key, found in fields.items():
            shares[found[0].name.value in WRAPPERS].append(self._field(type_, key, found, way))
        return Points.of(0).plus(*shares[True]), Points.of(0).plus(*shares[False])

    def _price(self, parent: GraphQLObjectType, name: str) -> Price:
        known = self._prices.get((parent.name, name))
        if known is None:
            known = price(parent, name, of_mutation=parent is self._schema.mutation_type)
            self._prices[parent.name, name] = known
        return known

    def _collected(self, type_: GraphQLObjectType, sets: Sets) -> dict[str, list[FieldNode]]:
        """Return the fields asked of a type, by response key: equal ones are one, as in the answer."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for node in (node for selected in sets for node in self._fields(type_, selected, seen)):
            found.setdefault((node.alias or node.name).value, []).append(node)
        return found

    def _fields(self, type_: GraphQLObjectType, selected: SelectionSetNode, seen: set[str]) -> Iterator[FieldNode]:
        for node in selected.selections:
            if isinstance(node, FieldNode):
                yield node
                continue
            inner: Any = node
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in seen:
                    continue
                seen.add(node.name.value)
                inner = self._fragments[node.name.value]
            if self._applies(inner.type_condition, type_):
                yield from self._fields(type_, inner.selection_set, seen)

    def _applies(self, condition: Any, type_: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == type_.name:
            return True
        named = self._schema.get_type(condition.name.value)
        return named is not None and is_abstract_type(named) and self._schema.is_sub_type(named, type_)


def _dearest(options: Sequence[Points]) -> Points:
    """Return the highest of points; of equal ones, and of those that hold no list, one is enough."""
    plain = [Points.of(max((option.own for option in options if not option.parts), default=0))]
    kept = [option for place, option in enumerate(options) if option.parts and option not in options[:place]]
    return Points.of(0, [Dearest((*kept, *plain))]) if kept else plain[0]


def _surcharge(asked: Price, node: FieldNode) -> int:
    used = (one.name.value for one in node.arguments or () if not isinstance(one.value, NullValueNode))
    return sum(asked.arguments.get(name, 0) for name in used)
