"""A request that is cut off takes its query along, and leaves its change to be carried through."""

import asyncio
from dataclasses import dataclass, field

import httpx2
import pytest
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route

from api.web.documents import Limits
from api.web.view import GraphQLView

pytestmark = pytest.mark.anyio


@dataclass
class Work:
    """Something slow: it begins, waits for leave, and is done or not."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    leave: asyncio.Event = field(default_factory=asyncio.Event)
    done: bool = False

    async def do(self) -> bool:
        self.begun.set()
        await self.leave.wait()
        self.done = True
        return True


def view_of(given: Work) -> GraphQLView:
    @strawberry.type
    class Query:
        work: bool = strawberry.field(resolver=given.do)

    @strawberry.type
    class Mutation:
        work: bool = strawberry.field(resolver=given.do)

    schema = strawberry.Schema(Query, Mutation)
    view = GraphQLView(schema._schema, limits=Limits())
    view.database = None  # type: ignore[assignment]  # these fields ask no database
    return view


async def cut_off(view: GraphQLView, work: Work, document: str) -> None:
    """Send a document and end the request when its work has begun."""
    transport = httpx2.ASGITransport(app=Starlette(routes=[Route("/graphql", view)]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
        asked = asyncio.create_task(client.post("/graphql", json={"query": document}))
        await work.begun.wait()
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        assert asked.cancelled()


async def test_a_change_is_carried_through_and_waited_for():
    work = Work()
    view = view_of(work)
    await cut_off(view, work, "mutation { work }")
    await view.finish(0.01)
    assert not work.done
    work.leave.set()
    await view.finish(5)
    assert work.done


async def test_a_query_ends_with_its_request():
    work = Work()
    view = view_of(work)
    await cut_off(view, work, "{ work }")
    work.leave.set()
    await view.finish(5)
    await asyncio.sleep(0.01)
    assert not work.done
