"""What can go wrong with the embedded server."""

from __future__ import annotations


class EmbeddedServerError(Exception):
    """The embedded server cannot start or stop; the message says what to do and never holds the password."""
