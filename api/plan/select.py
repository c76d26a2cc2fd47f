"""From a selection below a field to the tree of what it asks for.

graphql-core collects the fields (fragments, directives, aliases, type conditions) and coerces the arguments; this
module reads the declarations of the fields found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from types import MappingProxyType
from typing import Any, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values

from api.graph.declare import PlannedField
from api.graph.sources import (
    Because,
    Column,
    Counted,
    Derived,
    EachOf,
    Gathered,
    Listed,
    Many,
    One,
    OneOf,
    Paged,
    Same,
    Sample,
    Source,
    Supposed,
    Varied,
)
from api.plan.fitting import Fitting
from api.plan.narrow import Value, narrowing
from api.plan.paging import paging, size_of
from api.plan.project import projection
from api.plan.tree import (
    Computed,
    Connected,
    Edges,
    Info,
    Item,
    Level,
    Name,
    Nodes,
    OneOfRow,
    Part,
    SameRow,
    SameRows,
    Scalar,
    Some,
    Sums,
    ToEachOf,
    ToMany,
    ToOne,
    ToOneOf,
)
from api.plan.values import Parameters
from api.plan.what_if import supposed
from api.reads.json import as_duration, as_moment, as_text, constant
from api.reads.relation import Expression, Lens, Link, Relation, Row

CUSTOMER_FILTER = "CustomerFilterInput"
Details = list[FieldDetails]
Parts: TypeAlias = Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Selecting:
    """What collecting fields needs: the operation's parts, and what is met on the way.

    parameters  of the statements
    referred    types whose rows derived values may refer to
    """

    schema: GraphQLSchema
    fragments: Any
    variable_values: VariableValues
    operation: Any
    parameters: Parameters
    referred: list[Any] = dataclass_field(default_factory=list)

    def fields(self, type_: GraphQLObjectType, details: Details) -> dict[str, Details]:
        """Return the fields selected below, by response key."""
        collected = collect_subfields(
            self.schema, self.fragments, self.variable_values, self.operation, type_, details, hide_suggestions=True
        )
        return collected.grouped_field_set

    def arguments(self, field: GraphQLField, details: Details) -> dict[str, Any]:
        """Return a field's arguments, with slots for what only a run knows."""
        first = details[0]
        return get_argument_values(
            field, first.node, self.variable_values, first.fragment_variable_values, hide_suggestions=True
        )


def declared(field: GraphQLField) -> Any:
    """Return the declaration behind a field of the schema."""
    return field.extensions.get("strawberry-definition")


def object_items(
    selecting: Selecting, type_: GraphQLObjectType, details: Details, parts: Parts = MappingProxyType({})
) -> tuple[Item, ...]:
    """Return what a selection asks of one row.

    parts  sources of those fields that have none of their own, or none that is always the same, by names in Python
    """
    return tuple(_items(selecting, type_, details, parts))


def _items(selecting: Selecting, type_: GraphQLObjectType, details: Details, parts: Parts) -> Any:
    for key, below in selecting.fields(type_, details).items():
        if below[0].node.name.value == "__typename":
            yield Scalar(key, _constantly(type_.name))
            continue
        field = type_.fields[below[0].node.name.value]
        declaration = declared(field)
        yield _item(selecting, key, field, below, _source(declaration, parts), declaration.python_name)


def _source(declaration: Any, parts: Parts) -> Source:
    if isinstance(declaration, PlannedField) and not isinstance(declaration.source, Varied):
        return declaration.source
    return parts[declaration.python_name] if parts else Column()


def _constantly(text: str) -> Callable[[Row], Expression]:
    return lambda row: constant(text)


def _item(selecting: Selecting, key: str, field: GraphQLField, below: Details, source: Source, name: str) -> Item:
    nullable = not is_non_null_type(field.type)
    type_: Any = get_named_type(field.type)
    if isinstance(source, Column | Because):
        made = _formed(source, name, field.type) if isinstance(source, Column) else _fitting(selecting).because
        return Scalar(key, made, is_json=type_.name == "JSON")
    if isinstance(source, Same):
        items = object_items(selecting, type_, below, source.parts)
        return SameRow(key, items, source.missing, nullable, _seen(selecting, field, below, source))
    if isinstance(source, Listed | Gathered | Sample | Counted):
        return _of_row(selecting, key, field, below, source)
    if isinstance(source, One | OneOf | EachOf | Many):
        return _linked(selecting, key, field, below, source)
    if isinstance(source, Derived | Supposed):
        return _computed(selecting, key, field, below, source)
    assert isinstance(source, Paged)
    return connected(selecting, key, field, below, source, nullable)


def _seen(selecting: Selecting, field: GraphQLField, below: Details, source: Same) -> Callable[[Lens], Lens] | None:
    seen, given = source.seen, Value(selecting.arguments(field, below), selecting.parameters)
    return None if seen is None else lambda lens: seen(lens, given)


