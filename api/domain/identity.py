"""Global identifiers: opaque to programs, readable to people, sortable by time."""

from __future__ import annotations

import re
from uuid import UUID

from uuid_utils import compat

_SHAPE = re.compile(r"([a-z]{3})_([0-9a-f]{32})")


def new_id() -> UUID:
    """Return a new UUIDv7; later ones sort after earlier ones."""
    return compat.uuid7()


def public_id(prefix: str, key: UUID) -> str:
    """Return the identifier shown to clients.

    >>> public_id("cus", UUID("0192f0c4-0000-7000-8000-000000000001"))
    'cus_0192f0c4000070008000000000000001'
    """
    return f"{prefix}_{key.hex}"


def parse_id(text: str) -> tuple[str, UUID] | None:
    """Return prefix and key of an identifier, or None where the text is none."""
    match = _SHAPE.fullmatch(text)
    return (match[1], UUID(match[2])) if match else None
