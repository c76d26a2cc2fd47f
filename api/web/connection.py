"""One client's connection, with an end to everything it may wait for; uvicorn alone would wait for ever."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.errors import Overloaded
from api.web.answer import refused, send_answer, written
from api.web.negotiation import JSON

__all__ = ["BoundedConnection", "Bounds"]

# Whoever watches the process must be able to ask how it is, above all when it has much to do.
HEALTH = {b"/livez", b"/readyz"}
CROWDED = "There are more connections than the server answers; try again in a moment."
LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What clients may take of the server.

    connections     that are answered at a time
    header_bytes    of a request: its address and its headers
    header_seconds  from a new connection, or a request's first byte, to its last header
    answer_seconds  to receive what was sent
    """

    connections: int = 900
    header_bytes: int = 16_384
    header_seconds: float = 5.0
    answer_seconds: float = 30.0


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's connection, closed when a request's head or the taking of an answer lasts too long.

    How long a body may take is the application's business; a connection whose request is being answered is left alone.
    """

    def __init__(self, *given: Any, bounds: Bounds, **named: Any) -> None:
        super().__init__(*given, **named)
        self._bounds = bounds
        self._is_in_head = False
        self._head_bytes = 0
        self._head_timer: TimerHandle | None = None
        self._answer_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_awaiting_head()
        self._stop_awaiting_taking()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self._bounds.header_bytes:
                self._end(TOO_LARGE)
                return
        # Bytes that begin no request, such as empty lines, have ended uvicorn's wait for the next one, too.
        if self._is_in_head or (self.timeout_keep_alive_task is None and self._is_idle()):
            self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._stop_awaiting_head()
        length = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if length > self._bounds.header_bytes:
            self.app = _too_large
        elif len(self.connections) > self._bounds.connections and self.url not in HEALTH:
            self.app = _crowded
        else:
            self.app = self.config.loaded_app
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        # The rest of a body that nobody wanted would be read for as long as the client pleases to send it.
        if self.cycle.more_body and not self.pipeline:
            self.transport.close()
        super().on_response_complete()
        if self.transport.is_closing():
            self._await_taking()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        if not self.transport.is_closing():
            self._stop_awaiting_taking()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _await_head(self) -> None:
        if self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self._bounds.header_seconds, self._head_is_late)

    def _stop_awaiting_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._is_idle():
            self._end(LATE if self._is_in_head else b"")
        else:
            # A request sent ahead is not read on before the one before it is answered.
            self._await_head()

    def _await_taking(self) -> None:
        if self._answer_timer is None:
            self._answer_timer = self.loop.call_later(self._bounds.answer_seconds, self.transport.abort)

    def _stop_awaiting_taking(self) -> None:
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None

    def _end(self, words: bytes) -> None:
        self._stop_awaiting_head()
        if words and self._is_idle():
            self.transport.write(words)
        self.transport.close()
        self._await_taking()


async def _crowded(scope: Scope, receive: Receive, send: Send) -> None:
    answer = refused(Overloaded(CROWDED))
    answer, body = written(answer, "none", 1_000)
    await send_answer(send, 503, JSON, body, (*answer.headers, (b"connection", b"close")))


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 431, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": b""})
