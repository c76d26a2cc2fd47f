"""A real HTTP server on loopback: for any ASGI application, or exactly as `regulars serve` runs it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from api.cli.serving import server_config
from api.settings import Settings


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Run the application while the block lasts and give its address, without a slash at the end."""
    with running(uvicorn.Config(app, log_level="warning")) as address:
        yield address


@contextmanager
def serving_as_shipped(dsn: str, **settings: Any) -> Iterator[str]:
    """Run the whole application on a database while the block lasts, as the command does, and give its address."""
    with running(server_config(Settings(**settings), dsn)) as address:
        yield address


@contextmanager
def running(config: uvicorn.Config) -> Iterator[str]:
    """Run a server while the block lasts and give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def connected_to(address: str) -> socket.socket:
    """Return a connection to a server, for what an HTTP client would not do."""
    parts = urlsplit(address)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=20)
