"""The application: its parts put together, for any ASGI server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from api.database import Database, database
from api.embedded import default_data_dir, start
from api.errors import ApiError
from api.graph.predictions import scoring
from api.graph.schema import executable, schema
from api.reads.product_pairs import pairs_are_due
from api.reads.ranking import ranking_is_due
from api.reads.server import require_server
from api.settings import Settings
from api.tables.migration import head
from api.web.documents import Limits
from api.web.errors import log_unexpected
from api.web.explorer import explorer_routes, load_tabs
from api.web.health import health_routes
from api.web.ready_files import ReadyText
from api.web.turned_away import nothing_there
from api.web.view import GraphQLView, Wire, now
from api.writes.idempotency import forget_expired
from api.writes.loyalty_expiry import expire_points
from api.writes.newest import bring_to_newest
from api.writes.product_pairs import count_pairs
from api.writes.standing import keep_terms_current

__all__ = ["build_app", "open_database", "schema_text"]

# A change that has begun is carried through before the process ends; the slowest has a statement time-out of its own.
LAST_CHANGES_SECONDS = 20.0
TIDYING_SECONDS = 3_600.0


def build_app(
    settings: Settings | None = None, *, dsn: str | None = None, clock: Callable[[], datetime] = now
) -> Starlette:
    """Return the application; its lifespan opens the database.

    clock  tells the moment of a request, which is now unless somebody plays another day
    dsn  address of the database where that is known already; otherwise DATABASE_URL's, or that of an embedded server
         which is started, migrated and stopped by the lifespan
    """
    settings = settings or Settings()
    view = GraphQLView(executable, limits=_limits(settings), wire=_wire(settings), clock=clock)
    lifespan = _lifespan(settings, view, dsn or settings.database_url)
    refusals = {HTTPException: nothing_there}
    return Application(view, routes=_routes(settings, view), lifespan=lifespan, exception_handlers=refusals)


class Application(Starlette):
    """Starlette, with a short way to GraphQL: its layers would cost a third of a small query, and change nothing."""

    def __init__(self, view: GraphQLView, **given: Any) -> None:
        super().__init__(**given)
        # A redirect would lead to wherever the client's Host says.
        self.router.redirect_slashes = False
        self._view = view

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        if scope["type"] == "http" and scope["path"] == "/graphql":
            await self._view(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def schema_text() -> str:
    """Return the schema in GraphQL's own language."""
    return f"{schema.as_str()}\n"


def open_database(settings: Settings, dsn: str) -> AbstractAsyncContextManager[Database]:
    """Open the pool of connections that the settings describe."""
    return database(
        dsn,
        pool_size=settings.pool_size,
        read_patience=settings.read_patience_seconds,
        write_patience=settings.write_patience_seconds,
        read_timeout=settings.read_timeout_seconds,
        write_timeout=settings.write_timeout_seconds,
        lock_timeout=settings.lock_timeout_seconds,
        behind_pooler=settings.database_pooler == "transaction",
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        tokens=settings.document_tokens,
        characters=settings.document_characters,
        comments=settings.document_comments,
        fragments=settings.document_fragments,
        operations=settings.document_operations,
        query_fields=settings.document_query_fields,
        mutation_fields=settings.document_mutation_fields,
        depth=settings.document_depth,
        selections=settings.document_selections,
        aliases=settings.document_aliases,
        directives=settings.document_directives,
        directives_together=settings.document_directives_together,
        conditions=settings.document_conditions,
        cost=settings.document_cost,
        kept_documents=settings.cached_documents,
        kept_bytes=settings.cached_document_bytes,
        kept_plans=settings.cached_plans,
    )


def _wire(settings: Settings) -> Wire:
    return Wire(
        body_limit=settings.body_limit_bytes,
        body_seconds=settings.body_timeout_seconds,
        answer_limit=settings.answer_limit_bytes,
        nodes=settings.variable_values,
        get_queries=settings.get_queries,
        draft=settings.http_status_profile == "draft-2026",
    )


