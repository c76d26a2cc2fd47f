"""Every relation, present and future: who owns its rows and which clocks hold for them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import DateTime, Table

import api.graph.schema
from api.reads.json import parameter
from api.reads.relation import Lens, Link, Relation, Row

RELATIONS = list(Relation.all.values())
# A column that says when we last touched a row is no moment at which something happened.
NO_FACT = {"recorded_at", "updated_at"}


def columns(relation: Relation) -> set[str]:
    return set(relation.table.c.keys())


def moments(relation: Relation) -> set[str]:
    return {column.name for column in relation.table.c if isinstance(column.type, DateTime)}


def visible(relation: Relation, **limits: str) -> str:
    """Return the conditions under which a row may be seen, as text."""
    given: Any = {name: parameter(name, kind) for name, kind in limits.items()}
    row = Row(relation, Lens(parameter("moment", "moment"), **given))
    return " ".join(str(condition) for condition in row.visible())


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_the_data_of_a_customer_is_owned(relation):
    assert relation.owner == ("customer_id" if "customer_id" in columns(relation) else None)
    if relation.owner:
        seen = visible(relation, owner="uuid")
        assert ":owner" in seen or seen.startswith("false"), "what is the business's alone is no customer's"


@pytest.mark.parametrize("relation", [r for r in RELATIONS if r.owner], ids=lambda relation: relation.name)
def test_what_was_recorded_later_is_hidden(relation):
    assert relation.recorded == ("recorded_at" if "recorded_at" in columns(relation) else None)
    assert relation.recorded or relation.within
    assert ":known_at" in visible(relation, known_at="moment")


@pytest.mark.parametrize("relation", [r for r in RELATIONS if r.owner], ids=lambda relation: relation.name)
def test_what_happened_later_is_hidden(relation):
    facts = moments(relation) - NO_FACT - {relation.superseded, relation.replaced} - relation.planned
    assert facts == ({relation.happened} if relation.happened else set())
    if facts or relation.within:
        assert ":as_of" in visible(relation, as_of="moment")


@pytest.mark.parametrize("relation", [r for r in RELATIONS if r.replaced], ids=lambda relation: relation.name)
def test_a_version_stands_until_the_next_one_happened(relation):
    assert ":as_of" in visible(relation, as_of="moment").partition("replaced_at")[2]
    assert relation.planned == {column.name for column in relation.table.c if column.name in relation.planned}


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_without_limits_everything_is_seen(relation):
    within_reach = relation.superseded or relation.among
    assert bool(visible(relation)) == bool(within_reach)


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_names_of_a_relation_are_those_of_its_table(relation):
    named = {relation.key, relation.owner, relation.happened, relation.recorded, relation.superseded}
    named = (named | {relation.replaced} | relation.planned) - {None}
    assert named <= columns(relation)
    for term in relation.order:
        assert term.name in columns(relation) | relation.expressions.keys()


def test_prefixes_tell_relations_apart():
    prefixes = [relation.prefix for relation in RELATIONS]
    assert len(set(prefixes)) == len(prefixes)
    assert all(len(prefix) == 3 and prefix.isalpha() and prefix.islower() for prefix in prefixes)


def test_a_relation_that_forgets_its_owner_is_noticed():
    forgetful = Relation("forgetful", Relation.all["orders"].table, "order_id", "zzz")
    del Relation.all["forgetful"]
    with pytest.raises(AssertionError):
        test_the_data_of_a_customer_is_owned(forgetful)
    with pytest.raises(AssertionError):
        test_what_happened_later_is_hidden(forgetful)
    with pytest.raises(AssertionError):
        test_what_was_recorded_later_is_hidden(forgetful)


def every_link() -> list[Link]:
    """Return the links that fields of the schema follow."""
    declared = [
        getattr(field.extensions.get("strawberry-definition"), "source", None)
        for type_ in api.graph.schema.executable.type_map.values()
        for field in getattr(type_, "fields", {}).values()
    ]
    found = [getattr(source, "target", getattr(source, "link", None)) for source in declared]
    return [link for link in found if isinstance(link, Link)]


@pytest.mark.parametrize("link", every_link(), ids=lambda link: f"{link.source.name} to {link.target.name}")
def test_a_link_between_rows_of_a_customer_joins_on_the_customer(link):
    assert isinstance(link.source.table, Table)
    for here, there in link.on:
        assert here in columns(link.source) | link.source.expressions.keys()
        assert there in columns(link.target)
    # A referral is found from the friend as well, who may see it.
    is_of_a_friend = link.on == (("customer_id", "referred_id"),)
    if link.source.owner and link.target.owner and link.target.name != "customers" and not is_of_a_friend:
        assert ("customer_id", "customer_id") in link.on
