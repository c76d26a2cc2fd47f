"""The server: Strawberry's ASGI view, one engine for the process, loaders for each request, JSON by orjson."""

from __future__ import annotations

import gc
import os
from urllib.parse import urlsplit

import orjson
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from benchmarks.idiomatic.orders import Context
from benchmarks.idiomatic.schema import schema

POOL_SIZE = 10

engine = create_async_engine(
    urlsplit(os.environ["DATABASE_URL"])._replace(scheme="postgresql+asyncpg").geturl(),
    pool_size=POOL_SIZE,
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class View(GraphQL[Context, None]):
    """Strawberry's view with what its documentation advises: loaders per request and a fast JSON encoder."""

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Return the context of one request."""
        return Context(sessions)

    def encode_json(self, data: object) -> bytes:
        """Return an answer as JSON."""
        return orjson.dumps(data)


# What is loaded by now stays: the collector need not look at it again. Regulars does so, too.
gc.collect()
gc.freeze()

app = View(schema, graphql_ide=None, subscription_protocols=())