def _routes(settings: Settings, view: GraphQLView) -> list[BaseRoute]:
    return [
        Route("/graphql", view),
        Route("/schema.graphql", _show_schema),
        *health_routes(lambda: view.database, head()),
        *(explorer_routes(load_tabs()) if settings.graphiql else []),
    ]


async def _show_schema(request: Request) -> Response:
    return (await asyncio.to_thread(_schema_file)).answer(request)


@cache
def _schema_file() -> ReadyText:
    """Return the schema as it is sent; written when it is asked for, because that would take a tenth of the start."""
    return ReadyText.of(schema_text().encode(), "text/plain; charset=utf-8")


def _lifespan(
    settings: Settings, view: GraphQLView, dsn: str | None
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(_log_stray)
        with ExitStack() as stack:
            address = await asyncio.to_thread(_embedded, settings, stack) if dsn is None else dsn
            await require_server(address)
            async with open_database(settings, address) as opened:
                view.database = opened
                # Beside the first requests, so that nobody waits for it: neither the start nor a prediction.
                loading = asyncio.create_task(asyncio.to_thread(scoring))
                tidying = asyncio.create_task(_tidy(opened))
                ranking = asyncio.create_task(_keep_ranked(settings, address, opened))
                yield
                tidying.cancel()
                await _ended(ranking)
                await loading
                await view.finish(LAST_CHANGES_SECONDS)

    return lifespan


async def _tidy(opened: Database) -> None:
    """Do, now and every hour, what time asks for, and no request waits for.

    Expired idempotency keys are deleted, what is kept of terms that began or ended is worked out anew, and points whose
    time is over are posted as expired. A database that is away is tidied the next time.
    """
    while True:
        await _tidied(forget_expired(opened, datetime.now(UTC)))
        await _tidied(keep_terms_current(opened))
        await _tidied(expire_points(opened, datetime.now(UTC)))
        await asyncio.sleep(TIDYING_SECONDS)


async def _tidied(work: Awaitable[object]) -> None:
    try:
        await work
    except ApiError as error:
        logging.getLogger("regulars").warning("the database is as untidy as before: %s", error.code)
    except Exception as error:  # noqa: BLE001  (what fails now is tried again in an hour, and nothing else waits for it)
        log_unexpected(error, "none")


async def _keep_ranked(settings: Settings, address: str, opened: Database) -> None:
    """Rank all customers, and count which products go together, whenever that is due: once a day.

    The first look is one pause after the start. Whatever goes wrong is tried again after the next.
    """
    while settings.ranking_pause_seconds:
        await asyncio.sleep(settings.ranking_pause_seconds)
        try:
            await _counted(settings, address, opened)
            async with opened.connection() as connection:
                is_due = await ranking_is_due(connection, datetime.now(UTC))
            if is_due:
                await _rank(settings, address)
        except ApiError as error:
            logging.getLogger("regulars").warning("customers are ranked as before: %s", error.code)
        except Exception as error:  # noqa: BLE001  (a ranking that fails is no reason to stop looking)
            log_unexpected(error, "none")


async def _counted(settings: Settings, address: str, opened: Database) -> None:
    async with opened.connection() as connection:
        are_due = await pairs_are_due(connection, datetime.now(UTC))
    if are_due:
        # Apart, as below.
        async with open_database(settings, address) as apart, apart.connection() as connection:
            await count_pairs(connection, datetime.now(UTC), only_if_due=True)


async def _rank(settings: Settings, address: str) -> None:
    ranking = await asyncio.to_thread(import_module, "api.writes.ranking")
    # On a connection of its own: it takes longer than whoever waits for one of the others would.
    async with open_database(settings, address) as apart, apart.connection() as connection:
        await ranking.rank(connection, datetime.now(UTC), only_if_due=True)


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has let go of what it held."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _embedded(settings: Settings, stack: ExitStack) -> str:
    """Start and migrate the embedded server, to be stopped with the stack; return its address."""
    server = stack.enter_context(start(settings.data or default_data_dir(), report=logging.getLogger("regulars").info))
    bring_to_newest(server.dsn)
    return server.dsn


def _log_stray(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what no task was waiting for any more; the loop's own way would write out the error's text."""
    error = context.get("exception")
    if error is not None:
        log_unexpected(error, "none")
