"""Documents are kept by their text, within bounds that callers cannot stretch."""

import asyncio
import threading
from typing import Any

import httpx2
import orjson
import pytest
from graphql import build_schema
from starlette.applications import Starlette
from starlette.routing import Route

from api.database import Statement
from api.errors import BadRequest
from api.graph.schema import executable, schema
from api.plan.planner import root_plan
from api.web.documents import (
    BYTES_A_CHARACTER,
    BYTES_A_LIST,
    LONG_TEXT,
    Document,
    Documents,
    Limits,
)
from api.web.plans import BYTES_A_SQL_CHARACTER, LARGEST_SHAPE, PLANS_A_DOCUMENT
from api.web.view import GraphQLView

SCHEMA = build_schema("type Query { a(text: String): Int, b: Int }")
PLAN: Any = Statement("SELECT 1", ())


def documents(**limits: int) -> Documents:
    return Documents(SCHEMA, Limits(**limits))


def test_a_text_is_read_once():
    found = documents()
    assert found.find("{ a }") is found.find("{ a }")
    assert found.find("{ a }") is not found.find("{ a  }")


def test_a_refusal_is_kept_too():
    found = documents()
    assert found.find("{ c }").refusals
    assert found.find("{ c }") is found.find("{ c }")


def test_the_document_not_used_for_longest_goes_first():
    found = documents(kept_documents=2)
    first, second = found.find("{ a }"), found.find("{ b }")
    assert found.find("{ a }") is first
    found.find("{ a b }")
    assert len(found) == 2
    assert found.find("{ a }") is first
    assert found.find("{ b }") is not second


def test_long_documents_leave_room_for_fewer():
    found = documents(kept_bytes=200_000)
    for number in range(10):
        found.find("{ a }" + " " * (395 + number))
    assert len(found) == 2


def test_documents_that_name_many_lists_leave_room_for_fewer():
    found = Documents(executable, Limits(kept_bytes=10_000_000))
    lists = " ".join(f"a{number}: orders {{ nodes {{ id }} }}" for number in range(20))
    for number in range(10):
        found.find(f"query Q{number} {{ a: customers {{ nodes {{ ...F }} }} }} fragment F on Customer {{ {lists} }}")
    assert len(found) == 10
    text, kept = next(iter(found._kept.items()))
    assert kept.lists == 21
    room = 3 * (len(text) * BYTES_A_CHARACTER + 21 * BYTES_A_LIST)
    tight = Documents(executable, Limits(kept_bytes=room))
    for other in found._kept:
        tight.find(other)
    assert len(tight) == 3


def test_an_analysis_is_kept_with_its_document():
    found = Documents(executable, Limits())
    document = found.find("{ customers { nodes { id } } }")
    assert found.find("{ customers { nodes { id } } }").costs[None] is document.costs[None]


def test_a_text_beyond_the_limit_is_refused_and_not_kept():
    found = documents(characters=100)
    assert found.find("{ a }" + " " * 100).refusals[0]["extensions"]["code"] == "DOCUMENT_TOO_LARGE"
    assert len(found) == 0


def test_a_document_keeps_its_latest_plans():
    plans = documents().find("{ a }").plans
    for number in range(PLANS_A_DOCUMENT + 3):
        plans[("root", number)] = PLAN
    assert list(plans) == [("root", number) for number in range(3, PLANS_A_DOCUMENT + 3)]


def test_the_plan_not_used_for_longest_goes_first():
    plans = documents().find("{ a }").plans
    for number in range(PLANS_A_DOCUMENT):
        plans[number] = PLAN
    assert plans.get(0) is PLAN
    assert plans[1] is PLAN
    plans["new"] = PLAN
    assert len(plans) == PLANS_A_DOCUMENT
    assert (0 in plans, 1 in plans, 2 in plans, "new" in plans) == (True, True, False, True)
    assert plans.get(2) is None


def test_a_document_as_wide_as_can_be_is_planned_once_for_each_shape():
    plans, made = documents().find("{ a }").plans, 0
    # Twice, for the shapes of an operation with a flag.
    for shape in (True, False) * 3:
        for field in range(250):
            if plans.get((field, shape)) is None:
                plans[field, shape], made = PLAN, made + 1
    assert made == 500


