"""Every part of the schema is described in words that a newcomer understands: they read them in the explorer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)

from api.graph.schema import executable

LONGEST = 200

# Words of the trade that say nothing to somebody who wants to know what a field holds.
JARGON = """
    aggregate backend boolean canonical cardinality clock coerced connection denormalised deprecated edge endpoint
    entity enum fact float foreign idempotency idempotent interface iterator json keyset lateral mutation node
    nullable opaque pagination parameter payload persisted planner predicate primary projection query relation
    resolve resolver row scalar schema serialised snapshot sql string subquery timestamp transaction tuple upsert
    uuid stuff thing various whatever
"""

# Names of fields and arguments may be quoted.
QUOTED = re.compile(r"`[^`]*`|\b(node finds|which node|words in query)\b")
STOP_WORDS = "an and at for in is it of on or the this to was were what when which who with"


def parts(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Yield the path and description of everything our schema names."""
    for type_ in schema.type_map.values():
        if not is_introspection_type(type_) and not is_specified_scalar_type(type_):
            yield type_.name, type_.description
            yield from members(type_)
    for directive in schema.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description
            yield from arguments(f"@{directive.name}", directive)


def members(type_: Any) -> Iterator[tuple[str, str | None]]:
    """Yield the fields of a type with their arguments, or its values."""
    for name, member in (getattr(type_, "fields", None) or getattr(type_, "values", None) or {}).items():
        yield f"{type_.name}.{name}", member.description
        yield from arguments(f"{type_.name}.{name}", member)


def arguments(path: str, owner: Any) -> Iterator[tuple[str, str | None]]:
    for name, argument in getattr(owner, "args", {}).items():
        yield f"{path}({name}:)", argument.description


PARTS = dict(parts(executable))
DESCRIBED = {path: text for path, text in PARTS.items() if text}


def faults(path: str, text: str | None) -> list[str]:
    """Return what is wrong with a description; nothing, if a newcomer can do with it."""
    if not text or not text.strip():
        return ["is missing"]
    found = []
    if len(text) > LONGEST:
        found.append(f"has {len(text)} characters")
    if not re.search(r"[.)]$", text) or not re.match(r"[A-Z1-9]|true ", text):
        found.append("is no sentence")
    if words(text) <= words(path) | words(STOP_WORDS):
        found.append("says no more than the name")
    return found + [f"says {word!r}" for word in sorted(words(QUOTED.sub("", text)) & words(JARGON))]


def words(text: str) -> set[str]:
    """Return the words of a text or of a name in camel case, small and in the singular."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return {word if word == "is" else word.removesuffix("s") for word in re.findall(r"[a-z]{2,}", parted.lower())}


def test_every_part_of_the_schema_is_described_in_plain_words() -> None:
    found = {path: faults(path, text) for path, text in PARTS.items()}
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, "is missing"),
        (" ", "is missing"),
        ("Name of the company.", "says no more than the name"),
        ("The company's names.", "says no more than the name"),
        ("Name of the company " * 12 + "is long.", "has 248 characters"),
        ("Opaque name of the company, such as Conti.", "says 'opaque'"),
        ("the name to be shown on a screen", "is no sentence"),
    ],
)
def test_a_poor_description_is_found(text: str | None, fault: str) -> None:
    assert fault in faults("Company.name", text)


def test_the_walk_meets_every_kind_of_part() -> None:
    kinds = {"Customer", "Customer.email", "Query.customers(filter:)", "CustomerKind.CONSUMER", "MoneyInput.amount"}
    assert kinds | {"DateTime", "Node.id", "Mutation.recordPurchase(input:)", "@cost", "@cost(weight:)"} <= set(PARTS)
    assert len(PARTS) > 300


def test_what_graphql_itself_defines_is_described_as_well() -> None:
    specified = [each for each in executable.directives if is_specified_directive(each)]
    assert {each.name for each in specified} >= {"include", "skip", "deprecated"}
    assert all(each.description and all(a.description for a in each.args.values()) for each in specified)
    own = [each for each in executable.type_map.values() if is_specified_scalar_type(each)]
    assert all(each.description for each in own)


def test_each_scalar_gives_an_example() -> None:
    examples = {
        "CurrencyCode": "EUR",
        "Date": '"2026-01-31"',
        "DateTime": "2026-01-31T09:30:00Z",
        "Decimal": '"12.50"',
        "Duration": '"P12M"',
    }
    ours = {name for name, type_ in executable.type_map.items() if type_.to_kwargs().get("parse_value")}
    assert {name for name in ours if not is_specified_scalar_type(executable.type_map[name])} == set(examples)
    assert all(example in DESCRIBED[name] for name, example in examples.items())
