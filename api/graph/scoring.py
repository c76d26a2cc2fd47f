"""Predicted values from rows of the database; loaded when the first one is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from api.domain.calendar import parse_duration
from api.domain.lifetime_value import prediction as domain
from api.domain.lifetime_value.facts import FittedModel
from api.domain.money import Amount
from api.graph.declare import Reference
from api.graph.lifetime_value_models import LifetimeValueModel
from api.graph.sources import Columns, Outdated
from api.reads.known_purchases import known_of


def predicted(columns: Columns) -> Sequence[object]:
    """Return what customers are expected to bring, from `prediction_facts`."""
    if not columns["asked"]:
        return []
    if any(columns["outdated"]):
        raise Outdated
    asked = columns["asked"]
    # Nearly always all are scored by one model; telling that costs less than sorting them by theirs.
    if asked.count(asked[0]) == len(asked):
        return _predicted(columns, asked[0])
    places = dict[str, list[int]]()
    for place, text in enumerate(asked):
        places.setdefault(text, []).append(place)
    found = dict[int, object]()
    for text, alike in places.items():
        some = {name: [values[place] for place in alike] for name, values in columns.items()}
        found.update(zip(alike, _predicted(some, text), strict=True))
    return [found[place] for place in range(len(asked))]


def _predicted(columns: Columns, text: str) -> Sequence[object]:
    """Return what customers are expected to bring who are asked the same, by the same model."""
    today, asked, model, currencies = _asked(text)
    return domain.predictions(known_of(columns, today), asked, model, currencies)


@lru_cache(maxsize=64)
def _asked(text: str) -> tuple[date, domain.Asked, FittedModel | None, tuple[str, str]]:
    """Return what is asked of customers, and by which model; asked again and again, it is read once."""
    told = orjson.loads(text)
    asked = domain.Asked(parse_duration(told["horizon"]), Decimal(told["rate"]))
    model = model_of(told["model"]) if told["model"] else None
    currencies = told["currency"], told.get("told_in", told["currency"])
    return date.fromisoformat(told["today"]), asked, model, currencies


def total(predicted: object, historic_net: Decimal) -> Amount | None:
    """Return what a customer has brought and is expected to bring, None where nothing is predicted."""
    if not isinstance(predicted, domain.PredictedValue):
        return None
    expected = predicted.expected
    return Amount(historic_net + expected.amount, expected.currency_code)


def model_of(told: Mapping[str, Any]) -> FittedModel:
    """Return a model as `api.reads.lifetime_value_models` tells of it."""
    moments = {name: datetime.fromisoformat(told[name]) for name in ("trained_from", "trained_until", "recorded_at")}
    return FittedModel.of({**told, **moments}, Reference(LifetimeValueModel, UUID(told["model_id"])))
