"""Filters, identifiers and searches, judged row by row in Python."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from enum import Enum
from typing import Any

from graphql import get_named_type

from tests.plan.rows import Found, Rows

_COMPARED = {
    "eq": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, among: value in among,
}


async def is_wanted(rows: Rows, row: Found, field: Any, given: Mapping[str, Any]) -> bool:
    """Return whether a row meets `by`, `filter`, `sku` and `query`."""
    for name in ("by", "filter"):
        if given.get(name) is not None and not await _meets(
            rows, row, get_named_type(field.args[name].type), given[name]
        ):
            return False
    if given.get("sku") is not None and await rows.column(row, "sku") != given["sku"]:
        return False
    words = (given.get("query") or "").lower().split()
    text = await rows.column(row, "search_text") if words else ""
    return all(word in text for word in words)


async def _meets(rows: Rows, row: Found, type_: Any, value: Mapping[str, Any]) -> bool:
    """Return whether a row meets all conditions of a filter."""
    for name, part in value.items():
        if part is not None and not await _meets_one(rows, row, type_, name, part):
            return False
    return True


async def _meets_one(rows: Rows, row: Found, type_: Any, name: str, value: Any) -> bool:
    if name == "not":
        return not await _meets(rows, row, type_, value)
    if name in ("and", "or"):
        judged = [await _meets(rows, row, type_, part) for part in value]
        return all(judged) if name == "and" else any(judged)
    declared = type_.fields[name].extensions["strawberry-definition"]
    if declared.test:
        return await rows.holds(row, declared.test, value)
    return _fits(await rows.column(row, declared.names or declared.python_name), _plain(value))


def _fits(found: Any, value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_fits_step(found, name, part) for name, part in value.items() if part is not None)
    if isinstance(found, list):
        return bool(set(found) & set(value))
    if found is None:
        return False
    return found in value if isinstance(value, list) else bool(found == value)


def _fits_step(found: Any, name: str, value: Any) -> bool:
    if name == "isNull":
        return bool((found is None) == value)
    return found is not None and bool(_COMPARED[name](found, value))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value.value if isinstance(value, Enum) else value
