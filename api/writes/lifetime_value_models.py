"""Keeping a fitted model of what customers will bring: a version more, with how it did on time it had not seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import BigInteger, Table, bindparam, func, insert, literal_column, select

from api.database import Connection, Statement, driver_errors_translated, prepare
from api.domain.identity import new_id
from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.candidates import Candidates, SegmentModel, Segments, Trained, Trial
from api.domain.lifetime_value.fit import Fit, Model
from api.domain.lifetime_value.ranked_by import SUBSTITUTE
from api.domain.lifetime_value.segments import SegmentBasis
from api.tables.lifetime_value_models import lifetime_value_models, lifetime_value_tests
from api.writes.dropout_nodes import add_nodes, nodes_for

LEVEL = 0.8
_DIGITS = 6
_LOCK = literal_column("7341905530", BigInteger)

_TAKE_TURNS = prepare(select(func.pg_advisory_xact_lock(_LOCK)))
_NEXT = prepare(
    select(func.coalesce(func.max(lifetime_value_models.c.version), literal_column("0")) + literal_column("1"))
)


def _addition(table: Table) -> Statement:
    """Return the insertion of a row; when it was recorded the database says."""
    return prepare(
        insert(table).values({c.name: bindparam(c.name, type_=c.type) for c in table.c if c.name != "recorded_at"})
    )


_ADD = _addition(lifetime_value_models)
_ADD_TEST = _addition(lifetime_value_tests)


@dataclass(frozen=True, slots=True)
class Frame:
    """What models are of: the currency of their values, the zone their days begin in, and the moment they have seen."""

    currency: str
    zone: ZoneInfo
    moment: datetime


async def keep_model(connection: Connection, trained: Trained, frame: Frame, segments: Segments | None = None) -> int:
    """Keep a model with those of parts of the customers, return their version; nothing is kept where anything fails.

    Models take turns from when their version is known until they are there, so that no two have the same one.
    """
    # Before anybody has to wait for it.
    nodes = nodes_for(_scored_by(trained), int(trained.purchases.repeats.max()))
    tried = segments.models if segments else ()
    parts = [part for part in tried if not part.is_worse]
    by = segments.by if segments and parts else None
    worse = {part.value: _scores(part) for part in tried if part.is_worse}
    with driver_errors_translated():
        async with connection.transaction():
            await connection.fetch(_TAKE_TURNS.sql)
            version: int = await connection.fetchval(_NEXT.sql)
            whole = _framed(trained, frame, version, by, None) | _reported(trained, {"parts_left_to_it": worse})
            key = await _keep(connection, trained, whole)
            for part in parts:
                told = _framed(part.trained, frame, version, by, part.value) | _reported(part.trained, _scores(part))
                await _keep(connection, part.trained, told | {"renewals": _renewals(trained)})
            await add_nodes(connection, key, nodes)
    return version


async def _keep(connection: Connection, trained: Trained, told: dict[str, Any]) -> UUID:
    """Add a row for a model and one for each of its tests, and return its key."""
    key = new_id()
    row = _row(trained) | told | {"model_id": key}
    await connection.execute(_ADD.sql, *_ADD.values(row))
    for position, trial in enumerate(trained.trials, 1):
        test = _test(trial) | {"model_id": key, "position": position}
        await connection.execute(_ADD_TEST.sql, *_ADD_TEST.values(test))
    return key


def _framed(trained: Trained, frame: Frame, version: int, by: SegmentBasis | None, value: str | None) -> dict[str, Any]:
    first = datetime.combine(date.fromordinal(trained.first), time.min, frame.zone)
    return {
        "version": version,
        "currency": frame.currency,
        "trained_from": first,
        "trained_until": frame.moment,
        "segment_by": by,
        "segment_value": value,
    }


def _scored_by(trained: Trained) -> BetaGeometric:
    """Return the model that the database scores by: the best one, if it can, or else the one that stands in for it."""
    best = trained.fit.model
    model = best if isinstance(best, BetaGeometric) else trained.candidates.counts[SUBSTITUTE].model
    assert isinstance(model, BetaGeometric)
    return model


def _row(trained: Trained) -> dict[str, Any]:
    return {
        "method": trained.winner,
        "parameters": _json(trained.fit.parameters),
        "spend_parameters": _json(trained.candidates.spend.parameters),
        "customers": trained.seen,
        "repeaters": trained.repeaters,
        "flags": sorted(flag.value for flag in trained.flags),
        "data_hash": trained.days.fingerprint,
        "report": _json(_report(trained)),
        "renewals": _renewals(trained),
    }


def _renewals(trained: Trained) -> str:
    return _json([one.told() for one in trained.renewals])


def _test(trial: Trial) -> dict[str, Any]:
    held_out, counts, spend, naive = trial.hold_out, trial.tests[trial.best], trial.spend_test, trial.repeated_value
    return {
        "days": held_out.length,
        "held_out_from": date.fromordinal(held_out.cut + 1),
        "held_out_until": date.fromordinal(held_out.cut + held_out.length + 1),
        "customers": counts.customers,
        "level": LEVEL,
        "coverage": spend.fair_coverage_80,
        "total_bias": spend.errors.bias,
        "mean_absolute_error": _decimal(spend.errors.mean_absolute),
        "naive_total_bias": naive.bias,
        "naive_mean_absolute_error": _decimal(naive.mean_absolute),
        "purchases_bias": counts.errors.bias,
        "rank_correlation": spend.errors.rank_correlation,
        "brier": counts.brier,
        "deciles": _json([[each.predicted, each.actual] for each in reversed(spend.deciles)]),
    }


def _report(trained: Trained) -> dict[str, Any]:
    """Return all that is known of a model, for who wants to look into it; what is infinite is null."""
    return {
        "customers_in_all": trained.customers,
        "candidates": _fits(trained.candidates),
        "tests": [
            {
                "days": trial.hold_out.length,
                "candidates": _fits(trial.candidates),
                "purchases": {name: asdict(test) for name, test in trial.tests.items()},
                "spend": asdict(trial.spend_test),
                "spend_repeated": asdict(trial.repeated_value),
            }
            for trial in trained.trials
        ],
    }


def _reported(trained: Trained, more: dict[str, Any]) -> dict[str, Any]:
    return {"report": _json(_report(trained) | more)}


def _scores(part: SegmentModel) -> dict[str, float | None]:
    """Return how well a part's purchases were told on its first hold-out, by its own model and by that of all."""
    trial = part.trained.trials[0] if part.trained.trials else None
    own = trial.tests[trial.best].log_score if trial else None
    return {"log_score": own, "log_score_of_all": part.score_of_all}


def _fits(candidates: Candidates) -> dict[str, Any]:
    fits: list[Fit[Any]] = [*candidates.counts.values(), candidates.without_loss, candidates.spend]
    return {fit.name: _fit(fit) for fit in fits}


def _fit(fit: Fit[Model]) -> dict[str, Any]:
    return {
        "parameters": fit.parameters,
        "log_errors": fit.log_errors,
        "covariance": fit.covariance.tolist(),
        "log_errors_by_data_alone": fit.likelihood_errors.tolist(),
        "log_likelihood": fit.log_likelihood,
        "customers": fit.rows,
        "converged": fit.converged,
        "at_bound": fit.at_bound,
        "prior": asdict(fit.prior) if fit.prior else None,
    }


def _decimal(value: float) -> Decimal:
    return Decimal(str(round(value, _DIGITS)))


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
