"""What a document asks for and costs, worked out as simply as can be: everything written out, nothing kept.

Prices are read from the text of the schema, so that whoever has that text can work out the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    value_from_ast_untyped,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues


def naive_counts(document: DocumentNode, within: SelectionSetNode) -> tuple[int, int, int, int, int]:
    """Return fields at the top, depth, selections, aliases and directives, going every way there is."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    fields = depth = selections = aliases = directives = 0
    for node in within.selections:
        own = len(node.directives or ())
        below = getattr(node, "selection_set", None)
        if isinstance(node, FragmentSpreadNode):
            below = fragments[node.name.value].selection_set
            own += len(fragments[node.name.value].directives or ())
        inner = naive_counts(document, below) if below else (0, 0, 0, 0, 0)
        is_field = isinstance(node, FieldNode)
        fields += 1 if is_field else inner[0]
        depth = max(depth, inner[1] + is_field)
        selections += 1 + inner[2]
        aliases += inner[3] + (isinstance(node, FieldNode) and node.alias is not None)
        directives += inner[4] + own
    return fields, depth, selections, aliases, directives


class NaiveCost:
    """The cost of one operation with one request's variables; graphql-core says which fields are executed."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self.schema, self.variables = schema, dict(variables)
        self.fragments: Any = {}
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                self.operation = node
        for node in document.definitions:
            if isinstance(node, FragmentDefinitionNode):
                self.fragments[node.name.value] = FragmentDetails(node, None)
        for one in self.operation.variable_definitions or ():
            if one.default_value is not None:
                self.variables.setdefault(one.variable.name.value, value_from_ast_untyped(one.default_value))
        self.values = VariableValues({}, {})

    def total(self) -> int:
        """Return the cost in points."""
        root = self.schema.get_root_type(self.operation.operation)
        assert root is not None
        collected = collect_fields(
            self.schema, self.fragments, self.values, root, self.operation, hide_suggestions=True
        )
        return sum(self.field(root, details) for details in collected.grouped_field_set.values())

    def object(self, type_: GraphQLObjectType, details: Any, only: Any = None) -> int:
        collected = collect_subfields(
            self.schema, self.fragments, self.values, self.operation, type_, details, hide_suggestions=True
        )
        found = collected.grouped_field_set.values()
        return sum(self.field(type_, one) for one in found if only is None or only(one[0].node.name.value))

    def below(self, type_: Any, details: Any) -> int:
        if is_leaf_type(type_):
            return 0
        if is_abstract_type(type_):
            return max(self.object(one, details) for one in self.schema.get_possible_types(type_))
        return self.object(type_, details)

    def field(self, parent: GraphQLObjectType, details: Any) -> int:
        node: FieldNode = details[0].node
        name = node.name.value
        if name == "__typename":
            return 0
        field = parent.fields[name]
        type_ = get_named_type(field.type)
        cost = declared(field) or declared(type_) or {"weight": self.usual(parent, name, type_)}
        own: int = cost["weight"] + self.surcharges(field, node)
        if "multipliers" not in cost:
            return own + int(cost.get("size", 1)) * self.below(type_, details)
        size = max(self.sizes(field, node, cost["multipliers"]), default=20)
        if not type_.name.endswith("Connection"):
            return own + size * (1 + self.below(type_, details))
        assert isinstance(type_, GraphQLObjectType)
        items = self.object(type_, details, lambda name: name in ("nodes", "edges"))
        return own + size * (1 + items) + self.object(type_, details, lambda name: name not in ("nodes", "edges"))

    def usual(self, parent: GraphQLObjectType, name: str, type_: Any) -> int:
        if is_leaf_type(type_) or (parent.name.endswith(("Connection", "Edge")) and name in ("nodes", "edges", "node")):
            return 0
        return 10 if parent is self.schema.mutation_type else 1

    def surcharges(self, field: GraphQLField, node: FieldNode) -> int:
        given = [one.name.value for one in node.arguments or () if one.value.kind != "null_value"]
        found = sum((declared(field.args[name]) or {"weight": 0})["weight"] for name in given)
        conditions = [
            conditions_in(value_from_ast_untyped(one.value, self.variables))
            for one in node.arguments or ()
            if get_named_type(field.args[one.name.value].type).name.endswith("FilterInput")
        ]
        return int(found) + sum(conditions)

    def sizes(self, field: GraphQLField, node: FieldNode, multipliers: list[str]) -> list[int]:
        found = []
        for path in multipliers:
            first, *rest = path.split(".")
            given = [one.value for one in node.arguments or () if one.name.value == first]
            type_: Any = field.args[first].type
            if not given or given[0].kind == "null_value":
                continue
            value = value_from_ast_untyped(given[0], self.variables)
            for key in rest:
                type_ = get_named_type(type_).fields[key].type
                value = value.get(key) if isinstance(value, dict) else None
            type_ = type_.of_type if is_non_null_type(type_) else type_
            found.append(listed(value) if is_list_type(type_) else counted(value))
        return found


def declared(part: Any) -> dict[str, Any] | None:
    """Return the arguments of @cost where the text of the schema says it."""
    for directive in (part.ast_node.directives if part.ast_node else None) or ():
        if directive.name.value == "cost":
            return {one.name.value: value_from_ast_untyped(one.value) for one in directive.arguments}
    return None


def conditions_in(value: Any, *, inside: bool = False) -> int:
    if value is None or value is Undefined:
        return int(inside)
    if isinstance(value, dict):
        return sum(conditions_in(part, inside=True) for part in value.values()) or 1
    if not isinstance(value, list):
        return 1
    plain = [part for part in value if not isinstance(part, dict | list)]
    return sum(conditions_in(part, inside=True) for part in value if part not in plain) + bool(plain) or 1


def counted(value: Any) -> int:
    if value is None or value is Undefined:
        return 20
    return min(max(value, 0), 100) if type(value) is int else 100


def listed(value: Any) -> int:
    return 0 if value is None or value is Undefined else min(len(value), 250) if isinstance(value, list) else 1