@pytest.mark.anyio
async def test_a_document_of_twenty_root_fields_is_planned_once(database: Any):
    view = GraphQLView(schema._schema, limits=Limits())
    view.database = database
    wide = "{" + " ".join(f"a{number}: customers {{ totalCount {{ count }} }}" for number in range(20)) + "}"
    transport = httpx2.ASGITransport(app=Starlette(routes=[Route("/graphql", view)]))
    made = []
    async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
        for _ in range(3):
            answer = await client.post("/graphql", json={"query": wide})
            assert answer.json() == {"data": {f"a{number}": {"totalCount": {"count": 0}} for number in range(20)}}
            made.append({id(plan) for plan in view._documents.find(wide).plans.values()})
    assert len(made[0]) == 20
    assert made[0] == made[1] == made[2]


def test_a_plan_for_a_huge_shape_of_variables_is_not_kept():
    plans = documents().find("{ a }").plans
    plans[("root", tuple(range(LARGEST_SHAPE)))] = PLAN
    assert not plans


def test_plans_count_among_what_is_kept():
    found = documents(kept_bytes=1_000_000)
    first, second = found.find("{ a }"), found.find("{ b }")
    second.plans["small"] = PLAN
    assert found.find("{ a }") is first
    assert found.find("{ b }") is second
    large: Any = Statement("-" * 40_000, ())
    second.plans["large"] = large
    assert found.find("{ b }") is second
    assert found.find("{ a }") is not first


def test_a_plan_that_went_is_not_counted_any_more():
    plans = documents().find("{ a }").plans
    for number in range(3 * PLANS_A_DOCUMENT):
        plans[number] = PLAN
        plans[number] = PLAN
    assert plans.bytes == PLANS_A_DOCUMENT * len("SELECT 1") * BYTES_A_SQL_CHARACTER


def test_many_fragments_are_refused_before_they_are_read():
    some = "{ ...F0 }" + "".join(f" fragment F{number} on Query {{ a }}" for number in range(60))
    message = "The document has 61 fragments; 60 are the most (REGULARS_DOCUMENT_FRAGMENTS)."
    assert documents().find(f"{some} fragment F60 on Query {{").refusals == (
        {"message": message, "extensions": {"code": "DOCUMENT_TOO_LARGE"}},
    )
    assert documents().find(some).refusals[0]["extensions"]["code"] == "VALIDATION_FAILED"


@pytest.mark.parametrize(
    "text",
    [
        '{ a(b: "MANY") }',
        '{ a(b: """MANY\n\\""" MANY""") }',
        '{ a(b: """x\\""""MANY""") }',
        '{ a(b: """x\\\nMANY""") }',
        '{ a(b: "\\" MANY \\\\") }',
        '{ a(b: "") # MANY "\n }',
    ],
)
def test_what_only_reads_like_fragments_is_not_counted(text: str):
    many = "fragment a on B " * 70
    for document in (text.replace("MANY", many), f"{text} # {many}"):
        assert documents().find(document).refusals[0]["extensions"]["code"] == "VALIDATION_FAILED"
    beside = documents().find(f"{text.replace('MANY', '')} {many}").refusals[0]
    assert beside["extensions"]["code"] == "DOCUMENT_TOO_LARGE"


def test_plans_of_all_documents_are_bounded_together():
    found = documents(kept_plans=6)
    kept = [found.find(text) for text in ("{ a }", "{ b }", "{ a b }")]
    for number in range(3):
        for document in kept:
            document.plans[number] = PLAN
    assert len(found) == 2


def test_the_operation_is_the_only_one_or_the_one_named():
    several = documents().find("query A { a } query B { b }")
    assert several.operation("B").name.value == "B"  # type: ignore[union-attr]
    for name in (None, "C", ""):
        with pytest.raises(BadRequest):
            several.operation(name)
    assert documents().find("query A { a }").operation(None).name.value == "A"  # type: ignore[union-attr]


@pytest.fixture
async def view(database: Any) -> GraphQLView:
    made = GraphQLView(schema._schema, limits=Limits())
    made.database = database
    return made


