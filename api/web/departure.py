"""A client that has left waits for no answer: what is only read for it ends with it."""

from __future__ import annotations

import asyncio
from types import TracebackType

from starlette.requests import ClientDisconnect
from starlette.types import Receive

__all__ = ["ended_by_departure"]

# Most queries are answered sooner, and then nobody needs to look at all.
PATIENCE_SECONDS = 0.1


class ended_by_departure:  # noqa: N801  (a context manager reads as a verb phrase)
    """Cancels the work of a block when the client leaves; the block then ends in ClientDisconnect.

    The body of the request must have been read: what else comes from the client is thrown away.
    """

    __slots__ = ("_is_gone", "_loop", "_receive", "_timer", "_watch", "_working")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive

    def __enter__(self) -> None:
        self._is_gone = False
        self._watch: asyncio.Task[None] | None = None
        self._working = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(PATIENCE_SECONDS, self._begin)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        # Whoever else cancelled the work, such as a server that ends, has the last word.
        if self._is_gone and self._working is not None and not self._working.uncancel():
            raise ClientDisconnect from None

    def _begin(self) -> None:
        self._watch = self._loop.create_task(self._end_when_gone())

    async def _end_when_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        if self._working is not None:
            self._working.cancel()
