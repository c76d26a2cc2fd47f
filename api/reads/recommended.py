"""What every recommendation says: the columns that all kinds share, and the words, ranges and windows in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    DateTime,
    Double,
    Integer,
    Interval,
    Numeric,
    Text,
    Uuid,
    case,
    cast,
    func,
    literal_column,
    null,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.types import TypeEngine

from api.domain.calendar import Duration
from api.domain.recommendations import MINIMUM_PRICES
from api.reads.business import business_time_zone
from api.reads.calendar import later_here
from api.reads.json import constant, number
from api.reads.product_pairs import COUNTS, QUARTERS
from api.reads.relation import Condition, Expression, Row
from api.reads.words import day_in

KINDS = ("SERVICE_RECOVERY", "RENEWAL", "WIN_BACK", "UPSELL", "REFERRAL_ASK", "CROSS_SELL")
"""The kinds of recommendations, in the order in which they are listed: what must not wait comes first."""

_MOMENT = DateTime(timezone=True)
_COLUMNS: Mapping[str, TypeEngine[Any]] = {
    "kind": Text(),
    "kind_place": Integer(),
    "place_within": Double(),
    "title": Text(),
    "reason": Text(),
    "value_low": Numeric(),
    "value_high": Numeric(),
    "currency": Text(),
    "basis_of": ARRAY(Text()),
    "basis_ids": ARRAY(Uuid()),
    "bought_id": Uuid(),
    "offered_id": Uuid(),
    "product": Text(),
    **{name: Integer() for name in COUNTS},
    "expected": Double(),
    "confidence": Double(),
    "lift": Double(),
    "computed_at": _MOMENT,
}


def recommendation(kind: str, **columns: Expression) -> list[Expression]:
    """Return the columns of a recommendation in their order; those that are not told are null.

    place_within   where it stands among others of its kind, smaller numbers first
    value_low, value_high, currency
                   what it brings if the customer takes it up
    basis_of, basis_ids
                   names of relations and keys of the records it rests on
    bought_id and those behind it
                   of a pair of products, as `product_pairs.pairs_of` returns them
    """
    told = {"kind": constant(kind), "kind_place": number(KINDS.index(kind)), "place_within": number(0), **columns}
    return [cast(told.get(name, null()), type_).label(name) for name, type_ in _COLUMNS.items()]


def basis(*records: Row) -> dict[str, Expression]:
    """Return the columns that name records a recommendation rests on."""
    return {
        "basis_of": array([constant(record.relation.name) for record in records], type_=Text),
        "basis_ids": array([record.key for record in records]),
    }


def quarters(amount: Expression) -> dict[str, Expression]:
    """Return between which amounts the middle half of many lies, as sums over them; null for too few."""
    range_ = type_coerce(Grouping(func.percentile_disc(QUARTERS).within_group(amount)), ARRAY(Numeric))
    enough = func.count(amount) >= number(MINIMUM_PRICES)
    return {"value_low": case((enough, range_[number(1)])), "value_high": case((enough, range_[number(2)]))}


def day(moment: Expression) -> Expression:
    """Return a moment's day in words, as calendars of the business show it."""
    return day_in(business_time_zone(), moment)


def later(moment: Expression, length: Duration) -> Expression:
    """Return the moment that lies a length of time after another, as calendars of the business count."""
    return later_here(moment, literal_column(f"interval '{length}'", Interval))


def is_recent(moment: Expression, now: Expression, length: Duration) -> Condition:
    """Return whether a length of time is not over since a moment."""
    return later(moment, length) > now
