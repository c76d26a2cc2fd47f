"""`regulars serve`: the database, the population for a first look, and the server."""

from __future__ import annotations

import errno
import gc
import socket
from functools import partial
from typing import Annotated

import typer
import uvicorn

from api.app import build_app
from api.cli.database import bring_up_to_date, owned_database
from api.cli.demo import make_up, unused
from api.cli.options import Data, settings_with, tell
from api.cli.workers import Workers, worker_app
from api.errors import BadUserInput
from api.settings import Settings
from api.web.connection import BoundedConnection, Bounds, leave_out_noise

__all__ = ["serve"]

# Longer than a change may take; whoever manages processes should allow 30 seconds.
LAST_REQUESTS_SECONDS = 25
# Longer than proxies keep idle connections, so that they are the ones who close.
KEEP_ALIVE_SECONDS = 75
STOPPED = "Regulars has stopped."

Count = Annotated[int | None, typer.Option(min=1, max=64, help="Processes that answer.", show_default="1")]


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on.", show_default="8000")] = None,
    workers: Count = None,
    data: Data = None,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Leave an empty database empty.")] = False,
) -> None:
    """Serve the API; start the embedded database with it where DATABASE_URL names no other."""
    settings = settings_with(data)
    said = {"host": host, "port": port, "workers": workers}
    settings = settings.model_copy(update={name: value for name, value in said.items() if value is not None})
    try:
        with listening(settings.host, settings.port) as listener, owned_database(settings) as dsn:
            bring_up_to_date(settings, dsn)
            if not no_demo and settings.environment != "production" and unused(settings, dsn):
                tell("The database is empty: making up a population for a first look (--no-demo leaves it empty)")
                make_up(settings, dsn)
            run(settings, dsn, listener)
    except KeyboardInterrupt:
        # Ctrl-C and SIGTERM are the ordinary end of a server; by now it has answered its last requests.
        tell(STOPPED)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address before anything is started; raise BadUserInput where that cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError:
        raise BadUserInput(f"There is no address {host!r} on this machine.") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _not_had(host, port, error) from None
    return listener


def _not_had(host: str, port: int, error: OSError) -> BadUserInput:
    if error.errno == errno.EADDRINUSE:
        return BadUserInput(f"Port {port} on {host} is taken by another program; choose another one with --port.")
    return BadUserInput(f"Port {port} on {host} cannot be listened on: {error.strerror}; choose another with --port.")


class Announcing(uvicorn.Server):
    """A server that says when it answers."""

    url = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, then say so."""
        await super().startup(sockets)
        if self.started:
            # What is there by now stays; there is no use in looking it through for rubbish over and over.
            gc.collect()
            gc.freeze()
            typer.echo(f"Regulars is ready at {self.url}")


def run(settings: Settings, dsn: str, listener: socket.socket) -> None:
    """Serve on a bound socket until a signal ends it."""
    host, port = settings.host, listener.getsockname()[1]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    try:
        if settings.workers > 1:
            Workers(server_config(settings, dsn), [listener], url).run()
            tell(STOPPED)
        else:
            server = Announcing(server_config(settings, dsn))
            server.url = url
            server.run(sockets=[listener])
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise _not_had(host, port, error) from None


def server_config(settings: Settings, dsn: str) -> uvicorn.Config:
    """Return how the server is run; the same in every process that answers."""
    leave_out_noise()
    bounds = Bounds(
        connections=settings.connections,
        header_bytes=settings.header_limit_bytes,
        header_seconds=settings.header_timeout_seconds,
        answer_seconds=settings.answer_timeout_seconds,
    )
    build = worker_app if settings.workers > 1 else build_app
    return uvicorn.Config(
        partial(build, settings, dsn=dsn),
        factory=True,
        http=partial(BoundedConnection, bounds=bounds),  # type: ignore[arg-type]  # it makes protocols, as a class does
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Nobody here asks from where a request comes, so no request has to be searched for what a proxy says of it.
        proxy_headers=False,
        lifespan="on",
        workers=settings.workers,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
    )
