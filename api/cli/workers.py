"""Several processes that answer on one socket, under one that started the database and looks after them."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import socket
import threading

import typer
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors.multiprocess import Multiprocess

from api.app import build_app
from api.errors import Unavailable
from api.settings import Settings
from api.web.connection import leave_out_noise

__all__ = ["Workers", "worker_app"]

# As long as one may take to open the database's connections.
PATIENCE_SECONDS = 60.0


class Workers(Multiprocess):
    """uvicorn's supervisor: it replaces a process that dies, and ends them all on SIGINT or SIGTERM."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], url: str) -> None:
        super().__init__(config, sockets)
        self._url = url

    def init_processes(self) -> None:
        """Start every process and say when all answer; raise Unavailable where one does not."""
        super().init_processes()
        if all(process.wait_until_ready(PATIENCE_SECONDS) for process in self.processes):
            typer.echo(f"Regulars is ready at {self._url}")
            return
        for process in self.processes:
            process.kill()
        self.join_all()
        raise Unavailable("A process of the server did not start; the lines above say why.")

    def run(self) -> None:
        """Look after the processes until a signal ends them; raise Unavailable where one could not be replaced."""
        super().run()
        if any(process.exitcode == uvicorn.config.STARTUP_FAILURE for process in self.processes):
            raise Unavailable("A process of the server died and could not be started again.")


def worker_app(settings: Settings, *, dsn: str) -> Starlette:
    """Return the application of one process among several; it ends with the one that started it."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    leave_out_noise()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    app = build_app(settings, dsn=dsn)
    gc.collect()
    gc.freeze()
    return app


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
