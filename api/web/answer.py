"""An answer on its way out: its status, its headers and its bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Send

from api.errors import (
    ApiError,
    BadRequest,
    BadUserInput,
    HeadersTooLarge,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    Overloaded,
    PayloadTooLarge,
    RequestTimeout,
    ResponseTooLarge,
    Unavailable,
    UnsupportedMediaType,
    ValidationFailed,
)
from api.web.errors import log_unexpected, refusal, shown
from api.web.negotiation import GRAPHQL_JSON

__all__ = ["CLOSE", "UNREAD", "Answer", "Headers", "headers_of_answer", "refused", "send_answer", "written"]

STATUSES: Mapping[type[ApiError], int] = {
    NotFound: 404,
    MethodNotAllowed: 405,
    NotAcceptable: 406,
    RequestTimeout: 408,
    PayloadTooLarge: 413,
    UnsupportedMediaType: 415,
    HeadersTooLarge: 431,
    Overloaded: 503,
    Unavailable: 503,
}
"""Statuses of refusals that are HTTP's own; any other malformed request is a 400."""

PARTIAL_SUCCESS = 294
# A body is left unread; what is left of it would be taken for the next request.
UNREAD = {405, 406, 413, 415}
LEFT_OVER = {*UNREAD, 408}
LINGERING_SECONDS = 1.0
RETRY_AFTER = (b"retry-after", b"1")
CLOSE = (b"connection", b"close")
CONTENT_TYPES = {kind: f"{kind}; charset=utf-8".encode() for kind in ("application/json", GRAPHQL_JSON)}
# Requests that are well formed and still cannot be executed.
UNPROCESSABLE = {ValidationFailed.code, BadUserInput.code, BadRequest.code}

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The members of an answer; without `data` the request failed before anything ran.

    status  where it is HTTP's own; otherwise it follows from the members and the media type
    """

    members: Mapping[str, Any]
    status: int | None = None
    headers: Headers = ()

    def status_for(self, media_type: str, *, draft: bool) -> int:
        """Return the HTTP status: a client that asks for plain JSON learns of GraphQL's errors in the body alone.

        draft  whether the statuses are those of the draft of 2026: 422 for what cannot be executed, 294 for data
               that comes with errors
        """
        if self.status is not None:
            return self.status
        if media_type != GRAPHQL_JSON or "errors" not in self.members:
            return 200
        if "data" in self.members:
            return PARTIAL_SUCCESS if draft else 200
        return 422 if draft and self.members["errors"][0]["extensions"]["code"] in UNPROCESSABLE else 400


def refused(error: ApiError) -> Answer:
    """Return the answer to a request that is not taken, with the headers that tell what to do instead."""
    status = STATUSES.get(type(error), 400)
    headers: Headers = (CLOSE,) if status in LEFT_OVER else ()
    if isinstance(error, MethodNotAllowed):
        headers = (*headers, (b"allow", error.allowed.encode()))
    if status == 503:
        headers = (*headers, RETRY_AFTER)
    return Answer({"errors": [refusal(error)]}, status, headers)


def written(answer: Answer, identity: str, limit: int) -> tuple[Answer, bytes]:
    """Return an answer with its JSON, or one that says why it cannot be sent.

    limit  bytes of JSON that are sent at most
    """
    try:
        body = orjson.dumps(answer.members, default=_filled)
    except orjson.JSONEncodeError as error:
        log_unexpected(error, identity)
        answer = Answer({"errors": [shown(identity)]}, 500)
        return answer, orjson.dumps(answer.members)
    if len(body) <= limit:
        return answer, body
    too_large = ResponseTooLarge(f"The answer would have {len(body):,} bytes; {limit:,} are the most. Ask for less.")
    # The operation has run: a change in it stands.
    answer = Answer({"errors": [refusal(too_large)], "data": None}, headers=answer.headers)
    return answer, orjson.dumps(answer.members)


def _filled(hole: Any) -> Any:
    """Return what fills the place that was kept for a referenced row."""
    return hole.value


def headers_of_answer(media_type: str, body: bytes, more: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer that holds for this moment and, by its media type, for this client."""
    return [
        (b"content-type", CONTENT_TYPES[media_type]),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"vary", b"accept"),
        *more,
    ]


async def send_answer(
    send: Send, status: int, media_type: str, body: bytes, more: Headers, unread: Receive | None = None
) -> None:
    """Send an answer.

    unread  gives the rest of a body that was not wanted; the connection ends after it
    """
    headers = headers_of_answer(media_type, body, more)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if unread is not None:
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await _forget(unread)
        body = b""
    await send({"type": "http.response.body", "body": body})


async def _forget(unread: Receive) -> None:
    """Read the rest of a body and forget it: a client that was still sending might lose the answer to a reset."""
    try:
        async with asyncio.timeout(LINGERING_SECONDS):
            while (message := await unread())["type"] == "http.request" and message.get("more_body", False):
                pass
    except TimeoutError:
        return
