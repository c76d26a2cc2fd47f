"""Fitting a model to data: the largest likelihood, or the largest posterior where there is a prior.

The logarithms of the parameters are searched by L-BFGS-B with exact slopes, in units in which they are all about 1, so
that another unit of time or money changes nothing but the parameters that carry it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

import numpy as np
from scipy.optimize import minimize

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.count_model import Likelihood
from api.domain.lifetime_value.fit import Fit, Model, Prior
from api.domain.lifetime_value.nbd import NegativeBinomial
from api.domain.lifetime_value.pareto_nbd import ParetoNBD
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.renewals import BetaDiscreteWeibull, RenewalStatistics
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics

M = TypeVar("M", bound=Model)
Bounds = tuple[float, float]

_STEP = 1e-4
_TOLERANCE, _SLOPE_TOLERANCE, _FLAT_ENOUGH = 1e-13, 1e-8, 1e-5
_WIDE: Bounds = (-15.0, 15.0)
_NARROW: Bounds = (-8.0, 8.0)
_ABOVE_ONE: Bounds = (2 * _STEP, 15.0)


class NothingToFit(ValueError):
    """There are no data that could say anything of the parameters."""


@dataclass(frozen=True, slots=True, eq=False)
class _Search(Generic[M]):
    """What is maximised over the logarithms of k parameters, each in a unit of its own.

    make        the model from its parameters
    likelihood  of the data under a model, and its slopes by the logarithms of the k parameters first
    weights     (n,) how often each row counts
    """

    make: Callable[..., M]
    likelihood: Callable[[M], Likelihood]
    weights: Array
    names: tuple[str, ...]
    units: tuple[float, ...]
    start: tuple[float, ...]
    bounds: tuple[Bounds, ...]
    prior: Prior | None = None

    def fit(self) -> Fit[M]:
        """Return the model with the largest posterior, or likelihood."""
        if not self.weights.sum() > 0:
            raise NothingToFit("There is nothing to fit the model to.")
        start: Array = np.log(np.array(self.start))
        result = minimize(
            self._loss,
            start,
            method="L-BFGS-B",
            jac=True,
            bounds=self.bounds,
            options={"ftol": _TOLERANCE, "gtol": _SLOPE_TOLERANCE, "maxiter": 1_000},
        )
        logs = np.asarray(result.x, dtype=float)
        low, high = np.array(self.bounds).T
        bound = (logs <= low + _FLAT_ENOUGH) | (logs >= high - _FLAT_ENOUGH)
        slopes = np.where(bound, 0.0, self._loss(logs)[1])
        told = self._curvature(logs)
        believed = np.diag(1 / np.array(self.prior.spreads) ** 2) if self.prior else np.zeros_like(told)
        return Fit(
            model=self._model(logs),
            free=self.names,
            covariance=_inverse(told + believed),
            likelihood_errors=np.sqrt(np.diag(_inverse(told))),
            log_likelihood=self._total(logs)[0],
            rows=round(self.weights.sum()),
            converged=bool(np.abs(slopes).max() < _FLAT_ENOUGH),
            at_bound=tuple(name for name, there in zip(self.names, bound, strict=True) if there),
            prior=self.prior,
        )

    def _model(self, logs: Array) -> M:
        return self.make(*(np.exp(logs) * self.units).tolist())

    def _total(self, logs: Array) -> tuple[float, Array]:
        found = self.likelihood(self._model(logs))
        return float(found.values @ self.weights), found.slopes[: len(self.names)] @ self.weights

    def _loss(self, logs: Array) -> tuple[float, Array]:
        """Return what is minimised, per unit of weight, and its slopes."""
        value, slopes = self._total(logs)
        if self.prior:
            spreads = np.array(self.prior.spreads)
            away = (logs - np.log(np.array(self.prior.centers) / self.units)) / spreads
            value, slopes = value - float(away @ away) / 2, slopes - away / spreads
        total = self.weights.sum()
        return -value / total, -slopes / total

    def _curvature(self, logs: Array) -> Array:
        """Return minus the second derivatives (k, k) of the log-likelihood, by central differences of the slopes."""
        steps = _STEP * np.eye(len(logs))
        found = np.stack([self._total(logs - step)[1] - self._total(logs + step)[1] for step in steps])
        return (found + found.T) / (4 * _STEP)


def fit_beta_geometric(
    purchases: PurchaseStatistics, *, lost_after_first: bool = True, prior: Prior | None = None
) -> Fit[BetaGeometric]:
    """Return MBG/NBD, or BG/NBD, fitted to all customers who have ever bought, also those who bought once."""
    rows, weights, week = _compressed(purchases)
    return _Search(
        partial(BetaGeometric, lost_after_first=lost_after_first),
        lambda model: model.likelihood(rows),
        weights,
        names=("r", "alpha", "a", "b"),
        units=(1.0, week, 1.0, 1.0),
        start=(0.5, 1.0, 0.8, 2.0),
        bounds=(_WIDE,) * 4,
        prior=prior,
    ).fit()


def fit_pareto_nbd(purchases: PurchaseStatistics, *, prior: Prior | None = None) -> Fit[ParetoNBD]:
    """Return Pareto/NBD fitted to all customers who have ever bought, also those who bought once."""
    rows, weights, week = _compressed(purchases)
    return _Search(
        ParetoNBD,
        lambda model: model.likelihood(rows),
        weights,
        names=("r", "alpha", "s", "beta"),
        units=(1.0, week, 1.0, week),
        start=(0.5, 1.0, 0.5, 1.0),
        bounds=(_NARROW,) * 4,
        prior=prior,
    ).fit()


def fit_nbd(purchases: PurchaseStatistics) -> Fit[NegativeBinomial]:
    """Return NBD fitted to customers: what a model with losses has to do better than."""
    rows, weights, week = _compressed(purchases)
    return _Search(
        NegativeBinomial,
        lambda model: model.likelihood(rows),
        weights,
        names=("r", "alpha"),
        units=(1.0, week),
        start=(0.5, 1.0),
        bounds=(_WIDE,) * 2,
    ).fit()


def fit_gamma_gamma(spend: SpendStatistics) -> Fit[GammaGamma]:
    """Return Gamma-Gamma fitted to those customers whose purchases were worth something.

    Where q ends at its bound, the mean value of a purchase of all customers can hardly be told: see `at_bound`.
    """
    rows = spend.positive()
    weights = np.ones(len(rows))
    money = float(rows.mean_value.mean()) if len(rows) else 1.0
    return _Search(
        GammaGamma,
        lambda model: model.likelihood(rows),
        weights,
        names=("p", "q", "gamma"),
        units=(1.0, 1.0, money),
        start=(2.0, 2.0, 1.0),
        bounds=(_WIDE, _ABOVE_ONE, _WIDE),
    ).fit()


def shared_gamma_gamma(spend: SpendStatistics, parent: Fit[GammaGamma], larger: SpendStatistics) -> Fit[GammaGamma]:
    """Return Gamma-Gamma of customers who are too few for one: that of a larger group, moved to their typical values.

    p and q are those of the parent; gamma is moved by the ratio of the medians of what a purchase is worth.

    larger  what the parent was fitted to
    """
    rows = spend.positive()
    ratio = float(np.median(rows.mean_value) / np.median(larger.positive().mean_value))
    model = replace(parent.model, gamma=parent.model.gamma * ratio)
    return replace(parent, model=model, log_likelihood=float(model.likelihood(rows).values.sum()), rows=len(rows))


def fit_renewals(
    renewals: RenewalStatistics, *, changing: bool = False, prior: Prior | None = None
) -> Fit[BetaDiscreteWeibull]:
    """Return sBG fitted to contracts, or BdW where churn may change with age.

    changing  whether it is BdW; a prior has as many centers as there are parameters then
    """
    free = 3 if changing else 2
    return _Search(
        BetaDiscreteWeibull,
        lambda model: model.likelihood(renewals),
        renewals.number,
        names=("alpha", "beta", "c")[:free],
        units=(1.0,) * free,
        start=(1.0, 4.0, 1.0)[:free],
        bounds=(_WIDE, _WIDE, (-4.0, 4.0))[:free],
        prior=prior and Prior(prior.centers[:free], prior.spreads[:free]),
    ).fit()


def _compressed(purchases: PurchaseStatistics) -> tuple[PurchaseStatistics, Array, float]:
    """Return the different rows, how many customers have each, and a tenth of the longest time observed."""
    rows, weights, _ = purchases.distinct()
    longest = float(purchases.observed.max()) if len(purchases) else 0.0
    if not longest > 0:
        raise NothingToFit("No customer was observed for any time.")
    return rows, weights, longest / 10


def _inverse(curvature: Array) -> Array:
    """Return the inverse; infinite on the diagonal where the data says nothing, and so there is none."""
    values, vectors = np.linalg.eigh(curvature)
    if values.min() <= 0:
        return np.full_like(curvature, np.inf)
    found: Array = (vectors / values) @ vectors.T
    return found
