"""Comparing what is kept with what should be."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select, union_all


def apart(expected: Select[Any], kept: Select[Any]) -> Select[Any]:
    """Return how many rows are expected and not kept, or kept and not expected; each as often as it is there."""
    rows = union_all(expected.except_all(kept), kept.except_all(expected)).subquery("apart")
    return select(func.count()).select_from(rows)
