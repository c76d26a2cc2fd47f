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
from api.domain.lifetime_value.agreed_terms import agreed_terms
from api.domain.lifetime_value.facts import FittedModel, PurchaseFacts, known_until
from api.domain.lifetime_value.fit import restored
from api.domain.lifetime_value.flags import Flag
from api.domain.lifetime_value.renewal_models import RenewalModel, RenewalModels
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.money import Amount
from api.graph.declare import Reference
from api.graph.lifetime_value_models import LifetimeValueModel


def predicted(rows: Sequence[Mapping[str, Any]]) -> Sequence[object]:
    """Return what customers are expected to bring, from `prediction_facts`."""
    if not rows:
        return []
    first = rows[0]["asked"]
    # Nearly always all are scored by one model; telling that costs less than sorting them by theirs.
    if all(row["asked"] == first for row in rows):
        return _predicted(rows, first)
    places = dict[str, list[int]]()
    for place, row in enumerate(rows):
        places.setdefault(row["asked"], []).append(place)
    found = dict[int, object]()
    for text, alike in places.items():
        found.update(zip(alike, _predicted([rows[place] for place in alike], text), strict=True))
    return [found[place] for place in range(len(rows))]


def _predicted(rows: Sequence[Mapping[str, Any]], text: str) -> Sequence[object]:
    """Return what customers are expected to bring who are asked the same, by the same model."""
    today, asked, model, currency = _asked(text)
    return domain.predictions([facts_of(row, today) for row in rows], asked, model, currency)


@lru_cache(maxsize=64)
def _asked(text: str) -> tuple[date, domain.Asked, FittedModel | None, str]:
    """Return what is asked of customers, and by which model; asked again and again, it is read once."""
    told = orjson.loads(text)
    asked = domain.Asked(parse_duration(told["horizon"]), Decimal(told["rate"]))
    model = model_of(told["model"]) if told["model"] else None
    return date.fromisoformat(told["today"]), asked, model, told["currency"]


def total(predicted: object, historic_net: Decimal) -> Amount | None:
    """Return what a customer has brought and is expected to bring, None where nothing is predicted."""
    if not isinstance(predicted, domain.PredictedValue):
        return None
    expected = predicted.expected
    return Amount(historic_net + expected.amount, expected.currency_code)


def facts_of(row: Mapping[str, Any], today: date) -> PurchaseFacts:
    """Return what is known of a customer, from what `purchase_days` tells of them with `terms` beside it."""
    terms = agreed_terms(orjson.loads(row["terms"])) if row["terms"] else ()
    first, last = row["first_day"], row["last_day"]
    return PurchaseFacts(row["days"], first, last, row["value_days"], row["value"], known_until(today, last), terms)


def model_of(told: Mapping[str, Any]) -> FittedModel:
    """Return a model as `api.reads.lifetime_value_models` tells of it."""
    seen_from, seen_until, fitted_at = (
        datetime.fromisoformat(told[name]) for name in ("trained_from", "trained_until", "recorded_at")
    )
    return FittedModel(
        purchases=restored(told["method"], told["parameters"]),
        spend=GammaGamma(**told["spend_parameters"]),
        currency=told["currency"],
        trained_from=seen_from,
        trained_until=seen_until,
        fitted_at=fitted_at,
        flags=frozenset(Flag(name) for name in told["flags"]),
        renewals=RenewalModels([RenewalModel.of(each) for each in told["renewals"]]),
        shown=Reference(LifetimeValueModel, UUID(told["model_id"])),
    )