def _computed(
    selecting: Selecting, key: str, field: GraphQLField, below: Details, source: Derived | Supposed
) -> Computed:
    if isinstance(source, Supposed):
        return supposed(selecting, key, field, below, source)
    given, before = tuple(selecting.arguments(field, below).items()), len(selecting.referred)
    project = projection(selecting, field.type, below)
    refers = len(selecting.referred) > before
    return Computed(key, source, given, project, not is_non_null_type(field.type), refers)


def _linked(
    selecting: Selecting, key: str, field: GraphQLField, below: Details, source: One | OneOf | EachOf | Many
) -> ToOne | ToOneOf | ToEachOf | ToMany:
    nullable = not is_non_null_type(field.type)

    def level(link: Link, type_: Any) -> Level:
        return Level(link.target, object_items(selecting, type_, below))

    if isinstance(source, OneOf | EachOf):
        types = [(selecting.schema.type_map[name], link) for name, link in source.links.items()]
        options = [(link.target.name, ToOne(key, link, level(link, type_), nullable=True)) for type_, link in types]
        one = ToOneOf(key, source.which, tuple(options))
        return ToEachOf(key, one, source.keys, source.key) if isinstance(source, EachOf) else one
    link = source.target if isinstance(source, One) else source.link
    assert isinstance(link, Link)
    return (ToOne if isinstance(source, One) else ToMany)(key, link, level(link, get_named_type(field.type)), nullable)


def _of_row(
    selecting: Selecting, key: str, field: GraphQLField, below: Details, source: Listed | Gathered | Sample | Counted
) -> SameRows | Sums | Some:
    type_: Any = get_named_type(field.type)
    if isinstance(source, Counted):
        return Sums(key, object_items(selecting, type_, below), _fitting(selecting).counted(source.link), many=False)
    if isinstance(source, Sample):
        size = size_of("first", selecting.arguments(field, below)["first"], selecting.parameters)
        return Some(key, object_items(selecting, type_, below), source.which, size)
    if isinstance(source, Listed):
        members = [(object_items(selecting, type_, below, one.varied), one) for one in source.members]
        return SameRows(key, tuple(OneOfRow(items, one.names, one.kept) for items, one in members))
    given = Value(selecting.arguments(field, below), selecting.parameters)
    return Sums(key, object_items(selecting, type_, below), lambda row: source.needs(row, given), source.many)


def _formed(source: Column, name: str, type_: GraphQLOutputType) -> Callable[[Row], Expression]:
    form = _FORMS.get(get_named_type(type_).name)
    if form is None:
        return lambda row: source.of(row, name)
    return lambda row: form(source.of(row, name))


_FORMS: Mapping[str, Callable[[Expression], Expression]] = {
    "DateTime": as_moment,
    "Date": as_text,
    "Duration": as_duration,
}
"""How values of a scalar are written where the driver's own form is not the scalar's."""


def connected(
    selecting: Selecting, key: str, field: GraphQLField, below: Details, source: Paged, nullable: bool
) -> Connected:
    """Return the connection that a field over a link or a relation asks for."""
    link = source.target if isinstance(source.target, Link) else None
    relation = link.target if link else source.target
    assert isinstance(relation, Relation)
    arguments = selecting.arguments(field, below)
    narrow = narrowing(field, arguments, selecting.parameters)
    type_: Any = get_named_type(field.type)
    return Connected(
        key,
        link,
        relation,
        paging(relation, link, arguments, narrow, selecting.parameters),
        tuple(_part(selecting, type_, source.of, *entry) for entry in selecting.fields(type_, below).items()),
        nullable,
        source.among,
        source.some,
        _fitting(selecting).joining(link) if link and source.by_segments else None,
    )


def _fitting(selecting: Selecting) -> Fitting:
    return Fitting(selecting.schema.type_map[CUSTOMER_FILTER], selecting.parameters)


def _part(selecting: Selecting, type_: GraphQLObjectType, of: str | None, key: str, below: Details) -> Part:
    name = below[0].node.name.value
    if name == "__typename":
        return Name(key, type_.name)
    named: Any = get_named_type(type_.fields[name].type)
    if name == "nodes":
        return Nodes(key, object_items(selecting, _item_type(selecting, named, of), below))
    if name == "edges":
        fields = selecting.fields(named, below).items()
        return Edges(key, tuple(_edge_part(selecting, named, of, *entry) for entry in fields))
    facts = [(fact, under[0].node.name.value) for fact, under in selecting.fields(named, below).items()]
    return Info(key, tuple((fact, named.name if of == "__typename" else of) for fact, of in facts))


def _item_type(selecting: Selecting, type_: Any, of: str | None) -> Any:
    return type_ if of is None else selecting.schema.type_map[of]


def _edge_part(selecting: Selecting, edge: GraphQLObjectType, of: str | None, key: str, below: Details) -> Any:
    name = below[0].node.name.value
    if name == "__typename":
        return key, edge.name
    if name == "cursor":
        return key, None
    named: Any = get_named_type(edge.fields[name].type)
    return key, object_items(selecting, _item_type(selecting, named, of), below)
