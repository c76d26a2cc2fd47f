"""What a request asks for: read within limits, and checked before anything is done with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request

from api.errors import BadRequest, PayloadTooLarge, RequestTimeout, UnsupportedMediaType

__all__ = ["Asked", "answer_type", "asked", "require_json"]

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a GraphQL request."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None


def require_json(headers: Headers) -> None:
    """Raise UnsupportedMediaType unless the body is announced as JSON in UTF-8, uncompressed."""
    kind, _, parameters = headers.get("content-type", "").partition(";")
    if kind.strip().lower() != JSON:
        raise UnsupportedMediaType(f"Send the request with `Content-Type: {JSON}`.")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8"):
            raise UnsupportedMediaType("Send the request in UTF-8.")
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType("Send the request without Content-Encoding.")


def answer_type(accepted: str) -> str:
    """Return the media type to answer with: the one an Accept header weighs higher, `application/json` without one.

    >>> answer_type("application/graphql-response+json, application/json;q=0.9")
    'application/graphql-response+json'
    >>> answer_type("*/*"), answer_type("")
    ('application/json', 'application/json')
    """
    best, highest = JSON, 0.0
    for entry in accepted.lower().split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        weight = _weight(parameters)
        if kind in (JSON, GRAPHQL_JSON) and weight > highest:
            best, highest = kind, weight
    return best


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


async def asked(request: Request, *, limit: int, seconds: float) -> Asked:
    """Return what a request asks for; raise PayloadTooLarge, RequestTimeout or BadRequest."""
    try:
        async with asyncio.timeout(seconds):
            body = await _body(request, limit)
    except TimeoutError:
        raise RequestTimeout(f"The request body did not arrive within {seconds:g} seconds.") from None
    return _checked(_decoded(body))


async def _body(request: Request, limit: int) -> bytes:
    too_large = PayloadTooLarge(f"The request body is larger than {limit:,} bytes.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large
    return bytes(body)


def _decoded(body: bytes) -> Any:
    if not body.strip():
        raise BadRequest('The request body is empty; send JSON such as {"query": "{ __typename }"}.')
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The request body is not JSON in UTF-8: {error.msg}, at character {error.pos}.") from None


def _checked(body: Any) -> Asked:
    if isinstance(body, list):
        raise BadRequest("Send one operation a request; several at once are not taken.")
    if not isinstance(body, dict):
        raise BadRequest('The request body must be a JSON object such as {"query": "{ __typename }"}.')
    query, variables, name = (body.get(key) for key in ("query", "variables", "operationName"))
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("`query` must be a string that holds a GraphQL document.")
    for key in ("variables", "extensions"):
        if not isinstance(body.get(key), dict | None):
            raise BadRequest(f"`{key}` must be an object or null.")
    if not isinstance(name, str | None):
        raise BadRequest("`operationName` must be a string or null.")
    return Asked(query, variables or {}, name)
