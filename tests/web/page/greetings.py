"""A small API of another kind below the same page, and numbers as they may come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import build_schema, graphql
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.web.explorer import Tab, explorer_routes

SCHEMA = build_schema(
    """
    type Query {
      "A kind word."
      greeting("Who is meant." name: String!): String!
      customers(first: Int): Page
      orders(first: Int): Page
    }
    type Page { totalCount: Count! nodes: [Placed!]! }
    type Placed { placedAt: String! }
    type Count { count: Int! precision: String! }
    """
)
HELLO = Tab("Hello", "query Hello($name: String!) { greeting(name: $name) }", {"name": "Ada"})
GOODBYE = Tab("Goodbye", 'query Goodbye { greeting(name: "Grace") }')


@dataclass
class Switch:
    """Lets a server change under its visitors, as an upgrade does."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def greetings(*tabs: Tab, **counts: tuple[int, str]) -> Starlette:
    """Return an API that greets, with a page; `customers` and `orders` are what it says of their numbers."""
    pages = {
        name: {"totalCount": dict(zip(("count", "precision"), told, strict=True))} for name, told in counts.items()
    }

    async def answer(request: Request) -> Response:
        return JSONResponse(await answered(await request.json(), pages))

    return Starlette(routes=[*explorer_routes(tabs), Route("/graphql", answer, methods=["POST"])])


async def answered(asked: Mapping[str, Any], pages: Mapping[str, Any]) -> dict[str, Any]:
    given = asked.get("variables")
    result = await graphql(
        SCHEMA,
        asked["query"],
        {"greeting": lambda _info, name: f"Hello, {name}!", **pages},
        variable_values=json.loads(given) if isinstance(given, str) else given,
        operation_name=asked.get("operationName"),
    )
    return dict(result.formatted)
