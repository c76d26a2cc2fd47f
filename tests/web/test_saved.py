"""The filters of segments cost what they would if they had been sent, as soon as they have been read."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from api.errors import CostExceeded, DocumentTooLarge
from api.graph.schema import executable
from api.web.documents import Documents
from api.web.limits import Limits
from api.web.saved import Charge
from api.web.view import GraphQLView
from tests.given import Given

LIMITS = Limits()
EVERYWHERE = "{ customers(first: 10) { nodes { segments(first: 5) { nodes { because segment { name } } } } } }"
NAMED = "query ($ids: [ID!]) { customers(first: 1, filter: {segmentIds: $ids}) { nodes { id } } }"
ONE = '{ segment(by: {name: "Idle"}) { memberCount { count } } }'


def charge(text: str, **variables: Any) -> Charge:
    document = Documents(executable, LIMITS).find(text)
    assert not document.refusals, document.refusals
    operation = document.operation(None)
    return Charge(document, operation, variables, document.charge(operation, variables))


def test_conditions_of_all_segments_count_for_every_item_of_the_list_they_are_asked_of():
    charged = charge(EVERYWHERE)
    before = charged.points
    charged.segments("customers", 0, 7)
    assert charged.points == before + 10 * 7
    with pytest.raises(CostExceeded) as refusal:
        charged.segments("customers", 0, 1_000)
    assert refusal.value.details["cost"] == {"requested": before + 10_000, "limit": LIMITS.cost}


def test_conditions_of_segments_that_are_named_count_once_for_each_place():
    charged = charge(NAMED, ids=["a"])
    before = charged.points
    for _ in range(2):
        charged.segments("one", 12, 0)
        assert charged.points == before + 12
    charged.segments("other", 30, 0)
    assert charged.points == before + 42
    with pytest.raises(DocumentTooLarge, match="segments that they name"):
        charged.segments("third", LIMITS.conditions, 0)


@pytest.mark.anyio
async def test_the_header_and_the_refusal_know_what_was_saved(database, given: Given):
    await given.business()
    idle = await given.segment("Idle", {"orderCount": {"eq": 0}, "isActive": False, "kind": ["CONSUMER"]})
    await given.segment("Wide", {"or": [{"tags": ["a"]}] * 40})
    view = GraphQLView(executable, limits=Limits(cost=100))
    view.database = database
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(view), base_url="http://x") as client:

        async def ask(query: str, **variables: Any) -> Any:
            return await client.post("/graphql", json={"query": query, "variables": variables})

        named = await ask(NAMED, ids=[idle.id])
        assert int(named.headers["x-request-cost"]) == charge(NAMED, ids=[idle.id]).points + 3
        assert int((await ask(ONE)).headers["x-request-cost"]) == charge(ONE).points + 3
        every = "{ customers(first: 3) { nodes { segments(first: 1) { nodes { because } } } } }"
        database.statements = []
        (error,) = (await ask(every)).json()["errors"]
        cost = {"requested": charge(every).points + 3 * 43, "limit": 100}
        assert error["extensions"] == {"code": "COST_EXCEEDED", "cost": cost}
        assert len(await database.told()) == 1, "nothing but the segments was read"
