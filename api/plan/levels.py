"""Levels that are fetched as rows: the statement of each, and how its rows become objects.

A level is fetched as rows because it is the outermost, or because something in it or below it is computed in Python.
Everything else arrives inside a row as finished JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from api.database import prepare
from api.plan import compile as inline
from api.plan.fetched import Batch, Child, Fetched, FetchedLevel, Place, connection_form, listed
from api.plan.forming import Project, Run, objects_of
from api.plan.narrow import Value
from api.plan.tree import (
    Computed,
    Connected,
    Edges,
    Item,
    Level,
    Narrow,
    Nodes,
    SameRow,
    Scalar,
    ToMany,
    ToOne,
    connection_is_split,
    is_split,
)
from api.plan.values import Parameters
from api.reads import json, page, rowset
from api.reads.relation import Expression, Lens, Link, Row


@dataclass
class Builder:
    """Collects what one fetched level needs: columns, what is computed, and the levels below.

    built  labels of the columns that are finished JSON
    names  of what is needed, the labels of its columns by their names
    """

    row: Row
    parameters: Parameters
    columns: list[json.Labelled] = field(default_factory=list)
    built: set[str] = field(default_factory=set)
    needs: dict[Any, Any] = field(default_factory=dict)
    names: dict[Any, dict[str, str]] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    is_single: bool = False

    def column(self, expression: Expression) -> str:
        """Add a column and return its label."""
        label = f"c{len(self.columns)}"
        self.columns.append((label, expression))
        return label

    def finished(self, text: Expression) -> Project:
        """Add a column of finished JSON and return the function that puts it into the answer."""
        label = self.column(text)
        self.built.add(label)
        return lambda places, run: [orjson.Fragment(place.row[label]) for place in places]

    def selected(self, conditions: Sequence[Any], inside: page.Inside = lambda value: value) -> Any:
        """Return the columns of the rows that meet conditions; finished JSON only `inside` a page."""
        columns = [(label, inside(value) if label in self.built else value) for label, value in self.columns]
        return rowset.selected(self.row, list(self.needs.values()), columns, conditions)

    def objects(self, items: Sequence[Item]) -> Project:
        """Return the function that makes objects of rows."""
        return objects_of([(item.key, self.item(item), getattr(item, "nullable", False)) for item in items])

    def item(self, item: Item) -> Project:
        """Return the function that makes one item of rows."""
        match item:
            case Scalar(is_json=False):
                label = self.column(item.expression(self.row))
                return lambda places, run: [place.row[label] for place in places]
            case Computed():
                return self.computed(item)
            case SameRow() if is_split(item.items):
                return self.same_row(item)
            case ToOne() | ToMany() if is_split(item.level.items):
                return self.linked(item)
            case Connected() if connection_is_split(item):
                return self.child(connection(item, self.row.lens, self.parameters, of_parent=True), item.link)
        return self.finished(inline.as_json(item, self.row).text())

    def same_row(self, item: SameRow) -> Project:
        """Return the function that makes objects of the same rows."""
        objects = (replace(self, row=item.of(self.row)) if item.seen else self).objects(item.items)
        if item.missing is None:
            return objects
        label = self.column(json.is_missing(self.row[item.missing]))

        def project(places: Sequence[Place], run: Run) -> list[Any]:
            made = iter(objects([place for place in places if not place.row[label]], run))
            return [None if place.row[label] else next(made) for place in places]

        return project

    def computed(self, item: Computed) -> Project:
        """Return the function that makes derived values."""
        # By the row, too: one that is seen through another lens needs something else.
        known = (item.derived.needs, repr(item.arguments), self.row)
        if known not in self.needs:
            given = Value(dict(item.arguments), self.parameters)
            self.needs[known] = item.derived.needs(self.row, given)
            need = self.needs[known]
            self.names[known] = {name: self.column(need.c[name]) for name in need.c.keys()}  # noqa: SIM118  (no mapping)
        finished = item.derived.finished
        beside = None if finished is None else self.column(self.row[finished.beside])
        self.batches.append(Batch(item.derived, self.names[known], item.project, beside, item.refers))
        number = len(self.batches) - 1
        return lambda places, run: places[0].fetched.computed[number].formed(places, run) if places else []

    def linked(self, item: ToOne | ToMany) -> Project:
        """Return the function that makes the objects or the lists behind a link."""
        made = linked(item.link, item.level, self.row.lens, self.parameters, listed=isinstance(item, ToMany))
        return self.child(made, item.link)

    def child(self, level: FetchedLevel, link: Link | None) -> Project:
        """Return the function that makes what a level below gives for rows."""
        assert link is not None
        self.children.append(Child(level, tuple(self.column(self.row.c[here]) for here in rowset.leaving(link))))
        number = len(self.children) - 1

        def project(places: Sequence[Place], run: Run) -> list[Any]:
            below = [(place.fetched.below[number], place.index) for place in places]
            return [level.form(found, found.places.get(index, range(0)), run) for found, index in below]

        return project

    def level(self, statement: Any, keys: tuple[str, ...], form: Callable[[Fetched, range, Run], Any]) -> FetchedLevel:
        """Return the finished level."""
        return FetchedLevel(
            prepare(statement), keys, form, tuple(self.children), tuple(self.batches), is_single=self.is_single
        )


def linked(link: Link, level: Level, lens: Lens, parameters: Parameters, *, listed: bool) -> FetchedLevel:
    """Return the level behind a link to one row or to a short list, for many parents at once."""
    row = Row(link.target, lens)
    keys = tuple(f"k{index}" for index in range(len(link.on)))
    parents = rowset.parents_of(link, [json.parameter(key, "uuids") for key in keys])
    builder = Builder(row, parameters)
    objects = _objects(builder, level.items)
    builder.is_single = not listed and not is_split(level.items)
    # What the order reads beside the row has to be there before the row's tables are named.
    steps = inline.link_steps(row, link) if listed else []
    inner = builder.selected(parents.joined(link, row))
    ordered = page.numbered(inner, steps) if listed else inner
    statement = rowset.rows_of(parents, ordered, optional=False)
    return builder.level(statement, keys, _list_of(objects) if listed else _only(objects))


def _objects(builder: Builder, items: Sequence[Item]) -> Project:
    if is_split(items):
        return builder.objects(items)
    return builder.finished(inline.object_text(items, builder.row))


def _only(objects: Project) -> Callable[[Fetched, range, Run], Any]:
    return lambda fetched, places, run: objects([Place(fetched, places[0])], run)[0] if places else None


def _list_of(objects: Project) -> Callable[[Fetched, range, Run], Any]:
    return lambda fetched, places, run: listed(fetched, places, objects, run)


def found(level: Level, narrow: Narrow, lens: Lens, parameters: Parameters) -> FetchedLevel:
    """Return the level of the one row of a relation that conditions name."""
    row = Row(level.relation, lens)
    builder = Builder(row, parameters)
    objects = _objects(builder, level.items)
    inner = builder.selected([*narrow(row), *row.visible()])
    return builder.level(page.only_first(inner, page.steps(row, row.relation.order, total=False)), (), _only(objects))


def summed(level: Level, narrow: Narrow, lens: Lens, given: Value) -> FetchedLevel:
    """Return the level of an object made of aggregates over the rows that meet conditions.

    given  the arguments of the field
    """

    def fresh() -> tuple[Row, list[Any]]:
        other = Row(level.relation, lens)
        other.given, other.again = given, fresh
        return other, [*other.visible(), *narrow(other)]

    row, conditions = fresh()
    if is_split(level.items):
        return _summed_in_parts(Builder(row, given.parameters), level.items, conditions)
    # The number of rows makes it one object where nothing that is summed is asked for.
    columns = [("c0", inline.object_text(level.items, row)), ("c1", json.count_of_rows())]
    statement = rowset.selected(row, [], columns, conditions)
    return FetchedLevel(prepare(statement), (), lambda fetched, places, run: orjson.Fragment(fetched.rows[0]["c0"]))


def _summed_in_parts(builder: Builder, items: Sequence[Item], conditions: Sequence[Any]) -> FetchedLevel:
    """Return the same where Python works out some of it, from what is fetched beside the aggregates."""
    objects = builder.objects(items)
    beside = {label for names in builder.names.values() for label in names.values()}
    sums = [(label, value) for label, value in builder.columns if label not in beside]
    summed_up = rowset.selected(builder.row, [], [*sums, ("c", json.count_of_rows())], conditions)
    needed = [(label, value) for label, value in builder.columns if label in beside]
    statement = rowset.with_needs(summed_up, list(builder.needs.values()), needed)
    return builder.level(statement, (), _only(objects))


def listed_as_json(item: Connected, lens: Lens, parameters: Parameters) -> FetchedLevel:
    """Return the level of a connection over a relation that PostgreSQL builds alone."""

    def fresh() -> tuple[Row, list[Any]]:
        other = Row(item.relation, lens, item.page.search)
        return other, other.visible()

    made = inline.page_json(item, *fresh(), fresh)
    return FetchedLevel(
        prepare(rowset.single(made.text())), (), lambda fetched, places, run: orjson.Fragment(fetched.rows[0]["c0"])
    )


def connection(item: Connected, lens: Lens, parameters: Parameters, *, of_parent: bool) -> FetchedLevel:
    """Return the level of a connection whose rows are fetched as rows."""
    link, asked = item.link, item.page
    row = Row(item.relation, lens, asked.search)
    keys = tuple(f"k{index}" for index in range(len(rowset.leaving(link)))) if of_parent and link else ()
    parents = (
        rowset.parents_of(link, [json.parameter(key, "uuids") for key in keys]) if keys and link else rowset.NO_PARENT
    )

    def joined(base: rowset.Parents, other: Row) -> list[Any]:
        fitting = item.fits(base.keys[0], other) if item.fits else ()
        return [*(base.joined(link, other) if keys and link else other.visible()), *fitting]

    def fresh() -> tuple[Row, list[Any]]:
        other = Row(item.relation, lens, asked.search)
        return other, joined(parents, other)

    facts = inline.list_facts(item, fresh)
    base = parents.with_facts(facts)
    builder = Builder(row, parameters)
    conditions = [*joined(base, row), *inline.narrowed(asked, row)]
    ordered = page.steps(row, asked.terms, total=asked.total)
    parts = [_part_form(builder, part, ordered, row, item) for part in item.parts]
    ends = inline.wanted_facts(item) & {"startCursor", "endCursor"}
    cursor = builder.column(page.cursor(ordered, page.signature(row.relation, asked.terms))) if ends else None
    size = builder.column(asked.size)
    windowed = page.window(
        lambda inside: builder.selected(conditions, inside), ordered, asked.size, backward=asked.backward
    )
    statement = rowset.rows_of(base, windowed, optional=bool(facts))
    form = connection_form(item, parts, cursor, size)
    return builder.level(statement, keys, form)


def _part_form(builder: Builder, part: Any, ordered: Any, row: Row, item: Connected) -> Any:
    if isinstance(part, Nodes):
        return _objects(builder, part.items)
    if isinstance(part, Edges):
        return _edge_form(builder, part, page.cursor(ordered, page.signature(row.relation, item.page.terms)))
    return None


def _edge_form(builder: Builder, part: Edges, cursor: Expression) -> Project:
    label = builder.column(cursor)
    return objects_of([(key, _edge_value(builder, of, label), False) for key, of in part.parts])


def _edge_value(builder: Builder, of: Any, cursor: str) -> Project:
    if of is None:
        return lambda places, run: [place.row[cursor] for place in places]
    return (lambda places, run: [of] * len(places)) if isinstance(of, str) else _objects(builder, of)
