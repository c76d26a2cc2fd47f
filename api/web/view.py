"""GraphQL over HTTP: one request, one operation, one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Literal

from graphql import ExecutionResult, GraphQLSchema, OperationType
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from api.access import EVERYBODY
from api.database import Database
from api.errors import ApiError, BadRequest, BadUserInput, MethodNotAllowed
from api.plan.operation import Operation
from api.plan.ready import executed
from api.web.answer import UNREAD, Answer, Headers, refused, send_answer, written
from api.web.body import Asked, asked_by_body, asked_by_url, headers_of, require_json
from api.web.departure import ended_by_departure
from api.web.documents import Document, Documents, Limits
from api.web.errors import TOO_DEEP, execution_error, log_unexpected, refusal, shown
from api.web.negotiation import JSON, answer_type
from api.web.saved import Charge
from api.web.text import check_variables

__all__ = ["GraphQLView", "Wire"]

MOST_EXECUTION_ERRORS = 20
# A page elsewhere cannot make a browser send this with a plain link, image or form.
PREFLIGHT = b"graphql-require-preflight"


@dataclass(frozen=True, slots=True)
class Wire:
    """What is taken from clients, and how they are answered.

    body_limit     bytes of a request body
    body_seconds   time for it to arrive
    answer_limit   bytes of an answer
    nodes          values in the variables of a request, in one another or side by side
    get_queries    whether queries are taken by GET: never, with the header GraphQL-Require-Preflight, or from anyone
    draft          whether statuses are those of the draft of 2026
    """

    body_limit: int = 1_048_576
    body_seconds: float = 10.0
    answer_limit: int = 8_388_608
    nodes: int = 25_000
    get_queries: Literal["off", "preflight", "open"] = "off"
    draft: bool = False


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


class GraphQLView:
    """An ASGI application that answers GraphQL; `database` is set before the first request arrives."""

    database: Database

    def __init__(
        self, schema: GraphQLSchema, *, limits: Limits, wire: Wire = Wire(), clock: Callable[[], datetime] = now
    ) -> None:
        self._schema = schema
        self._clock = clock
        self._documents = Documents(schema, limits)
        self._wire = wire
        self._methods = "POST" if wire.get_queries == "off" else "GET, HEAD, POST"
        self._changes: set[asyncio.Task[Answer]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a client that leaves before its answer is ready gets none."""
        identity, headers = token_hex(16), headers_of(scope["headers"])
        try:
            answer, media_type = await self._answered(scope, headers, receive, identity)
        except ClientDisconnect:
            return
        answer, body = written(answer, identity, self._wire.answer_limit)
        status = answer.status_for(media_type, draft=self._wire.draft)
        more = ((b"x-request-id", identity.encode()), *answer.headers)
        await send_answer(send, status, media_type, body, more, receive if status in UNREAD else None)

    async def finish(self, seconds: float) -> None:
        """Wait for changes that are still being made, no longer than told."""
        if self._changes:
            await asyncio.wait(self._changes, timeout=seconds)

    async def _answered(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, identity: str
    ) -> tuple[Answer, str]:
        media_type = JSON
        try:
            media_type = answer_type(headers.get(b"accept", b""))
            asked = await self._read(scope, headers, receive)
            return await self._run(asked, scope["method"], receive, identity), media_type
        except ApiError as error:
            return refused(error), media_type
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is, its text must not reach the client)
            log_unexpected(error, identity)
            return Answer({"errors": [shown(identity)]}, 500), media_type

    async def _read(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Asked:
        method = scope["method"]
        if method == "POST":
            require_json(headers)
            wire = self._wire
            return await asked_by_body(
                receive, headers.get(b"content-length"), limit=wire.body_limit, seconds=wire.body_seconds
            )
        if method not in ("GET", "HEAD") or self._wire.get_queries == "off":
            raise MethodNotAllowed("Send GraphQL by POST.", self._methods)
        if self._wire.get_queries == "preflight" and not headers.get(PREFLIGHT, b"").strip():
            raise BadRequest("A query by GET needs the header `GraphQL-Require-Preflight`, with any value.")
        return asked_by_url(scope["query_string"])

    async def _run(self, given: Asked, method: str, receive: Receive, identity: str) -> Answer:
        document = await self._documents.read(given.query)
        if document.refusals:
            return Answer({"errors": list(document.refusals)})
        try:
            operation = document.operation(given.operation_name)
            check_variables(given.variables, self._wire.nodes)
            charge = Charge(document, operation, given.variables, document.charge(operation, given.variables))
        except ApiError as error:
            return Answer({"errors": [refusal(error)]})
        if operation.operation is OperationType.MUTATION:
            if method != "POST":
                raise MethodNotAllowed("Send changes by POST.")
            return await self._shielded(self._executed(document, given, charge, identity, None))
        kept = document.answer(operation)
        if kept is not None:
            return Answer({"data": kept}, headers=_costs(charge))
        return await self._executed(document, given, charge, identity, receive)

    async def _shielded(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Carry a change through, whatever becomes of the request that asked for it."""
        change = asyncio.create_task(work)
        self._changes.add(change)
        change.add_done_callback(self._changes.discard)
        return await asyncio.shield(change)

    async def _executed(
        self, document: Document, given: Asked, charge: Charge, identity: str, receive: Receive | None
    ) -> Answer:
        """Execute an operation of a known cost; with `receive` it ends where the client leaves."""
        operation = Operation(self.database, EVERYBODY, self._clock(), document.plans, document.ready)
        operation.charge = charge.segments
        try:
            if receive is None:
                result = await self._result(document, given, operation)
            else:
                with ended_by_departure(receive):
                    result = await self._result(document, given, operation)
        except RecursionError:
            return Answer({"errors": [refusal(BadUserInput(TOO_DEEP))]})
        finally:
            await _closed(operation, identity)
        if not result.errors:
            document.keep(document.operation(given.operation_name), result.data)
        return Answer(_members(result, identity), headers=_costs(charge))

    async def _result(self, document: Document, given: Asked, operation: Operation) -> ExecutionResult:
        assert document.parsed is not None
        return await executed(self._schema, document.parsed, operation, given.variables, given.operation_name)


def _costs(charge: Charge) -> Headers:
    return ((b"x-request-cost", b"%d" % charge.points),)


async def _closed(operation: Operation, identity: str) -> None:
    """Give back what an operation held; the answer stands by then, so trouble here is the log's business alone."""
    try:
        await operation.close()
    except Exception as error:  # noqa: BLE001
        log_unexpected(error, identity)


def _members(result: ExecutionResult, identity: str) -> dict[str, Any]:
    if not result.errors:
        return {"data": result.data}
    errors = [execution_error(error, identity) for error in result.errors[:MOST_EXECUTION_ERRORS]]
    before_any_field = result.data is None and all("path" not in error for error in errors)
    return {"errors": errors} if before_any_field else {"errors": errors, "data": result.data}
