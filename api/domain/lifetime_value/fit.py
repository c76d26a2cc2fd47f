"""What fitting a model gives: its parameters, how well they are known, and what was believed before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from math import exp
from typing import Any, Generic, TypeVar

import numpy as np

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.nbd import NegativeBinomial
from api.domain.lifetime_value.pareto_nbd import ParetoNBD
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.renewals import BetaDiscreteWeibull
from api.domain.lifetime_value.spend import GammaGamma

Model = CountModel | GammaGamma | BetaDiscreteWeibull
M_co = TypeVar("M_co", bound=Model, covariant=True)

_SEGMENT_SPREAD = (0.5, 0.5, 0.7, 0.7)
_RENEWAL_SPREAD = (0.5, 0.5, 0.25)
_STEP = 1e-4


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of k parameters before any data: their logarithms are normal and independent.

    centers  the parameters in whose logarithms the distributions have their means, in weeks and currency units
    spreads  standard deviations of the logarithms
    """

    centers: tuple[float, ...]
    spreads: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fit(Generic[M_co]):
    """A fitted model.

    model            with its k parameters, in weeks and currency units
    free             names of the parameters that were fitted
    covariance       (k, k) of their logarithms: the inverse of the curvature of likelihood and prior (Laplace)
    likelihood_errors
                     (k,) standard errors of the logarithms by the data alone, infinite or in the hundreds where it says
                     nothing
    log_likelihood   of all rows, without the prior and without constants; it depends on the unit of time or money
    rows             how many customers, or contracts, the model was fitted to
    converged        whether a maximum was found
    at_bound         names of the parameters that ended at a bound, so that they stand for "as far as it goes"
    prior            None where there was none
    """

    model: M_co
    free: tuple[str, ...]
    covariance: Array
    likelihood_errors: Array
    log_likelihood: float
    rows: int
    converged: bool
    at_bound: tuple[str, ...]
    prior: Prior | None

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.model.name

    @property
    def parameters(self) -> Mapping[str, float]:
        """The fitted parameters by name."""
        return {name: getattr(self.model, name) for name in self.free}

    @property
    def log_errors(self) -> Mapping[str, float]:
        """Standard errors of the logarithms of the parameters, by name."""
        return dict(zip(self.free, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))

    @property
    def standard_errors(self) -> Mapping[str, float]:
        """Standard errors of the parameters themselves, by name."""
        return {name: error * self.parameters[name] for name, error in self.log_errors.items()}


def weak_prior(observed: float) -> Prior:
    """Return the prior of BG/NBD and MBG/NBD that tames what the data leaves open, and hardly moves what it does not.

    observed  T of the customer who is known for longest, weeks
    """
    return Prior((0.5, observed / 10, 0.8, 2.5), (1.5, 1.5, 1.0, 1.0))


def weak_pareto_prior(observed: float) -> Prior:
    """Return a prior for Pareto/NBD: that of the purchase rate, for losses too."""
    return Prior((0.5, observed / 10, 0.5, observed / 10), (1.5, 1.5, 1.5, 1.5))


def segment_prior(parent: Fit[CountModel]) -> Prior:
    """Return the prior of a segment's parameters: about those of all customers, so that a small one leans on them."""
    return Prior(tuple(parent.parameters.values()), _SEGMENT_SPREAD)


def renewal_prior(parent: BetaDiscreteWeibull) -> Prior:
    """Return the prior of a group of things with a term: about what holds of the larger group that it is part of."""
    return Prior(astuple(parent), _RENEWAL_SPREAD)


def restored(name: str, parameters: Mapping[str, float]) -> CountModel:
    """Return the model of repeat buying with a name and parameters, as a fit has both; raise KeyError for others."""
    return _COUNT_MODELS[name](**parameters)


def slopes_of(fit: Fit[M_co], figure: Callable[[M_co], float]) -> Array:
    """Return the derivatives (k,) of a figure by the logarithms of the parameters, as `spread_of_total` needs them."""
    return slopes_by(fit.model, fit.free, figure)


def slopes_by(model: Any, names: Sequence[str], figure: Callable[[Any], float]) -> Array:
    """Return the derivatives (k,) of a figure by the logarithms of named parameters of a model."""
    found = []
    for name in names:
        value = getattr(model, name)
        up, down = (figure(replace(model, **{name: value * exp(step)})) for step in (_STEP, -_STEP))
        found.append((up - down) / (2 * _STEP))
    return np.array(found)


_COUNT_MODELS: Mapping[str, Callable[..., CountModel]] = {
    "BG/NBD": partial(BetaGeometric, lost_after_first=False),
    "MBG/NBD": BetaGeometric,
    "Pareto/NBD": ParetoNBD,
    "NBD": NegativeBinomial,
}

RENEWAL_PRIOR = Prior((1.0, 4.0, 1.0), (1.0, 1.5, 0.5))
"""The prior of alpha, beta and c of BdW; of alpha and beta alone for sBG."""
