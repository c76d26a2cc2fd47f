"""One client's connection, with an end to everything it may wait for; uvicorn alone would wait for ever."""

from __future__ import annotations

import logging
from asyncio import TimerHandle, Transport
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from api.errors import ApiError, BadRequest, HeadersTooLarge, Overloaded, RequestTimeout
from api.web.turned_away import turned_away

__all__ = ["BoundedConnection", "Bounds", "leave_out_noise"]

# Whoever watches the process must be able to ask how it is, above all when it has much to do.
HEALTH = {b"/livez", b"/readyz"}
CROWDED = "There are more connections than the server answers; try again in a moment."
NO_HTTP = "This is not HTTP, or not as it may be sent here."
LATE = "The head of the request took too long to arrive."
TOO_LARGE = (
    "The address and the headers have more than {:,} bytes (REGULARS_HEADER_LIMIT_BYTES); put a long query into a body."
)
# What anybody can make uvicorn say, as often as they like; they are told, and nobody here can do anything about it.
NOISE = {"Invalid HTTP request received."}


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
                self._end(self._too_large())
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
            self.app = _refusing(self._too_large())
        elif len(self.connections) > self._bounds.connections and self.url not in HEALTH:
            self.app = _refusing(Overloaded(CROWDED))
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

    def send_400_response(self, msg: str) -> None:
        self._end(BadRequest(NO_HTTP))

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: the request is answered as if it had not asked for another protocol."""

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
            self._end(RequestTimeout(LATE) if self._is_in_head else None)
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

    def _too_large(self) -> HeadersTooLarge:
        return HeadersTooLarge(TOO_LARGE.format(self._bounds.header_bytes))

    def _end(self, error: ApiError | None) -> None:
        """Close the connection; say why where no other request's answer would be taken for it."""
        self._stop_awaiting_head()
        if not (self._is_idle() or self._is_in_body()):
            self._end_after_answers()
            return
        if error is not None:
            self.transport.write(turned_away(error).as_http(tuple(self.server_state.default_headers)))
        self.transport.close()
        self._await_taking()

    def _end_after_answers(self) -> None:
        """Answer the requests that came whole, and none that follows: it may be a change that was asked for."""
        if not self.transport.is_closing():
            self.transport.pause_reading()
        last, _ = self.pipeline[0] if self.pipeline else (self.cycle, None)
        last.keep_alive = False

    def _is_in_body(self) -> bool:
        return self.cycle.more_body and not self.cycle.response_started and not self.pipeline


def _refusing(error: ApiError) -> ASGIApp:
    return turned_away(error).as_response()


def leave_out_noise() -> None:
    """Keep what any client can make the server say out of this process's log."""
    logging.getLogger("uvicorn.error").addFilter(_is_no_noise)


def _is_no_noise(record: logging.LogRecord) -> bool:
    return record.msg not in NOISE
