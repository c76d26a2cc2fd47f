"""A wire to PostgreSQL that is cut at chosen statements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

READY = b"Z\x00\x00\x00\x05"
"""The server has answered and waits for the next statement."""


@dataclass(slots=True)
class Wire:
    """Passes bytes on until a chunk from the client holds `at`; then it cuts.

    cuts     how often still, from the next time on
    answered whether the server hears and answers the statement first; its answer is lost
    refuses  whether nobody can connect again after the first cut
    cut      how often it was cut
    """

    server: str
    at: bytes = b"COMMIT;"
    cuts: int = 0
    answered: bool = False
    refuses: bool = False
    cut: int = field(default=0, init=False)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        if self.refuses and self.cut:
            writer.close()
            return
        from_server, to_server = await asyncio.open_unix_connection(self.server)
        answers = asyncio.create_task(self._answers(from_server, writer))
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                if self.cuts and self.at in chunk:
                    answers.cancel()
                    await self._sever(chunk, from_server, to_server)
                    break
                to_server.write(chunk)
        for each in (to_server, writer):
            each.close()
        answers.cancel()

    async def _sever(self, chunk: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.cuts -= 1
        self.cut += 1
        if self.answered:
            await asyncio.sleep(0)  # lets go of the task that read the answers
            writer.write(chunk)
            heard = b""
            while READY not in heard:
                heard += await reader.read(65_536)

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                writer.write(chunk)
        writer.close()


@asynccontextmanager
async def wired(dsn: str, folder: Path) -> AsyncIterator[tuple[Wire, str]]:
    """Yield a wire to a server that listens on a Unix socket, and the address that goes through it."""
    parts = urlsplit(dsn)
    (place,) = parse_qs(parts.query)["host"]
    wire = Wire(f"{place}/.s.PGSQL.5432")
    listening = await asyncio.start_unix_server(wire.carry, folder / ".s.PGSQL.5432")
    query = urlencode({**{name: values[0] for name, values in parse_qs(parts.query).items()}, "host": str(folder)})
    try:
        yield wire, parts._replace(query=query).geturl()
    finally:
        listening.close()