async def asked(view: GraphQLView, query: str, **more: Any) -> dict[str, Any]:
    transport = httpx2.ASGITransport(app=Starlette(routes=[Route("/graphql", view)]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.post("/graphql", json={"query": query, **more})
        return {**answer.json(), "cost": answer.headers["x-request-cost"]}


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the operations that are executed from here on."""
    begun, begin = list[Any](), GraphQLView._result

    def noted(view: GraphQLView, document: Document, given: Any, operation: Any) -> Any:
        begun.append(given)
        return begin(view, document, given, operation)

    monkeypatch.setattr(GraphQLView, "_result", noted)
    return begun


@pytest.mark.anyio
async def test_what_is_asked_of_the_schema_alone_is_found_once_and_counted(view: GraphQLView, executed: list[Any]):
    text = "query A { __schema { types { ...T } } __typename } query B { __typename } fragment T on __Type { name }"
    first = await asked(view, text, operationName="A")
    assert len(first["data"]["__schema"]["types"]) > 50
    assert await asked(view, text, operationName="A") == first
    assert len(executed) == 1
    other = {"data": {"__typename": "Query"}, "cost": "0"}
    assert [await asked(view, text, operationName="B") for _ in range(2)] == [other, other]
    assert len(executed) == 2
    assert view._documents.find(text).plans.bytes == len(orjson.dumps(first["data"])) + len(b'{"__typename":"Query"}')


@pytest.mark.anyio
@pytest.mark.parametrize(
    "text",
    [
        'query A($x: Boolean = true) { __type(name: "Order") { name @include(if: $x) } }',
        "{ __typename customers(first: 1) { nodes { id } } }",
        "{ __typename ... on Query { customers(first: 1) { nodes { id } } } }",
    ],
)
async def test_an_answer_that_may_change_is_found_anew(view: GraphQLView, executed: list[Any], text: str):
    for _ in range(2):
        await asked(view, text)
    assert len(executed) == 2


@pytest.mark.anyio
async def test_a_kept_answer_opens_no_way_for_changes_by_get(view: GraphQLView, executed: list[Any]):
    for _ in range(2):
        assert (await asked(view, "mutation { __typename }"))["data"] == {"__typename": "Mutation"}
    assert len(executed) == 2


@pytest.mark.anyio
async def test_a_long_new_text_is_read_beside_the_loop_and_kept_once(monkeypatch: pytest.MonkeyPatch):
    readers, read = list[str](), Documents._read

    def noted(found: Documents, text: str) -> Document:
        readers.append(threading.current_thread().name.split("_")[0])
        return read(found, text)

    monkeypatch.setattr(Documents, "_read", noted)
    found = documents(characters=LONG_TEXT + 10)
    short, long, longest = ("{ a }".ljust(size) for size in (LONG_TEXT - 1, LONG_TEXT, LONG_TEXT + 11))
    made = await asyncio.gather(*(found.read(text) for text in (short, long, long, longest)))
    assert sorted(readers) == ["MainThread", "MainThread", "aside", "aside"]
    assert (await found.read(long), made[2], len(found)) == (made[1], made[1], 2)
    assert found._bytes == (2 * LONG_TEXT - 1) * BYTES_A_CHARACTER


@pytest.mark.anyio
async def test_other_work_goes_on_while_a_plan_is_made(view: GraphQLView, monkeypatch: pytest.MonkeyPatch):
    makers, loop = list[str](), asyncio.get_running_loop()
    begun, waiting = asyncio.Event(), threading.Event()

    def noted(*given: Any, **more: Any) -> Any:
        makers.append(threading.current_thread().name.split("_")[0])
        loop.call_soon_threadsafe(begun.set)
        assert waiting.wait(10), "the loop stands still"
        return root_plan(*given, **more)

    monkeypatch.setattr("api.plan.executor.root_plan", noted)
    asking = asyncio.create_task(asked(view, "{ customers(first: 1) { nodes { id } } }"))
    await begun.wait()
    waiting.set()
    assert (await asking)["data"] == {"customers": {"nodes": []}}
    assert makers == ["aside"]
    await asked(view, "{ customers(first: 1) { nodes { id } } }")
    assert makers == ["aside"]
