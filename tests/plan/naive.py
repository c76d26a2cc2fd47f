"""The naive evaluation of an operation: one statement per field and object, everything else in Python.

It reads the same declarations as the planner (sources of fields, relations, links, expressions) and shares none of its
machinery: lists are read in full, then filtered, sorted and cut in Python, sums are subtracted, divided and rounded
there, and derived fields are computed one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import get_argument_values, get_variable_values

from api.domain.calendar import Duration
from api.domain.identity import parse_id
from api.graph.nodes import VIEWS
from api.graph.sources import Column, Derived, EachOf, Gathered, Listed, Many, One, OneOf, Paged, Same
from api.reads.relation import Link, Relation, Term
from tests.plan.conditions import is_wanted
from tests.plan.connections import connection, name_of
from tests.plan.made import PLAIN, Made
from tests.plan.pages import Placed, directions, in_order
from tests.plan.rows import Found, Rows, Sight
from tests.plan.satisfaction import satisfaction
from tests.plan.summaries import historic, summary


class Naive:
    """Evaluates one operation of a document."""

    def __init__(
        self, rows: Rows, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any], sight: Sight
    ) -> None:
        self.rows, self.schema, self.sight = rows, schema, sight
        self.fragments: dict[str, Any] = {}
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self.operation = definition
            elif isinstance(definition, FragmentDefinitionNode):
                self.fragments[definition.name.value] = FragmentDetails(definition)
        given = get_variable_values(schema, self.operation.variable_definitions or (), dict(variables))
        assert not isinstance(given, list), given
        self.variables = given

    async def data(self) -> dict[str, Any]:
        """Return the data of the answer."""
        query: Any = self.schema.query_type
        collected = collect_fields(
            self.schema,
            self.fragments,
            self.variables,
            query,
            self.operation,
            hide_suggestions=True,
        )
        return {
            key: await self.root(query, details) if name_of(details) != "__typename" else "Query"
            for key, details in collected.grouped_field_set.items()
        }

    def below(self, type_: Any, details: Any) -> dict[str, Any]:
        """Return the fields selected of an object, by response key."""
        collected = collect_subfields(
            self.schema, self.fragments, self.variables, self.operation, type_, details, hide_suggestions=True
        )
        return dict(collected.grouped_field_set)

    def arguments(self, field: Any, details: Any) -> dict[str, Any]:
        """Return the coerced arguments of a field."""
        return dict(get_argument_values(field, details[0].node, self.variables))

    async def root(self, query: Any, details: Any) -> Any:
        """Return the value of a field of the query."""
        name, field = name_of(details), query.fields[name_of(details)]
        given = self.arguments(field, details)
        sight = replace(self.sight, as_of=given.get("asOf"), known_at=given.get("knownAt"))
        if name == "node":
            return await self.node(given["id"], sight, field, details)
        if name == "nodes":
            return [await self.node(identifier, sight, field, details) for identifier in given["ids"]]
        source: Any = field.extensions["strawberry-definition"].source
        relation: Relation = source.target
        search = given["query"].strip().lower() if given.get("query") is not None else None
        found = await self.rows.everything(relation, sight, search)
        wanted = [row for row in found if await is_wanted(self.rows, row, field, given)]
        if isinstance(source, Paged):
            return await connection(self, wanted, given, source, field, details)
        if source.only:
            wanted = [row for row in wanted if await self.rows.value(row, source, source.only)]
        ordered = await self.ordered(wanted, relation.order, False)
        return await self.object(get_named_type(field.type), ordered[0].item, details) if ordered else None

    async def node(self, identifier: str, sight: Sight, field: Any, details: Any) -> Any:
        """Return the object an identifier names, or None."""
        parsed = parse_id(identifier)
        assert parsed is not None
        relation = next((known for known in VIEWS.values() if known.prefix == parsed[0]), None)
        found = await self.rows.with_key(relation, parsed[1], sight) if relation else []
        if not found:
            return None
        view = next(view for view, known in VIEWS.items() if known is relation)
        possible = self.schema.get_possible_types(get_named_type(field.type))
        type_ = next(member for member in possible if member.extensions["strawberry-definition"].origin is view)
        return await self.object(type_, found[0], details)

    async def object(self, type_: Any, row: Found, details: Any, made: Made = PLAIN) -> dict[str, Any]:
        """Return the object a row is, or one that is made of it."""
        answer = {}
        for key, below in self.below(type_, details).items():
            field = type_.fields.get(name_of(below))
            answer[key] = type_.name if field is None else await self.field(field, row, below, made)
        return answer

    async def field(self, field: Any, row: Found, details: Any, made: Made) -> Any:
        """Return one field of a row's object."""
        declared = field.extensions["strawberry-definition"]
        source, type_ = made.source(declared), get_named_type(field.type)
        match source:
            case Column():
                return await self.scalar(row, source, declared.python_name, field.type, made)
            case Same() | Listed():
                seen = isinstance(source, Same) and source.seen
                told = row.told_in(self.arguments(field, details).get("currency")) if seen else row
                return await self.made_of(told, source, type_, details, made)
            case One() | OneOf():
                return await self.one(row, source, type_, details)
            case Many(link=link):
                listed = await self.ordered(
                    await self.rows.behind(link, row), link.order or link.target.order, link.total
                )
                return [await self.object(type_, placed.item, details) for placed in listed]
            case Derived() | Gathered():
                needed = await self.rows.needed(row, source, self.arguments(field, details))
                return await self.worked_out(row, source, needed, field.type, details)
            case Paged():
                return await self.linked(row, source, field, details, made)
        raise AssertionError(f"no naive evaluation of {source}")

    async def made_of(self, row: Found, source: Same | Listed, type_: Any, details: Any, made: Made) -> Any:
        """Return the object or the list of objects that is made of a row."""
        if isinstance(source, Listed):
            return [await self.object(type_, row, details, one) for one in await self.kept(row, source)]
        if source.missing and await self.value(row, Column(source.missing), "", made) is None:
            return None
        return await self.object(type_, row, details, made.part(source))

    async def worked_out(
        self, row: Found, source: Derived | Gathered, needed: Sequence[Any], type_: Any, details: Any
    ) -> Any:
        """Return a derived or gathered value."""
        of = get_named_type(type_)
        if isinstance(source, Gathered) and source.many:
            return [await self.gathered(row, of, values, details) for values in sorted(needed, key=_place)]
        value = (
            source.compute({name: [value] for name, value in needed[0].items()})[0]
            if isinstance(source, Derived)
            else GATHERED[of.name](*needed)
        )
        if isinstance(source, Derived) and source.finished:
            value = source.finished.make(value, await self.rows.column(row, source.finished.beside))
        return self.derived(type_, value, details)

    async def linked(self, row: Found, source: Paged, field: Any, details: Any, made: Made) -> dict[str, Any]:
        """Return a connection over the rows behind a link."""
        assert isinstance(source.target, Link)
        given, found = self.arguments(field, details), await self.rows.behind(source.target, row)
        if source.among:
            found = [seen for seen in found if await self.rows.belongs(row, seen, source.among, made)]
        found = [seen for seen in found if await is_wanted(self.rows, seen, field, given)]
        return await connection(self, found, given, source, field, details)

    async def kept(self, row: Found, source: Listed) -> list[Made]:
        """Return those members of a list that are in it."""
        return [
            Made(member.varied, member)
            for member in source.members
            if member.kept is None or await self.rows.value(row, (id(member), "kept"), member.kept)
        ]

    async def value(self, row: Found, source: Column, name: str, made: Made) -> Any:
        """Return a plain value of a row, or of an object made of it."""
        return await self.rows.value(row, (made.tag, source, name), lambda seen: source.of(made.of(seen), name))

    async def scalar(self, row: Found, source: Column, name: str, type_: Any, made: Made) -> Any:
        """Return a plain value as it stands in JSON."""
        return formed(type_, await self.value(row, source, name, made))

    async def gathered(
        self, row: Found, type_: Any, values: Mapping[str, Any], details: Any, made: Made = PLAIN
    ) -> Any:
        """Return one of many objects that were gathered."""
        answer: dict[str, Any] = {}
        for key, below in self.below(type_, details).items():
            field = type_.fields.get(name_of(below))
            declared = field and field.extensions["strawberry-definition"]
            source = made.source(declared) if declared else None
            answer[key] = type_.name if source is None else await self.part(row, field, source, values, below, made)
        return answer

    async def part(
        self, row: Found, field: Any, source: Any, values: Mapping[str, Any], details: Any, made: Made
    ) -> Any:
        """Return one field of an object that was gathered."""
        of, declared = get_named_type(field.type), field.extensions["strawberry-definition"]
        match source:
            case Same():
                is_missing = source.missing is not None and values[source.missing] is None
                return None if is_missing else await self.gathered(row, of, values, details, made.part(source))
            case Listed():
                # What a member says of itself is constant, and whether it is there is one of the values.
                members: list[Any] = [member for member in source.members if member.kept]
                kept = [member for member in members if member.kept(values)]
                return [await self.gathered(row, of, said(member), details) for member in kept]
            case OneOf():
                return await self.caused(row, source, values, details)
            case EachOf():
                named = zip(values[source.which], values[source.keys], strict=True)
                each = [{source.which: name, source.key: key} for name, key in named]
                return [await self.caused(row, source, one, details) for one in each]
        return formed(field.type, values[str(source.expression or declared.python_name)])

    async def caused(self, row: Found, source: OneOf | EachOf, values: Mapping[str, Any], details: Any) -> Any:
        """Return the object that a gathered object names by the name of a relation and a key, or None."""
        for name, link in source.links.items():
            if link.target.name == values[source.which]:
                key = values[link.on[-1][0]]
                found = await self.rows.with_key(link.target, key, row.told_in(None).sight)
                return await self.object(self.schema.type_map[name], found[0], details) if found else None
        return None

    async def one(self, row: Found, source: One | OneOf, type_: Any, details: Any) -> Any:
        """Return the object behind a link, or behind the one of several links that a row names; or None."""
        if isinstance(source, OneOf):
            which = await self.rows.column(row, source.which)
            links = {name: link for name, link in source.links.items() if link.target.name == which}
            if not links:
                return None
            ((name, link),) = links.items()
            type_ = self.schema.type_map[name]
        else:
            assert isinstance(source.target, Link)
            link = source.target
        found = await self.rows.behind(link, row)
        return await self.object(type_, found[0], details) if found else None

    async def ordered(self, found: Sequence[Found], terms: Sequence[Term], total: bool) -> list[Placed]:
        """Return rows in the order of terms, ties broken by the key unless the order is total."""
        placed = []
        for row in found:
            place = [await self.rows.column(row, term.name) for term in terms]
            placed.append(Placed(row, tuple(place if total else [*place, await self._key(row)])))
        return in_order(placed, directions(terms, total))

    async def _key(self, row: Found) -> Any:
        return await self.rows.column(row, row.relation.key)

    def derived(self, type_: Any, value: Any, details: Any) -> Any:
        """Return a derived value as the selection asks."""
        of = get_nullable_type(type_)
        if value is None or is_leaf_type(of):
            return formed(of, value)
        if is_list_type(of):
            return [self.derived(of.of_type, part, details) for part in value]
        assert not is_abstract_type(of)
        answer = {}
        for key, below in self.below(of, details).items():
            field = of.fields.get(name_of(below))
            if field is None:
                answer[key] = of.name
            else:
                part = getattr(value, field.extensions["strawberry-definition"].python_name)
                answer[key] = self.derived(field.type, part, below)
        return answer


GATHERED = {"PurchaseSummary": summary, "HistoricValue": historic, "Satisfaction": satisfaction}
"""How objects made of sums are worked out in Python, by the names of their types."""


def formed(type_: Any, value: Any) -> Any:
    """Return a leaf value as it stands in JSON."""
    if isinstance(value, list):
        return [formed(get_nullable_type(type_).of_type, part) for part in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date | Duration):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float) and value.is_integer():
        return int(value)  # JSON has one kind of number, and the shortest text of this one is that of a whole one
    return value.name if isinstance(value, Enum) else value


def said(member: Any) -> dict[str, str]:
    """Return the constants that a member of a list says, by the names of its fields."""
    return {name: of.expression(None).name.strip("'").replace("''", "'") for name, of in member.names.items()}


def _place(values: Mapping[str, Any]) -> Any:
    return values["place"]
