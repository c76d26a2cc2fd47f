"""Of whom something can be supposed."""

from __future__ import annotations

from sqlalchemy import select

from api.reads.identity import Given
from api.reads.relation import Row, Table
from api.reads.rowset import worked_out_once


def supposable(row: Row, given: Given) -> Table:
    """Return one row beside a customer: `key`, and `merged_into`, null unless they turned out to be another one."""
    return worked_out_once(select(row.key.label("key"), row.c.merged_into.label("merged_into")))
