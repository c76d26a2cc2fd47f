"""Health: whether the process lives, and whether it can answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.database import Database
from api.reads.server import schema_revision

__all__ = ["health_routes"]

PATIENCE_SECONDS = 3.0
FRESH = {"Cache-Control": "no-store"}


def health_routes(database: Callable[[], Database], revision: str) -> list[BaseRoute]:
    """Return `/livez`, which asks nobody, and `/readyz`, which asks the database.

    revision  of the schema that this code was written for
    """

    async def livez(request: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers=FRESH)

    async def readyz(request: Request) -> Response:
        obstacle = await in_the_way(database(), revision)
        if obstacle:
            return JSONResponse({"status": "not ready", "reason": obstacle}, 503, headers=FRESH)
        return JSONResponse({"status": "ready"}, headers=FRESH)

    return [Route("/livez", livez), Route("/readyz", readyz)]


async def in_the_way(database: Database, revision: str) -> str | None:
    """Return what keeps the process from answering, or None."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            found = await schema_revision(database)
    except Exception:  # noqa: BLE001  (whatever it is, nothing can be answered, and balancers need no details)
        return "The database cannot be reached."
    if found != revision:
        return f"The schema is at revision {found}, this version needs {revision}: run `regulars migrate`."
    return None
