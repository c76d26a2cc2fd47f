"""`regulars serve`: the database, the population for a first look, and the server."""

from __future__ import annotations

import errno
import socket
from typing import Annotated

import typer
import uvicorn

from api.app import build_app
from api.cli.database import bring_up_to_date, owned_database
from api.cli.demo import make_up, unused
from api.cli.options import Data, settings_with, tell
from api.errors import BadUserInput
from api.settings import Settings

__all__ = ["serve"]

# Longer than a change may take; whoever manages processes should allow 30 seconds.
LAST_REQUESTS_SECONDS = 25
# Longer than proxies keep idle connections, so that they are the ones who close.
KEEP_ALIVE_SECONDS = 75


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on.", show_default="8000")] = None,
    data: Data = None,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Leave an empty database empty.")] = False,
) -> None:
    """Serve the API; start the embedded database with it where DATABASE_URL names no other."""
    settings = settings_with(data)
    host, port = settings.host if host is None else host, settings.port if port is None else port
    try:
        with listening(host, port) as listener, owned_database(settings) as dsn:
            bring_up_to_date(settings, dsn)
            if not no_demo and settings.environment != "production" and unused(settings, dsn):
                tell("The database is empty: making up a population for a first look (--no-demo leaves it empty)")
                make_up(dsn)
            run(settings, dsn, listener, host)
    except KeyboardInterrupt:
        # Ctrl-C and SIGTERM are the ordinary end of a server; by now it has answered its last requests.
        tell("Regulars has stopped.")


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
            typer.echo(f"Regulars is ready at {self.url}")


def run(settings: Settings, dsn: str, listener: socket.socket, host: str) -> None:
    """Serve on a bound socket until a signal ends it."""
    port = listener.getsockname()[1]
    server = Announcing(
        uvicorn.Config(
            build_app(settings, dsn=dsn),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
        )
    )
    server.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    try:
        server.run(sockets=[listener])
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise _not_had(host, port, error) from None
