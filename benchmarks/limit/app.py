"""The bare server: a number or an input comes in, the JSON that PostgreSQL made goes out."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Sequence
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
from benchmarks.limit.purchases import record
from benchmarks.limit.statements import Call, calls

POOL_SIZE = 10
ASKED = orjson.loads(Path(os.environ["BENCHMARK_VARIANTS"]).read_bytes())
"""What Regulars is asked in each workload: the document, and the variables of each variant."""

_SUMMARIES = (Path(__file__).parent / "with_summary.sql").read_text(encoding="utf-8")


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


ORDERS_AND_LINES, WITH_SUMMARY, ACTIVE_STATUS = Sent("customers"), Sent("customers"), Sent("customers")
ONE_CUSTOMER = Sent("customer")
PLANNED = {"orders_and_lines": ORDERS_AND_LINES, "active_status": ACTIVE_STATUS, "one_customer": ONE_CUSTOMER}
"""Who sends the statements of Regulars' planner."""


async def record_purchase(request: Request) -> Response:
    """Record the purchase of a GraphQL request for recordPurchase."""
    given = orjson.loads(await request.body())["variables"]["input"]
    async with request.app.state.pool.acquire() as connection:
        return Response(await record(connection, given), media_type="application/json")


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
        WITH_SUMMARY.calls = [_summary_call(variables) for variables in ASKED["with_summary"]["variants"]]
        app.state.pool = pool
        gc.collect()
        gc.freeze()  # Regulars does so, too
        yield


async def _as_it_is(connection: object) -> None:
    """Take a connection back without the round trip of a reset, as Regulars does."""


def _summary_call(variables: dict[str, Any]) -> Call:
    name = signature(customers, customers.order)
    return Call(_SUMMARIES, read_cursor(variables["after"], name, ("moment", "uuid")))


app = Starlette(
    lifespan=lifespan,
    routes=[
        *[Route(f"/{name}", endpoint.__call__, methods=["POST"]) for name, endpoint in PLANNED.items()],
        Route("/with_summary", WITH_SUMMARY.__call__, methods=["POST"]),
        Route("/record_purchase", record_purchase, methods=["POST"]),
    ],
)
