"""The purchases in a table's columns, checked: whose they are, on which days, and for how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.cli.scored.files import place
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.errors import BadUserInput

_DAY = r"^\s*\d{4}-\d{2}-\d{2}([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|UTC|[+-]\d{2}(:?\d{2})?)?)?\s*$"
_DIGITS = r"^\s*\d{8}\s*$"
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"


@dataclass(frozen=True, slots=True, eq=False)
class Purchases:
    """Purchases by day, days counted from 1970, and the customers by their numbers in them, sorted by their texts."""

    days: PurchaseDays
    customers: pa.Array


def purchases(table: pa.Table) -> Purchases:
    """Return the purchases in the columns customer, date and amount; raise BadUserInput with the first wrong row."""
    days, amounts = _days(table["date"]), _amounts(table["amount"])
    customers, numbers = _customers(table["customer"])
    return Purchases(PurchaseDays.of(numbers, days, amounts), customers)


def _customers(column: pa.ChunkedArray) -> tuple[pa.Array, Any]:
    """Return the different customers, sorted by their texts, and of each row the number of its customer there."""
    encoded = pc.dictionary_encode(column.combine_chunks())
    missing = pc.is_null(encoded)
    _refuse(missing, "has no customer")
    texts = encoded.dictionary.cast(pa.string())
    order = pc.array_sort_indices(texts).to_numpy()
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return encoded.dictionary.take(pa.array(order)), rank[encoded.indices.to_numpy()]


def _days(column: pa.ChunkedArray) -> Any:
    """Return the days (m,) since 1970; of a moment, the day that it is where its offset or its zone says."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = (pc.local_timestamp(column) if kind.tz else column).cast(pa.timestamp("s"), safe=False)
        found = pc.floor_temporal(column, unit="day").cast(pa.date32())
    elif pa.types.is_date(kind):
        found = column.cast(pa.date32())
    else:
        found = _read_days(_text(column, "date"))
    _refuse(pc.is_null(found), "has no date that can be read, such as 2026-01-31")
    return found.cast(pa.int32()).to_numpy().astype(np.int64)


def _read_days(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the days that texts begin with; null for those that no calendar has."""
    digits = pc.fill_null(pc.match_substring_regex(texts, _DIGITS), False)
    written = pc.fill_null(pc.match_substring_regex(texts, _DAY), False)
    plain = pc.utf8_trim_whitespace(texts)
    dashed = pc.binary_join_element_wise(
        *(pc.utf8_slice_codeunits(plain, *ends) for ends in ((0, 4), (4, 6), (6, 8))), "-"
    )
    day = pc.if_else(digits, dashed, pc.if_else(written, pc.utf8_slice_codeunits(plain, 0, 10), None))
    parsed = pc.strptime(day, format="%Y-%m-%d", unit="s", error_is_null=True)
    # 30 February is read as 2 March.
    right = pc.equal(pc.strftime(parsed, format="%Y-%m-%d"), day)
    return pc.if_else(right, parsed, None).cast(pa.date32())


def _amounts(column: pa.ChunkedArray) -> Any:
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        found = column.cast(pa.float64(), safe=False)
    else:
        texts = _text(column, "amount")
        sound = pc.fill_null(pc.match_substring_regex(texts, _NUMBER), False)
        found = pc.if_else(sound, pc.utf8_ltrim(pc.utf8_trim_whitespace(texts), "+"), None).cast(pa.float64())
    _refuse(pc.invert(pc.fill_null(pc.is_finite(found), False)), "has no amount that is a number, such as 12.50")
    _refuse(pc.less(found, 0), "has an amount below 0; leave refunds out, or take them off their purchases")
    return found.to_numpy()


def _text(column: pa.ChunkedArray, role: str) -> pa.ChunkedArray:
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        raise BadUserInput(f"The column of the {role} holds {column.type}, which cannot be read as one.") from None


def _refuse(wrong: pa.ChunkedArray, said: str) -> None:
    """Raise BadUserInput for the first row of which something is true."""
    first = pc.index(wrong, True).as_py()
    if first >= 0:
        raise BadUserInput(f"{place(first)} {said}.")
