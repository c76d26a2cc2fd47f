"""From the tree of a selection to expressions: what PostgreSQL builds alone, as nested JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from api.errors import BadUserInput
from api.plan.tree import (
    Connected,
    Edges,
    Info,
    Item,
    Name,
    Nodes,
    OneOfRow,
    Page,
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
from api.reads import json, page
from api.reads.json import Json, Labelled
from api.reads.relation import Expression, Link, Row, rows
from api.reads.steps import Step


def members(items: Sequence[Item], row: Row) -> list[tuple[str, Json]]:
    """Return the items of a row as JSON under their response keys."""
    return [(item.key, as_json(item, row)) for item in items]


def as_json(item: Item, row: Row) -> Json:
    """Return one item of a row as JSON; it holds no derived value."""
    match item:
        case Scalar():
            return json.json_value(item.expression(row))
        case SameRow():
            made = json.json_object(members(item.items, item.of(row)))
            return json.unless(json.is_missing(row[item.missing]), made) if item.missing else made
        case SameRows():
            return json.json_items([_member(one, row) for one in item.members])
        case Sums() | Some():
            return _summed(item, row)
        case ToOne() | ToOneOf() | ToEachOf() | ToMany():
            return _behind(item, row)
        case Connected():
            assert item.link is not None
            target, joined = _among(item, row)
            target.search = item.page.search
            return page_json(item, target, joined, _facts_from(item, row), item.some(row) if item.some else None)
    # Below lists that PostgreSQL builds whole, nothing can be worked out in Python.
    raise BadUserInput(f"`{item.key}` cannot be asked for within evidence or changes; ask for it of the object itself.")


def _summed(item: Sums | Some, row: Row) -> Json:
    if isinstance(item, Some):
        other, conditions = row.again()
        some = _objects(other, item.items, [*conditions, item.which(other)])
        return json.json_list(page.first(some, page.steps(other, other.relation.order, total=False), item.size))
    sums = item.needs(row)
    # An object of which nothing is asked is a constant, and would give the column a name that is none.
    found = json.over(object_text(item.items, row.knowing(dict(sums.c.items()))).label("item"), sums)
    return json.json_list(found.order_by(sums.c.place)) if item.many else json.json_row(found)


def _behind(item: ToOne | ToOneOf | ToEachOf | ToMany, row: Row) -> Json:
    if isinstance(item, ToEachOf):
        return _behind_each(item, row)
    if isinstance(item, ToOneOf):
        options = [(json.constant(name), _behind(option, row)) for name, option in item.options]
        return json.one_of_several(row[item.which], options)
    # What was asked of the values of one customer is not asked of whoever stands behind a link.
    target, joined = row.through(replace(row.lens, currency=None)).joined(item.link)
    # What the order reads beside the row has to be there before the row's tables are named.
    order = [] if isinstance(item, ToOne) else [step.ordering() for step in link_steps(target, item.link)]
    found = _objects(target, item.level.items, joined)
    return json.json_row(found) if isinstance(item, ToOne) else json.json_list(found.order_by(*order))


def _behind_each(item: ToEachOf, row: Row) -> Json:
    named = json.listed_together(row[item.one.which], row[item.keys])
    one = _behind(item.one, row.knowing({item.one.which: named.c.name, item.of: named.c.key}))
    return json.json_list(json.over(one.text().label("item"), named).order_by(named.c.place))


def object_text(items: Sequence[Item], row: Row) -> Expression:
    """Return an object made of a row as one expression of text."""
    return json.json_object(members(items, row)).text()


def _objects(row: Row, items: Sequence[Item], conditions: Sequence[Any]) -> Any:
    return rows(row, [object_text(items, row).label("item")], conditions)


def link_steps(row: Row, link: Link) -> list[Step]:
    """Return the order of the rows behind a link."""
    return page.steps(row, link.order or link.target.order, total=link.total)


def _facts_from(item: Connected, row: Row) -> Any:
    return lambda: _among(item, row)


def _among(item: Connected, row: Row) -> tuple[Row, list[Any]]:
    """Return a row behind the link of a connection, with the conditions that make it one of its rows."""
    assert item.link is not None
    target, joined = row.joined(item.link)
    fitting = item.fits(row.key, target) if item.fits else ()
    return target, [*joined, *fitting, *(item.among(row, target) if item.among else ())]


def _member(one: OneOfRow, row: Row) -> tuple[Json, Any]:
    """Return one of the objects made of a row, and whether it is in the list; None for always."""
    known = row.knowing({name: of.of(row, name) for name, of in one.names.items()})
    return json.json_object(members(one.items, known)), one.kept(row) if one.kept else None


def narrowed(asked: Page, row: Row) -> list[Any]:
    """Return the conditions that the filter, `after` and `before` put on a row."""
    # The filter may ask for something beside the row that the order then relies on, so it is formed first. Yet it
    # stands last: of two bounds for one column PostgreSQL enters an index at the first one, and walks to the other.
    found = list(asked.narrow(row))
    return [*_within_cursors(asked, row), *found]


def _within_cursors(asked: Page, row: Row) -> list[Any]:
    found = []
    ordered = page.steps(row, asked.terms, total=asked.total)
    if asked.after is not None:
        found.append(page.beyond(ordered, asked.after, after=True))
    if asked.before is not None:
        found.append(page.beyond(ordered, asked.before, after=False))
    return found


def wanted_facts(item: Connected) -> set[str]:
    """Return the facts about a list that a connection asks for."""
    return {of for part in item.parts if isinstance(part, Info) for _, of in part.facts}


def list_facts(item: Connected, fresh: Any) -> list[Labelled]:
    """Return the facts that need a look at more than the page: the count, and what lies before and behind it."""
    wanted, found = wanted_facts(item), list[Labelled]()
    if wanted & {"count", "precision"}:
        row, conditions = fresh()
        found.append(("total", page.counted(row, [*conditions, *item.page.narrow(row)])))
    if "hasPreviousPage" in wanted and item.page.after is not None:
        found.append(("has_before", _outside(item, fresh, item.page.after, after=True)))
    if "hasNextPage" in wanted and item.page.before is not None:
        found.append(("has_behind", _outside(item, fresh, item.page.before, after=False)))
    return found


def _outside(item: Connected, fresh: Any, cursor: Any, *, after: bool) -> Expression:
    row, conditions = fresh()
    row.search = item.page.search
    wanted = [*conditions, *item.page.narrow(row)]
    inside = page.beyond(page.steps(row, item.page.terms, total=item.page.total), cursor, after=after)
    return page.some_row(row, [*wanted, inside.is_not(True)])


def page_json(item: Connected, row: Row, joined: Sequence[Any], fresh: Any, some: Any = None) -> Json:
    """Return a connection as one JSON object; `some` says whether there can be rows in it."""
    conditions = [*joined, *narrowed(item.page, row)]
    ordered = page.steps(row, item.page.terms, total=item.page.total)
    if _is_plain(item):
        (part,) = item.parts
        assert isinstance(part, Nodes)
        found = page.first(_objects(row, part.items, conditions), ordered, item.page.size)
        return json.json_object([(part.key, json.json_list(found, some))])
    cursor = page.cursor(ordered, page.signature(row.relation, item.page.terms))
    wanted = [(f"i{index}", part_text(part, row, cursor)) for index, part in _with_items(item)]
    ends = [("cursor", cursor)] if wanted_facts(item) & {"startCursor", "endCursor"} else []

    def selected(inside: page.Inside) -> Any:
        columns = [(label, inside(value)) for label, value in wanted]
        return rows(row, json.labelled([*columns, *ends]), conditions)

    gathered = page.gathered(
        page.window(selected, ordered, item.page.size, backward=item.page.backward),
        [label for label, _ in wanted],
        item.page.size,
        backward=item.page.backward,
    )
    facts = json.labelled(list_facts(item, fresh))
    return page.page_object(gathered, facts, lambda known: json.json_object(_parts(item, known)))


def _is_plain(item: Connected) -> bool:
    return not item.page.backward and len(item.parts) == 1 and isinstance(item.parts[0], Nodes)


def _with_items(item: Connected) -> list[tuple[int, Nodes | Edges]]:
    return [(index, part) for index, part in enumerate(item.parts) if isinstance(part, Nodes | Edges)]


def part_text(part: Nodes | Edges, row: Row, cursor: Expression) -> Expression:
    """Return what one part of a connection wants of a row."""
    if isinstance(part, Nodes):
        return object_text(part.items, row)
    return json.json_object([(key, _edge(of, row, cursor)) for key, of in part.parts]).text()


def _edge(of: Any, row: Row, cursor: Expression) -> Json:
    if of is None:
        return json.json_value(cursor)
    if isinstance(of, str):
        return json.json_value(json.constant(of))
    return json.json_object(members(of, row))


def _parts(item: Connected, known: Any) -> list[tuple[str, Json]]:
    return [(part.key, _part(item, index, part, known)) for index, part in enumerate(item.parts)]


def _part(item: Connected, index: int, part: Part, known: Any) -> Json:
    if isinstance(part, Name):
        return json.json_value(json.constant(part.name))
    if isinstance(part, Info):
        facts = [(key, page.fact(known, of, backward=item.page.backward)) for key, of in part.facts]
        return json.json_object([(key, json.json_value(fact)) for key, fact in facts])
    return json.json_array(known[f"i{index}"])
