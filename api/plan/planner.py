"""Plans for fields: made once per document and shape of the variables, kept with the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_non_null_type

from api.database import prepare
from api.graph.declare import PlannedField
from api.graph.nodes import REFERRED
from api.graph.sources import One, Paged, Summed
from api.plan import levels
from api.plan.narrow import Value, narrowing
from api.plan.run import Plan
from api.plan.segments import Asked
from api.plan.select import Details, Selecting, connected, object_items
from api.plan.tree import Level, Narrow, connection_is_split
from api.plan.values import AS_OF, KNOWN_AT, NOW, OWNER, Parameters
from api.reads.conditions import every
from api.reads.relation import Lens, Relation, Row
from api.reads.rowset import itself
from api.reads.segments import kept, segments


def root_plan(
    selecting: Selecting, key: str, field: GraphQLField, below: Details, *, owned: bool, as_kept: bool = False
) -> Plan:
    """Return the plan of a root field that reads one row or a page of a relation.

    as_kept  whether running it may raise Outdated
    """
    declaration = field.extensions["strawberry-definition"]
    assert isinstance(declaration, PlannedField)
    arguments = selecting.arguments(field, below)
    parameters = selecting.parameters
    clocks = (arguments.get("asOf"), arguments.get("knownAt"))
    lens = replace(_lens(parameters, *clocks, owned=owned), as_kept=as_kept)
    source, meant = declaration.source, None
    if isinstance(source, Paged):
        item = connected(selecting, key, field, below, source, nullable=not is_non_null_type(field.type))
        if connection_is_split(item):
            made = levels.connection(item, lens, parameters, of_parent=False)
        else:
            made = levels.listed_as_json(item, lens, parameters)
    elif isinstance(source, Summed):
        level = Level(source.relation, object_items(selecting, get_named_type(field.type), below))  # type: ignore[arg-type]
        made = levels.summed(level, narrowing(field, arguments, parameters), lens, Value(arguments, parameters))
    else:
        assert isinstance(source, One)
        assert isinstance(source.target, Relation)
        type_: Any = get_named_type(field.type)
        level = Level(source.target, object_items(selecting, type_, below))
        narrow, only = narrowing(field, arguments, parameters), source.only
        meant = narrow if source.target is segments else None
        made = levels.found(level, lambda row: [*narrow(row), *([only(row)] if only else [])], lens, parameters)
    return Plan(made, parameters, bool(selecting.referred), clocks, _asked(parameters, lens, meant))


def reference_plan(
    selecting: Selecting, view: type, type_: GraphQLObjectType, below: Details, given: Mapping[str, Any]
) -> Plan:
    """Return the plan that completes references to rows of a view, many at once."""
    parameters = selecting.parameters
    lens = _lens(
        parameters,
        AS_OF if given[":asOf"] else None,
        KNOWN_AT if given[":knownAt"] else None,
        owned=given[":owner"] is not None,
    )
    relation = REFERRED[view]
    level = Level(relation, object_items(selecting, type_, below))
    made = levels.linked(itself(relation), level, lens, parameters, listed=False)
    # Of the segments that there are, the one that is referred to is meant; which one that is, its key will tell.
    meant: Narrow | None = (lambda row: []) if relation is segments else None
    return Plan(made, parameters, bool(selecting.referred), asked=_asked(parameters, lens, meant))


def _asked(parameters: Parameters, lens: Lens, meant: Narrow | None) -> Asked | None:
    """Return what a plan has to know of segments, None where it needs nothing; `meant` tells the one it is about."""
    needed = parameters.segments
    if not needed.is_wanting:
        return None
    row, is_one = Row(segments, lens), meant is not None and not needed.others
    statement = prepare(kept(row, every(meant(row) if meant and is_one else [])))
    return Asked(statement, needed.names, needed.whole, is_one)


def _lens(parameters: Parameters, as_of: Any, known_at: Any, *, owned: bool) -> Lens:
    parameters.moment = NOW if as_of is None else as_of
    return Lens(
        moment=parameters.add(parameters.moment, "moment"),
        as_of=None if as_of is None else parameters.add(as_of, "moment"),
        known_at=None if known_at is None else parameters.add(known_at, "moment"),
        owner=parameters.add(OWNER, "uuid") if owned else None,
    )
