"""Models of lifetime value for tests, written straight into the tables."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.renewal_models import RenewalModel
from api.domain.lifetime_value.renewals import BetaDiscreteWeibull
from api.domain.lifetime_value.streams import Stream
from api.writes.dropout_nodes import keep_nodes
from tests.given import Given, Made

MODEL = {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
"""Parameters of MBG/NBD, in weeks, and of Gamma-Gamma, in euros."""
COVARIANCE = [
    [0.004, 0.003, 0.001, 0.0],
    [0.003, 0.009, 0.0, 0.001],
    [0.001, 0.0, 0.06, 0.05],
    [0.0, 0.001, 0.05, 0.09],
]
SPEND_COVARIANCE = [[0.003, 0.001, -0.002], [0.001, 0.004, 0.003], [-0.002, 0.003, 0.007]]
"""Of the logarithms of these parameters."""
_MOST_REPEATS = 10
REPORT = {"candidates": {"MBG/NBD": {"covariance": COVARIANCE}, "Gamma-Gamma": {"covariance": SPEND_COVARIANCE}}}


def renewal(stream: str | None, term: str | None, alpha: float, beta: float) -> dict[str, Any]:
    """Return how long things of a kind are kept, as a fit keeps it: sBG, fitted to 400 of them in 8 cohorts."""
    model = BetaDiscreteWeibull(alpha, beta)
    return dict(RenewalModel(Stream(stream) if stream else None, term, model, 400, 8, rests_on_prior=False).told())


async def add_model(given: Given, *, trained_until: datetime, **columns: Any) -> Made:
    """Add the next fit, a year's purchases long, with one back-test."""
    model = Made("lvm", given.key())
    version = await given.connection.fetchval("SELECT count(*) + 1 FROM lifetime_value_models")
    known = {"method": "MBG/NBD", "currency": "EUR", "customers": 1_000, "repeaters": 400, "flags": []}
    told = {"parameters": json.dumps(MODEL), "spend_parameters": json.dumps(SPEND), "report": json.dumps(REPORT)}
    times = {"trained_from": trained_until - timedelta(days=365), "trained_until": trained_until}
    times |= {"recorded_at": trained_until}
    key = {"model_id": model.key, "version": version, "data_hash": "none"}
    made = key | known | told | times | columns
    await given.insert("lifetime_value_models", **made)
    figures = dict.fromkeys(("total_bias", "naive_total_bias", "purchases_bias", "rank_correlation", "brier"), 0.1)
    errors = dict.fromkeys(("mean_absolute_error", "naive_mean_absolute_error"), Decimal(5))
    held = {"days": 90, "held_out_from": trained_until.date() - timedelta(days=90)}
    held |= {"held_out_until": trained_until.date(), "customers": 900, "level": 0.8, "coverage": 0.79}
    if made["method"] == "MBG/NBD":
        await keep_nodes(given.connection, model.key, BetaGeometric(**json.loads(made["parameters"])), _MOST_REPEATS)
    deciles = {"deciles": json.dumps([[number, number + 1] for number in range(10)])}
    await given.insert("lifetime_value_tests", model_id=model.key, position=1, **held | figures | errors | deciles)
    return model
