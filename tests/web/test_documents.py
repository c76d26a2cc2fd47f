"""Documents are kept by their text, within bounds that callers cannot stretch."""

from typing import Any

import httpx2
import pytest
from graphql import build_schema
from starlette.applications import Starlette
from starlette.routing import Route

from api.database import Statement
from api.errors import BadRequest
from api.graph.schema import executable, schema
from api.web.documents import (
    BYTES_A_CHARACTER,
    BYTES_A_LIST,
    BYTES_A_SQL_CHARACTER,
    LARGEST_SHAPE,
    PLANS_A_DOCUMENT,
    Documents,
    Limits,
)
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
