"""PostgreSQL without set-up: a server of our own on a private Unix socket, for as long as this process lives."""

from api.embedded.binaries import find_binaries
from api.embedded.errors import EmbeddedServerError
from api.embedded.folder import default_data_dir
from api.embedded.running import running_server
from api.embedded.server import Server, start

__all__ = ["EmbeddedServerError", "Server", "default_data_dir", "find_binaries", "running_server", "start"]
