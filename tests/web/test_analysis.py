"""A document is measured before it is judged: in linear time, exactly, whatever is wrong with it."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, get_introspection_query, parse
from graphql.validation import validation_context
from graphql.validation.rules import overlapping_fields_can_be_merged

from api.app import _limits
from api.graph.schema import executable
from api.settings import Settings
from api.web.analysis import CEILING, Counting, Counts, count
from api.web.documents import Document, Documents
from api.web.excess import excess
from api.web.limits import Limits, setting
from tests.web.random_documents import Dice
from tests.web.reference import naive_counts

LIMITS = Limits()
MEASURED = [field.name for field in fields(Limits) if not field.name.startswith("kept_")]


def first(document: DocumentNode) -> OperationDefinitionNode:
    return next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))


def read(text: str, limits: Limits = LIMITS) -> Document:
    return Documents(executable, limits).find(text)


def code(document: Document) -> Any:
    return document.refusals[0]["extensions"]["code"] if document.refusals else None


@pytest.mark.parametrize("seed", range(8))
def test_counts_are_those_of_the_document_written_out(seed: int):
    dice, met = Dice(executable, seed), set()
    for _ in range(30):
        document = parse(dice.document())
        for node in document.definitions:
            assert isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
            own = Counts(directives=len(node.directives or ()))
            naive = naive_counts(document, node.selection_set)
            assert Counting(document).of(node) == Counts(*(a + b for a, b in zip(naive, own, strict=True)))
            met.add(naive)
    assert len(met) > 25, "the dice throw documents too much alike"


def doubling(number: int) -> str:
    spreads = "".join(
        f" fragment F{place} on Customer {{ ...F{place + 1} ...F{place + 1} }}" for place in range(number)
    )
    return f"query Q {{ customers {{ nodes {{ ...F0 }} }} }} {spreads} fragment F{number} on Customer {{ id }}"


@pytest.mark.parametrize("number", [10, 30, 60, 90, 100])
def test_doubling_fragments_are_counted_without_being_written_out(number: int):
    document = parse(doubling(number))
    assert count(document, first(document)).selections == min(2 + 3 * 2**number - 2 + 1, CEILING)
    refused = read(doubling(number), replace(LIMITS, fragments=101)).refusals[0]
    assert refused["extensions"]["code"] == "DOCUMENT_TOO_LARGE"
    assert "`customers.nodes`" in refused["message"]
    assert "500 are the most (REGULARS_DOCUMENT_SELECTIONS)" in refused["message"]
    assert refused["locations"]


def levels(number: int) -> str:
    """Return a document with `number` levels of fields."""
    return (
        'query { node(id: "x") { ... on Company ' + "{ parent " * (number - 2) + "{ id }" + " }" * (number - 2) + " } }"
    )


def selections(number: int) -> str:
    assert number >= 103
    fields, rest = divmod(number - 2, 100)
    used = "...F " * (fields - 1) + " ".join(["id"] * (rest + 100 - (fields - 1)))
    return f"{{ customers {{ nodes {{ {used} }} }} }} fragment F on Customer {{ {' '.join(['id'] * 100)} }}"


def repeated(part: str, number: int) -> str:
    return " ".join(part.format(place) for place in range(number))


BORDERS: dict[str, Callable[[int], str]] = {
    "operations": lambda number: repeated("query Q{} {{ __typename }}", number),
    "query_fields": lambda number: "{" + repeated("__typename", number) + "}",
    "mutation_fields": lambda number: (
        "mutation { ...F } fragment F on Mutation {" + repeated("__typename", number) + "}"
    ),
    "depth": levels,
    "selections": selections,
    "aliases": lambda number: "{ customers { nodes {" + repeated("a{}: __typename", number) + "} } }",
    "directives": lambda number: "{ customers { nodes {" + repeated("id @skip(if: true)", number) + "} } }",
    "directives_together": lambda number: "{ __typename " + "@a " * number + "}",
}


@pytest.mark.parametrize("limit", BORDERS)
def test_as_much_as_the_limit_passes_and_one_more_is_refused(limit: str):
    most = getattr(LIMITS, limit)
    assert excess(parse(BORDERS[limit](most)), LIMITS) is None
    found = excess(parse(BORDERS[limit](most + 1)), LIMITS)
    assert found is not None
    assert f"{most:,} are the most ({setting(limit)})" in found.message
    assert excess(parse(BORDERS[limit](most + 1)), replace(LIMITS, **{limit: most + 1})) is None


TEXTS: dict[str, Callable[[int], str]] = {
    "characters": lambda number: "{ __typename }" + " " * (number - 14),
    "tokens": lambda number: "{ __typename(a: [" + "1 " * (number - 9) + "]) }",
    "comments": lambda number: "{ __typename }" + "\n#" * number,
}


@pytest.mark.parametrize("limit", TEXTS)
def test_a_text_may_be_as_long_as_the_limit(limit: str):
    limits = replace(LIMITS, characters=100_000) if limit != "characters" else LIMITS
    most = getattr(limits, limit)
    assert code(read(TEXTS[limit](most), limits)) != "DOCUMENT_TOO_LARGE"
    refused = read(TEXTS[limit](most + 1), limits).refusals[0]
    assert refused["extensions"]["code"] == "DOCUMENT_TOO_LARGE"
    assert f"{most:,}" in refused["message"]
    assert setting(limit) in refused["message"]


def test_every_limit_is_a_setting_with_its_default():
    for name in MEASURED:
        assert Settings.model_fields[f"document_{name}"].default == getattr(LIMITS, name)
    more = {f"document_{name}": getattr(LIMITS, name) + 1 for name in MEASURED}
    assert _limits(Settings(**more)) == replace(LIMITS, **{name: getattr(LIMITS, name) + 1 for name in MEASURED})


CYCLE = "{customers{nodes{...A}}} fragment A on Customer{id ...B} fragment B on Customer{id ...A}"
BAD = {
    "10,000 aliases": ("{" + repeated("a{}: __typename", 10_000) + "}", "DOCUMENT_TOO_LARGE"),
    "600 aliases": ("{" + repeated("a{}: __typename", 600) + "}", "DOCUMENT_TOO_LARGE"),
    "10,000 equal fields": ("{ customers { nodes {" + "id " * 10_000 + "} } }", "DOCUMENT_TOO_LARGE"),
    "1,900 equal fields": ("{ customers { nodes {" + "id " * 1_900 + "} } }", "DOCUMENT_TOO_LARGE"),
    "5,000 @include": ("{ __typename " + "@include(if: true) " * 5_000 + "}", "DOCUMENT_TOO_LARGE"),
    "300 @include": ("{ __typename " + "@include(if: true) " * 300 + "}", "DOCUMENT_TOO_LARGE"),
    "10,000 root fields": ("{" + "__typename " * 10_000 + "}", "DOCUMENT_TOO_LARGE"),
    "1,900 root fields": ("{" + "__typename " * 1_900 + "}", "DOCUMENT_TOO_LARGE"),
    "10,000 levels": ("{a" * 10_000 + "}" * 10_000, "DOCUMENT_TOO_LARGE"),
    "100 levels": ("{a" * 100 + "}" * 100, "DOCUMENT_TOO_LARGE"),
    "20,000 lists": ("{a(b: " + "[" * 20_000 + "]" * 20_000 + ")}", "DOCUMENT_TOO_LARGE"),
    "100 lists": ("{a(b: " + "[" * 100 + "]" * 100 + ")}", "DOCUMENT_TOO_LARGE"),
    "100 lists as a default": ("query($a: Int = " + "[" * 100 + "]" * 100 + ") {a}", "DOCUMENT_TOO_LARGE"),
    "150 objects": (
        "{customers(filter: " + "{not: " * 150 + "{}" + "}" * 150 + ") {nodes {id}}}",
        "DOCUMENT_TOO_LARGE",
    ),
    "a fragment cycle": (CYCLE, "VALIDATION_FAILED"),
    "a fragment cycle of its own": ("{__typename} fragment A on Customer {...A}", "VALIDATION_FAILED"),
    "doubling cycle": (
        "{customers{nodes{...A}}} fragment A on Customer{...B ...B} fragment B on Customer{...A ...A}",
        "VALIDATION_FAILED",
    ),
    "an unknown fragment": ("{customers{nodes{...A}}}", "VALIDATION_FAILED"),
    "an unknown type": ("{... on Nothing {a}}", "VALIDATION_FAILED"),
    "an unknown field": ("{a {b {c}}}", "VALIDATION_FAILED"),
    "two fragments of one name": (
        "{customers{nodes{...A}}} fragment A on Customer{id} fragment A on Customer{id}",
        "VALIDATION_FAILED",
    ),
    "no operation's type": ("subscription {a}", "VALIDATION_FAILED"),
    "a schema": ("type Query {a: Int}", "VALIDATION_FAILED"),
    "nested introspection": (
        "{__schema{types" + "{fields{type" * 10 + "{name}" + "}}" * 10 + "}}",
        "VALIDATION_FAILED",
    ),
    "doubling introspection": (
        '{__type(name: "Query") {...F0}}'
        + "".join(f" fragment F{n} on __Type {{ofType {{...F{n + 1} ...F{n + 1}}}}}" for n in range(40))
        + " fragment F40 on __Type {name}",
        "DOCUMENT_TOO_LARGE",
    ),
    "fragments nobody uses": ("{__typename}" + doubling(30).split("} } }", 1)[1], "DOCUMENT_TOO_LARGE"),
    "a long chain of fragments": (
        "{customers{nodes{...F0}}}"
        + "".join(f" fragment F{n} on Customer {{...F{n + 1}}}" for n in range(230))
        + " fragment F230 on Customer {id}",
        "DOCUMENT_TOO_LARGE",
    ),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("characters", [LIMITS.characters, 1_000_000])
def test_a_bad_document_is_refused_whatever_else_is_wrong_with_it(name: str, characters: int):
    text, expected = BAD[name]
    document = read(text, replace(LIMITS, characters=characters))
    expected = "DOCUMENT_TOO_LARGE" if len(text) > characters else expected
    assert code(document) == expected
    assert not document.operations


def test_what_the_page_asks_about_the_schema_passes():
    for text in (
        get_introspection_query(),
        get_introspection_query(
            descriptions=True,
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
            experimental_directive_deprecation=False,
            one_of=True,
        ),
    ):
        document = read(text)
        assert not document.refusals
        assert document.charge(document.operation(None), {}) <= LIMITS.cost


def test_levels_below_introspection_are_not_counted_and_those_beside_it_are():
    deep = '{ __type(name: "Query") {' + "ofType {" * 20 + "name" + "}" * 20 + "} node(id: 1) { id } }"
    assert count(parse(deep), first(parse(deep))).depth == 2
    assert excess(parse(deep), LIMITS) is None
    assert excess(parse('{ __type(name: "Query") { name } ' + levels(13)[7:]), LIMITS) is not None


def test_the_place_of_an_excess_is_named_as_the_answer_names_it():
    text = "query Q { customers { items: nodes { " + repeated("a{}: id", 31) + " } } }"
    refused = read(text).refusals[0]
    assert "The query `Q` asks for 32 aliases, most of them at `customers.items`" in refused["message"]
    assert refused["locations"] == [{"line": 1, "column": 23}]


def test_a_name_of_great_length_is_cut_off():
    refused = read("{ a {" + "b" * 5_000 + " {" + " ".join(["c"] * 501) + "} } }").refusals[0]
    assert len(refused["message"]) < 400


def test_every_operation_of_a_document_is_measured():
    text = f"query A {{ __typename }} {levels(13).replace('query', 'query B', 1)}"
    assert code(read(text)) == "DOCUMENT_TOO_LARGE"


def test_validation_spends_no_more_than_it_is_given():
    # 115,000 comparisons: more than the budget set here, and less than graphql-core's own.
    assert code(read("{ customers { nodes { " + "id " * 480 + "} } }")) == "DOCUMENT_TOO_LARGE"
    assert not read("{ customers { nodes { " + "id " * 60 + "} } }").refusals


def test_validation_follows_fragments_no_further_than_it_is_told():
    used = repeated("query Q{0} {{customers {{nodes {{...W ...E{0}}}}}}} fragment E{0} on Customer {{id}}", 200)
    shared = " fragment W on Customer {" + "...A " * 100 + "} fragment A on Customer {id}"
    wide = replace(LIMITS, characters=10**6, tokens=10**6, operations=10**3)
    # More than the work allowed here, and less than graphql-core's own.
    assert code(read(used + shared, wide)) == "DOCUMENT_TOO_LARGE"
    assert not read("query Q0 {customers {nodes {...W}}}" + shared, wide).refusals


@pytest.mark.parametrize(
    ("module", "name"),
    [(overlapping_fields_can_be_merged, "MAX_COMPLEXITY_BUDGET"), (validation_context, "MAX_FRAGMENT_WORK")],
)
def test_the_budgets_of_validation_are_still_called_so(module: Any, name: str):
    assert name in module.__all__
