"""The bare server: a number or an input comes in, the JSON that PostgreSQL made goes out."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.database import LARGEST_KEPT
from api.reads.customers import customers
from api.reads.page import read_cursor, signature
from benchmarks.limit.feedback import submit
from benchmarks.limit.points import redeem
from benchmarks.limit.purchases import record
from benchmarks.limit.statements import Call, calls

Change = Callable[[Any, Mapping[str, Any]], Awaitable[bytes]]
POOL_SIZE = 10
ASKED = orjson.loads(Path(os.environ["BENCHMARK_VARIANTS"]).read_bytes())
"""What Regulars is asked in each workload: the document, and the variables of each variant."""


class Sent:
    """An endpoint that sends what one call returns, wrapped as the answer of a root field."""

    def __init__(self, field: str) -> None:
        self.calls: Sequence[Call] = ()
        self._before = f'{{"data":{{"{field}":'.encode()

    async def __call__(self, request: Request) -> Response:
        """Answer with the call of the number in the body."""
        call = self.calls[orjson.loads(await request.body())["number"]]
        async with request.app.state.pool.acquire() as connection:
            text = await connection.fetchval(call.sql, *call.parameters)
        return Response(self._before + text.encode() + b"}}", media_type="application/json")


class Changed:
    """An endpoint that makes the change of a GraphQL request for a mutation."""

    def __init__(self, change: Change) -> None:
        self._change = change

    async def __call__(self, request: Request) -> Response:
        """Answer with what became of the input in the body."""
        given = orjson.loads(await request.body())["variables"]["input"]
        async with request.app.state.pool.acquire() as connection:
            return Response(await self._change(connection, given), media_type="application/json")


PLANNED = {
    **{name: Sent("customers") for name in ("orders_and_lines", "active_status", "recommendations")},
    "one_customer": Sent("customer"),
    "segment_members": Sent("segment"),
}
"""Who sends the statements of Regulars' planner."""

BY_HAND = {name: Sent("customers") for name in ("with_summary", "members", "satisfaction")}
"""Who sends a statement that was written by hand, for the page behind a cursor."""

CHANGES = {
    "record_purchase": Changed(record),
    "redeem_points": Changed(redeem),
    "submit_feedback": Changed(submit),
}


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open the pool and learn which calls to make, before the first request is answered."""
    pool = asyncpg.create_pool(
        os.environ["DATABASE_URL"],
        min_size=1,
        max_size=POOL_SIZE,
        reset=_as_it_is,
        # Otherwise the driver would have long statements planned anew each time.
        max_cacheable_statement_size=LARGEST_KEPT,
    )
    async with pool:
        for name, endpoint in PLANNED.items():
            endpoint.calls = await calls(os.environ["DATABASE_URL"], ASKED[name]["document"], ASKED[name]["variants"])
        for name, endpoint in BY_HAND.items():
            statement = Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8")
            endpoint.calls = [_page(statement, variables) for variables in ASKED[name]["variants"]]
        app.state.pool = pool
        gc.collect()
        gc.freeze()  # Regulars does so, too
        yield


async def _as_it_is(connection: object) -> None:
    """Take a connection back without the round trip of a reset, as Regulars does."""


def _page(statement: str, variables: dict[str, Any]) -> Call:
    name = signature(customers, customers.order)
    return Call(statement, read_cursor(variables["after"], name, ("moment", "uuid")))


ENDPOINTS: dict[str, Sent | Changed] = {**PLANNED, **BY_HAND, **CHANGES}

app = Starlette(
    lifespan=lifespan,
    routes=[Route(f"/{name}", endpoint.__call__, methods=["POST"]) for name, endpoint in ENDPOINTS.items()],
)
