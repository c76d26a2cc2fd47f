"""Answers of different systems made comparable: plain values under the names that Regulars uses."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

MONEY = {"total", "unitPrice", "net", "averageOrderValue"}
RENAMED = {"customerId": "id", "orderId": "id", "orderLinesByCustomerIdAndOrderId": "lines"}
MOMENTS = {"activeSince", "activeUntil", "holdsUntil", "tierUntil", "before"}
"""Moments beside those whose names end with `At`."""
CURRENCY = "EUR"
"""Currency of the business, in which summaries are."""


class AnswersDiffer(Exception):
    """Two systems do not answer the same, so that comparing their speed would be unfair."""


def plain(value: Any) -> Any:
    """Return an answer with amounts as decimals, moments as such, bare identifiers and no wrapping of lists."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"nodes"}:
        return plain(value["nodes"])
    if value.keys() == {"amount", "currencyCode"}:
        return Decimal(value["amount"]), value["currencyCode"]
    currency = value.get("currency", CURRENCY)
    named = {_renamed(name): member for name, member in value.items() if name != "currency"}
    return {name: _member(name, member, currency) for name, member in named.items()}


def _renamed(name: str) -> str:
    return RENAMED.get(name, name)


def _member(name: str, value: Any, currency: str) -> Any:
    if value is None or isinstance(value, list | dict):
        return plain(value)
    if name in MONEY:
        return Decimal(value), currency
    if name == "id":
        return str(value).rpartition("_")[2].replace("-", "")
    if name in MOMENTS or name.endswith("At"):
        return datetime.fromisoformat(value)
    return int(value) if name == "orderCount" else value


def require_same(one: Any, other: Any, who: str) -> None:
    """Raise AnswersDiffer, naming the first place at which another system's answer differs."""
    place = difference(one, other)
    if place is not None:
        raise AnswersDiffer(f"{who} answers otherwise at {place}")


def difference(one: Any, other: Any, place: str = "data") -> str | None:
    """Return the first place at which two plain answers differ, with both values; None if they are the same."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(one[name], other[name], f"{place}.{name}") for name in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [
            (mine, theirs, f"{place}[{index}]") for index, (mine, theirs) in enumerate(zip(one, other, strict=True))
        ]
    else:
        return None if one == other else f"{place}: {one!r} and {other!r}"
    found = (difference(*pair) for pair in pairs)
    return next((where for where in found if where is not None), None)
