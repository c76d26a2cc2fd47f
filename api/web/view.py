"""GraphQL over HTTP: one POST, one operation, one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from inspect import isawaitable
from typing import Any
from uuid import uuid4

import orjson
from graphql import ExecutionResult, GraphQLSchema, OperationType, execute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.access import EVERYBODY
from api.database import Database
from api.errors import (
    ApiError,
    BadUserInput,
    MethodNotAllowed,
    PayloadTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
)
from api.plan.executor import Executor, Operation
from api.web.body import GRAPHQL_JSON, Asked, answer_type, asked, require_json
from api.web.documents import Document, Documents, Limits
from api.web.errors import TOO_DEEP, execution_error, log_unexpected, refusal, shown
from api.web.text import check_variables

__all__ = ["GraphQLView"]

STATUSES: Mapping[type[ApiError], int] = {
    MethodNotAllowed: 405,
    RequestTimeout: 408,
    PayloadTooLarge: 413,
    UnsupportedMediaType: 415,
}
"""Statuses of refusals that are HTTP's own; any other malformed request is a 400."""

# What is left of a body that is not read would be taken for the next request.
LEFT_OVER = {405, 408, 413, 415}
MOST_COERCION_ERRORS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """The members of an answer; without `data` the request failed before anything ran."""

    members: dict[str, Any]
    status: int | None = None

    def status_for(self, media_type: str) -> int:
        """Return the HTTP status: a client that asks for plain JSON learns of GraphQL's errors in the body alone."""
        if self.status is not None:
            return self.status
        return 400 if media_type == GRAPHQL_JSON and "data" not in self.members else 200


class GraphQLView:
    """An ASGI application that answers GraphQL; `database` is set before the first request arrives."""

    database: Database

    def __init__(self, schema: GraphQLSchema, *, limits: Limits, body_limit: int, body_seconds: float) -> None:
        self._schema = schema
        self._documents = Documents(schema, limits)
        self._body_limit = body_limit
        self._body_seconds = body_seconds
        self._changes: set[asyncio.Task[Answer]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that leaves before its request is whole gets no answer."""
        request = Request(scope, receive, send)
        try:
            response = await self._respond(request, uuid4().hex)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def finish(self, seconds: float) -> None:
        """Wait for changes that are still being made, no longer than told."""
        if self._changes:
            await asyncio.wait(self._changes, timeout=seconds)

    async def _respond(self, request: Request, identity: str) -> Response:
        answer, body = _written(await self._answered(request, identity), identity)
        media_type = answer_type(request.headers.get("accept", ""))
        status = answer.status_for(media_type)
        headers = {
            "Content-Type": f"{media_type}; charset=utf-8",
            "X-Request-Id": identity,
            "Cache-Control": "no-store",
        }
        if status == 405:
            headers["Allow"] = "POST"
        if status in LEFT_OVER:
            headers["Connection"] = "close"
        return Response(body, status, headers)

    async def _answered(self, request: Request, identity: str) -> Answer:
        try:
            return await self._run(await self._read(request), identity)
        except ApiError as error:
            return Answer({"errors": [refusal(error)]}, STATUSES.get(type(error), 400))
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is, its text must not reach the client)
            log_unexpected(error, identity)
            return Answer({"errors": [shown(identity)]}, 500)

    async def _read(self, request: Request) -> Asked:
        if request.method != "POST":
            raise MethodNotAllowed("Send GraphQL by POST.")
        require_json(request.headers)
        return await asked(request, limit=self._body_limit, seconds=self._body_seconds)

    async def _run(self, given: Asked, identity: str) -> Answer:
        document = self._documents.find(given.query)
        if document.refusals:
            return Answer({"errors": list(document.refusals)})
        try:
            operation = document.operation(given.operation_name)
            check_variables(given.variables)
        except ApiError as error:
            return Answer({"errors": [refusal(error)]})
        work = self._executed(document, given, identity)
        return await (self._shielded(work) if operation.operation is OperationType.MUTATION else work)

    async def _shielded(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Carry a change through, whatever becomes of the request that asked for it."""
        change = asyncio.create_task(work)
        self._changes.add(change)
        change.add_done_callback(self._changes.discard)
        return await asyncio.shield(change)

    async def _executed(self, document: Document, given: Asked, identity: str) -> Answer:
        operation = Operation(self.database, EVERYBODY, datetime.now(UTC), document.plans)
        try:
            result = await self._execute(document, given, operation)
        except RecursionError:
            return Answer({"errors": [refusal(BadUserInput(TOO_DEEP))]})
        finally:
            await _closed(operation, identity)
        return Answer(_members(result, identity))

    async def _execute(self, document: Document, given: Asked, operation: Operation) -> ExecutionResult:
        assert document.parsed is not None
        result = execute(
            self._schema,
            document.parsed,
            context_value=operation,
            variable_values=given.variables,
            operation_name=given.operation_name,
            max_coercion_errors=MOST_COERCION_ERRORS,
            executor_class=Executor,
            hide_suggestions=True,
        )
        return await result if isawaitable(result) else result


async def _closed(operation: Operation, identity: str) -> None:
    """Give back what an operation held; the answer stands by then, so trouble here is the log's business alone."""
    try:
        await operation.close()
    except Exception as error:  # noqa: BLE001
        log_unexpected(error, identity)


def _members(result: ExecutionResult, identity: str) -> dict[str, Any]:
    errors = [execution_error(error, identity) for error in result.errors or ()]
    before_any_field = result.data is None and errors and all("path" not in error for error in errors)
    members: dict[str, Any] = {"errors": errors} if errors else {}
    return members if before_any_field else {**members, "data": result.data}


def _written(answer: Answer, identity: str) -> tuple[Answer, bytes]:
    """Return an answer with its JSON; one that cannot be written is replaced by one that says so."""
    try:
        return answer, orjson.dumps(answer.members, default=_filled)
    except orjson.JSONEncodeError as error:
        log_unexpected(error, identity)
        masked = Answer({"errors": [shown(identity)]}, 500)
        return masked, orjson.dumps(masked.members)


def _filled(hole: Any) -> Any:
    """Return what fills the place that was kept for a referenced row."""
    return hole.value
