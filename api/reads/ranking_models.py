"""The model that customers are ranked by, as it was kept when it was fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from sqlalchemy import DateTime, Text, Uuid, bindparam, cast, select

from api.database import Connection, prepare
from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.facts import FittedModel
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.ranked_by import SUBSTITUTE
from api.domain.lifetime_value.ranking import RankingModel
from api.errors import BadUserInput
from api.reads.lifetime_value_models import in_use
from api.reads.relation import Expression, Lens
from api.tables.business import business
from api.tables.lifetime_value_models import lifetime_value_models, lifetime_value_tests

_YEAR = 365
_SPEND = "Gamma-Gamma"
_MOMENT = bindparam("moment", type_=DateTime(timezone=True))
_TEXTS = ("parameters", "spend_parameters", "report", "renewals")
_PLAIN = ("model_id", "version", "method", "currency", "flags", "trained_from", "trained_until", "recorded_at")


def _columns(model: Any) -> list[Expression]:
    return [*[model[name] for name in _PLAIN], *[cast(model[name], Text).label(name) for name in _TEXTS]]


def _in_use() -> Any:
    row, newest = in_use(Lens(moment=_MOMENT, as_of=_MOMENT))
    return newest(_columns(row.c))


_FIND = prepare(_in_use())
_NAMED = prepare(
    select(*_columns(lifetime_value_models.c)).where(
        lifetime_value_models.c.model_id == bindparam("model_id", type_=Uuid)
    )
)
_CURRENCY = prepare(select(business.c.currency))
_BIASES = prepare(
    select(lifetime_value_tests.c.total_bias).where(
        lifetime_value_tests.c.model_id == bindparam("model_id", type_=Uuid),
        lifetime_value_tests.c.days == bindparam("days"),
    )
)


@dataclass(frozen=True, slots=True)
class Ranked:
    """What customers are ranked by; `database_scores_by` is what the database takes for it in lists that look back."""

    model_id: UUID
    version: int
    method: str
    currency: str
    model: RankingModel
    database_scores_by: BetaGeometric


async def ranking_model(connection: Connection, moment: datetime) -> Ranked:
    """Return the model in use at a moment; raise BadUserInput where there is none, or none in this currency."""
    found = await connection.fetchrow(_FIND.sql, *_FIND.values({"moment": moment}))
    if found is None:
        raise BadUserInput("Nobody can be ranked before a model is fitted to the purchases: run `regulars fit` first.")
    if found["currency"] != await connection.fetchval(_CURRENCY.sql):
        raise BadUserInput("The model was fitted in another currency than that of the business: run `regulars fit`.")
    return await _with_biases(connection, found)


async def model_named(connection: Connection, model_id: UUID) -> Ranked:
    """Return a model that there is."""
    return await _with_biases(connection, await connection.fetchrow(_NAMED.sql, *_NAMED.values({"model_id": model_id})))


async def _with_biases(connection: Connection, found: Any) -> Ranked:
    tests = await connection.fetch(_BIASES.sql, *_BIASES.values({"model_id": found["model_id"], "days": _YEAR}))
    return _ranked(dict(found), tuple(test["total_bias"] for test in tests))


def _ranked(found: Mapping[str, Any], biases: tuple[float, ...]) -> Ranked:
    told = {name: orjson.loads(found[name]) for name in _TEXTS}
    fits, parameters = told["report"].get("candidates", {}), told["parameters"]
    of_orders, of_spend = len(parameters), len(told["spend_parameters"])
    covariances = (_covariance(fits, found["method"], of_orders), _covariance(fits, _SPEND, of_spend))
    fitted = FittedModel.of({**found, **told})
    by = RankingModel(fitted, tuple(parameters), covariances, biases)
    model = fitted.purchases
    database_scores_by = model if isinstance(model, BetaGeometric) else _substitute(fits)
    return Ranked(found["model_id"], found["version"], found["method"], found["currency"], by, database_scores_by)


def _covariance(fits: Mapping[str, Any], name: str, size: int) -> Array:
    """Return the covariance of a fit, of numbers that are none where it is not known."""
    if name not in fits:
        return np.full((size, size), np.nan)
    return np.array(fits[name]["covariance"], dtype=float)


def _substitute(fits: Mapping[str, Any]) -> BetaGeometric:
    return BetaGeometric(**fits[SUBSTITUTE]["parameters"])
