"""What a request asks for: read within limits, and checked before anything is done with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from api.errors import (
    BadRequest,
    PayloadTooLarge,
    PersistedQueryNotSupported,
    RequestTimeout,
    UnknownDocument,
    UnsupportedMediaType,
)
from api.web.negotiation import JSON

__all__ = ["Asked", "asked_by_body", "asked_by_url", "headers_of", "require_json"]

PARAMETERS = ("query", "variables", "operationName", "extensions")
UTF8 = {"utf-8", "utf8"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a GraphQL request."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None


def headers_of(raw: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the headers of a request by name; one that is repeated has all its values, with commas between."""
    found: dict[bytes, bytes] = {}
    for name, value in raw:
        found[name] = found[name] + b"," + value if name in found else value
    return found


def require_json(headers: Mapping[bytes, bytes]) -> None:
    """Raise UnsupportedMediaType unless the body is announced as JSON in UTF-8, uncompressed."""
    announced = headers.get(b"content-type", b"")
    if announced != b"application/json":
        _require_json(announced.decode("latin-1").lower())
    coding = headers.get(b"content-encoding", b"identity").strip().lower()
    if coding not in (b"", b"identity"):
        raise UnsupportedMediaType("Send the request without Content-Encoding.")


def _require_json(announced: str) -> None:
    kind, *parameters = announced.split(";")
    if kind.strip() != JSON:
        raise UnsupportedMediaType(f"Send the request with `Content-Type: {JSON}`.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in UTF8:
            raise UnsupportedMediaType("Send the request in UTF-8.")


def asked_by_url(parameters: bytes) -> Asked:
    """Return what the parameters of an address ask for; raise BadRequest.

    A parameter that is empty counts as one that is not there, since forms and templates cannot leave one out.
    """
    try:
        found = dict(parse_qsl(parameters.decode("ascii"), errors="strict", max_num_fields=20))
    except ValueError:
        raise BadRequest("The parameters of the address are not form-encoded UTF-8.") from None
    decoded: dict[str, Any] = {key: found[key] for key in PARAMETERS if key in found}
    for key in ("variables", "extensions"):
        if key in decoded:
            decoded[key] = _decoded(decoded[key].encode(), f"The parameter `{key}`")
    return _checked(decoded)


async def asked_by_body(receive: Receive, announced: bytes | None, *, limit: int, seconds: float) -> Asked:
    """Return what a body asks for; raise PayloadTooLarge, RequestTimeout, BadRequest or ClientDisconnect.

    announced  length in the request's header
    limit      bytes that are read at most
    """
    if announced is not None and announced.isdigit() and int(announced[:20]) > limit:
        raise PayloadTooLarge(f"The request body is larger than {limit:,} bytes.")
    with arriving_within(seconds):
        body = await _body(receive, limit)
    if not body.strip():
        raise BadRequest('The request body is empty; send JSON such as {"query": "{ __typename }"}.')
    return _checked(_decoded(body, "The request body"))


class arriving_within:  # noqa: N801  (a context manager reads as a verb phrase)
    """Ends a block that lasts too long in RequestTimeout; asyncio's own way costs every request three times as much."""

    __slots__ = ("_is_late", "_reading", "_seconds", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        self._is_late = False
        self._reading = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._end)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        # Whoever else cancelled the request, such as a server that ends, has the last word.
        if self._is_late and self._reading is not None and not self._reading.uncancel():
            raise RequestTimeout(f"The request body did not arrive within {self._seconds:g} seconds.") from None

    def _end(self) -> None:
        self._is_late = True
        if self._reading is not None:
            self._reading.cancel()


async def _body(receive: Receive, limit: int) -> bytes:
    body, more = b"", True
    chunks: list[bytes] = []
    length = 0
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body, more = message.get("body", b""), message.get("more_body", False)
        length += len(body)
        if length > limit:
            raise PayloadTooLarge(f"The request body is larger than {limit:,} bytes.")
        chunks.append(body)
    return body if len(chunks) == 1 else b"".join(chunks)


def _decoded(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"{what} is not JSON in UTF-8: {_fault(text, error)}.") from None


def _fault(text: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        text.decode()
    except UnicodeDecodeError as found:
        return f"no text has the byte 0x{text[found.start]:02x} there, at byte {found.start}"
    return f"{error.msg}, at character {error.pos}"


def _checked(body: Any) -> Asked:
    if isinstance(body, list):
        raise BadRequest("Send one operation a request; several at once are not taken.")
    if not isinstance(body, dict):
        raise BadRequest('The request body must be a JSON object such as {"query": "{ __typename }"}.')
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(query, str) or not query.strip():
        if query is None:
            _require_no_name(body)
        raise BadRequest("`query` must be a string that holds a GraphQL document.")
    for key, value in (("variables", variables), ("extensions", body.get("extensions"))):
        if value is not None and not isinstance(value, dict):
            raise BadRequest(f"`{key}` must be an object or null.")
    if name is not None and not isinstance(name, str):
        raise BadRequest("`operationName` must be a string or null.")
    return Asked(query, variables or {}, name)


def _require_no_name(body: dict[str, Any]) -> None:
    """Raise UnknownDocument or PersistedQueryNotSupported where a document is named instead of sent."""
    if isinstance(body.get("documentId"), str):
        raise UnknownDocument(UnknownDocument.meaning)
    extensions = body.get("extensions")
    if isinstance(extensions, dict) and "persistedQuery" in extensions:
        raise PersistedQueryNotSupported(PersistedQueryNotSupported.meaning)
