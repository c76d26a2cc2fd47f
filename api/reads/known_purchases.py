"""What the database tells of customers' purchases and terms, as models take it. It loads numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import orjson

from api.domain.lifetime_value.agreed_terms import AgreedTerm, agreed_terms
from api.domain.lifetime_value.purchase_table import COLUMNS, PurchaseTable


def known_of(columns: Mapping[str, Sequence[Any]], today: date) -> PurchaseTable:
    """Return what is known of customers on a day.

    columns  what `in_days_ago` returns; `terms`, as `agreed_terms` has them; and `moment`, to count them from, in
             seconds since 1970
    """
    return PurchaseTable.of(today, [columns[name] for name in COLUMNS], _terms(columns))


def _terms(columns: Mapping[str, Sequence[Any]]) -> list[tuple[AgreedTerm, ...]]:
    if not any(columns["terms"]):
        return []
    moment, told = columns["moment"][0], orjson.loads(f"[{','.join(text or '[]' for text in columns['terms'])}]")
    return [agreed_terms(rows, moment) if rows else () for rows in told]
