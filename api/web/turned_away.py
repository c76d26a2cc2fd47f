"""What is refused before GraphQL is reached: one small JSON body, wherever it is refused and however it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from secrets import token_hex

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.errors import ApiError, MethodNotAllowed, NotFound
from api.web.answer import CLOSE, Headers, headers_of_answer, refused
from api.web.negotiation import JSON

__all__ = ["TurnedAway", "nothing_there", "turned_away"]


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """An answer in all its parts, with the id of its request among the headers."""

    status: int
    headers: Headers
    body: bytes

    def as_http(self, more: Headers = ()) -> bytes:
        """Return it as it goes over the wire, for a request that was not understood well enough to be answered."""
        head = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n".encode()
        return head + b"".join(b"%s: %s\r\n" % pair for pair in (*more, *self.headers)) + b"\r\n" + self.body

    def as_response(self) -> Response:
        """Return it as the answer of an ASGI application."""
        headers = {name.decode(): value.decode() for name, value in self.headers}
        return Response(self.body, self.status, headers)


def turned_away(error: ApiError, *, closing: bool = True) -> TurnedAway:
    """Return the answer to a request that is not taken.

    closing  whether the connection ends with it
    """
    answer = refused(error)
    body = orjson.dumps(answer.members)
    more = [(b"x-request-id", token_hex(16).encode()), *answer.headers]
    if closing and CLOSE not in more:
        more.append(CLOSE)
    return TurnedAway(answer.status or 400, tuple(headers_of_answer(JSON, body, tuple(more))), body)


async def nothing_there(request: Request, error: Exception) -> Response:
    """Answer where the router found no route, or none for the method."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "GET")
        return turned_away(MethodNotAllowed(f"Use {allowed} here.", allowed), closing=False).as_response()
    return turned_away(NotFound("There is nothing at this address."), closing=False).as_response()
