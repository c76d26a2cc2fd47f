"""Versions of rules: each begins later than all there are, and is numbered after the newest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import literal_column, select

from api.database import Statement, prepare
from api.domain.reign import check_begin
from api.errors import Rejection, UserErrorCode
from api.writes.change import Change


def newest_of(versions: Any) -> Statement:
    """Return the statement that reads the number of the newest version of a table, and when it begins."""
    columns = (versions.c.version, versions.c.effective_from)
    return prepare(select(*columns).order_by(versions.c.version.desc()).limit(literal_column("1")))


async def next_version(
    change: Change, newest: Statement, effective_from: datetime, expected_version: int | None, *, what: str
) -> int:
    """Return the number of a version that is to begin at a moment; raise Rejection where it cannot.

    Whoever sets versions has taken turns before: in one statement with the lock, the newest would be that of before the
    wait.

    newest  `newest_of` the table
    what    the rules are called
    """
    rows = await change.rows(newest)
    version, latest = (rows[0]["version"], rows[0]["effective_from"]) if rows else (0, None)
    if expected_version not in (None, version):
        message = f"The {what} changed since it was read; read it again and decide anew."
        raise Rejection(UserErrorCode.CONFLICT, message, ("input", "expectedVersion"), version)
    check_begin(effective_from, latest=latest, now=change.now, field=("input", "effectiveFrom"))
    return version + 1
