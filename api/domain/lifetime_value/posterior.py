"""What BG/NBD and MBG/NBD expect of customers who are alive: purchases, chance of any, second moment, distribution.

Fader, Hardie & Lee (2005), "Counting your customers the easy way", Marketing Science 24(2); Batislam, Denizel &
Filiztekin (2007), Int. J. Research in Marketing 24(3). Once the data is in, the two differ by `b` alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, hyp2f1

from api.domain.lifetime_value.quadrature import Array, beta_table

_NEAR_ONE = 2**-17
"""So close to a = 1 the closed form divides by next to nothing."""
_NOTHING = 1e-10
"""Where a + b = 1 the closed form has a gap; so close to it, it has the same value to as many digits."""
_SLACK = 1e-9
_CAREFUL_NODES = 64
_NODES, _FAR_NODES = 12, 32
_FAR = 10
"""From a horizon of so many times α + T on, the mean over p takes more nodes."""
_LARGEST_EXPONENT = 700.0
_SMALLEST = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """n customers who are alive now: they buy at a rate λ, and are lost after each purchase with probability p.

    λ ~ Gamma(shape, rate) and p ~ Beta(a, b), independent of each other.

    shape  (n,) r + x
    rate   (n,) α + T, weeks
    a      scalar
    b      (n,) b + x, and 1 more for MBG/NBD
    """

    shape: Array
    rate: Array
    a: float
    b: Array

    def probability_active(self, weeks: float) -> Array:
        """Return the probability (n,) of a purchase within some weeks."""
        return -np.expm1(-self.shape * np.log1p(weeks / self.rate))

    def expected_purchases(self, weeks: float | Array) -> Array:
        """Return the expected number of purchases within some weeks: finite, and between 0 and shape · weeks / rate.

        The closed form after Euler's transformation overflows nowhere near fitted parameters; where parameters are
        extreme and its value leaves the bounds, the mean over p is summed at nodes.

        weeks    scalar, or (k, 1) for several horizons at once
        returns  (n,), or (k, n)
        """
        if abs(self.a - 1) < _NEAR_ONE:
            below, above = (replace(self, a=1 + side * _NEAR_ONE).expected_purchases(weeks) for side in (-1, 1))
            between = below + (above - below) * (self.a - 1 + _NEAR_ONE) / (2 * _NEAR_ONE)
            return np.minimum(between, self._bound(weeks))
        found = self._closed_form(weeks)
        bound = self._bound(weeks)
        doubtful = ~((found >= 0) & (found <= bound * (1 + _SLACK)))
        if doubtful.any():
            found = np.where(doubtful, self._by_nodes(weeks, doubtful), found)
        # The bounds hold exactly; what is beyond them here is rounding, and what is no number is next to the upper one.
        return np.fmax(np.fmin(found, bound), 0)

    def second_moment(self, weeks: float) -> Array:
        """Return the mean of the squared number of purchases (n,) within some weeks."""
        far = self.rate.size > 0 and weeks > _FAR * float(self.rate.min())
        p, weight = beta_table(self.a, self.b, _FAR_NODES if far else _NODES)
        shape, grown = self.shape[:, None], np.log1p(p * (weeks / self.rate[:, None]))
        once, twice = -np.expm1(-shape * grown), _at_least_two(shape, grown)
        found: Array = np.sum(weight * (once / p + 2 * (1 - p) * (twice / p) / p), axis=1)
        return found

    def count_probabilities(self, weeks: float, most: int) -> Array:
        """Return the probability of exactly 0, 1, …, `most` purchases within some weeks.

        returns  (n, most + 1)
        """
        n, b = np.arange(most + 1.0), self.b[:, None]
        share = weeks / (self.rate + weeks)
        tried = np.exp(negative_binomial(log_coefficients(self.shape, most), self.shape, share))
        # From the far end on, so that small probabilities are sums of smaller ones and not differences of larger ones.
        at_least = betainc(most + 1, self.shape, share)[:, None] + np.cumsum(tried[:, ::-1], axis=1)[:, ::-1]
        stayed = np.ones_like(tried)
        stayed[:, 1:] = np.cumprod((b + n[:-1]) / (self.a + b + n[:-1]), axis=1)
        found = stayed * tried
        found[:, 1:] += stayed[:, :-1] * (self.a / (self.a + b + n[:-1])) * at_least[:, 1:]
        return found

    def next_purchase_within(self, probability: float) -> Array:
        """Return the weeks (n,) within which the next purchase comes with a probability, below 1.

        The time to it is Pareto distributed: (rate / (rate + t)) ** shape is the chance of none within t.
        """
        exponent = -np.log1p(-probability) / self.shape
        weeks: Array = self.rate * np.expm1(np.minimum(exponent, _LARGEST_EXPONENT))
        return weeks

    def _bound(self, weeks: float | Array) -> Array:
        without_loss = self.shape * (weeks / self.rate)
        if self.a <= 1:
            return without_loss
        return np.minimum(without_loss, (self.a + self.b - 1) / (self.a - 1))

    def _closed_form(self, weeks: float | Array) -> Array:
        a, c = self.a, self.a + self.b - 1
        c = np.where(np.abs(c) < _NOTHING, _NOTHING, c)
        z = weeks / (self.rate + weeks)
        # Where a is large it is the form before the transformation that does not overflow.
        plain = a - 1 > self.shape
        first = np.where(plain, self.shape, c - self.shape)
        second = np.where(plain, self.b, a - 1)
        power = np.where(plain, self.shape, a - 1)
        with np.errstate(all="ignore"):
            rest: Array = np.exp(-power * np.log1p(weeks / self.rate)) * hyp2f1(first, second, c, z)
            return c / (a - 1) * (1 - rest)

    def _by_nodes(self, weeks: float | Array, wanted: npt.NDArray[np.bool_]) -> Array:
        """Return the mean over p at nodes, for the columns in which any value is wanted; 0 elsewhere."""
        found = np.zeros(wanted.shape)
        columns = np.flatnonzero(wanted.reshape(-1, wanted.shape[-1]).any(axis=0))
        p, weight = beta_table(self.a, self.b[columns], _CAREFUL_NODES)
        share = np.asarray(weeks / self.rate)[..., columns, None] * p
        once = -np.expm1(-self.shape[columns, None] * np.log1p(share))
        found[..., columns] = np.sum(weight * (once / p), axis=-1)
        return found


def log_coefficients(shape: Array, most: int) -> Array:
    """Return the logarithms (n, most + 1) of the binomial coefficients of 0, 1, …, `most` purchases.

    shape  (n,) of the Gamma distribution of the purchase rate
    """
    n = np.arange(float(most))
    found = np.zeros((len(shape), most + 1))
    found[:, 1:] = np.cumsum(np.log((shape[:, None] + n) / (n + 1)), axis=1)
    return found


def negative_binomial(coefficients: Array, shape: Array, share: Array) -> Array:
    """Return the logarithm (n, most + 1) of the probability of 0, 1, … purchases of a customer who is not lost.

    coefficients  of `log_coefficients`
    share         (n,) t / (rate + t)
    """
    n = np.arange(float(coefficients.shape[1]))
    logarithm = np.log(np.maximum(share, _SMALLEST))[:, None]
    return coefficients + (shape * np.log1p(-share))[:, None] + n * logarithm


def _at_least_two(shape: Array, grown: Array) -> Array:
    """Return the probability of two purchases or more of a customer who is not lost, to full relative precision.

    grown  ln(1 + share); nothing may cancel, since what is returned is divided by the square of a small number
    """
    exponent = shape * grown
    u = -np.expm1(-grown)
    small = np.minimum(exponent, 1.0)
    series = small * small * (1 / 2 + small * (1 / 6 + small * (1 / 24 + small * (1 / 120 + small / 720))))
    risen = np.where(small < 0.03, series, np.expm1(small) - small)
    tail = u * u * (1 / 2 + u * (1 / 3 + u * (1 / 4 + u * (1 / 5 + u * (1 / 6 + u / 7)))))
    lag = np.where(u < 0.01, tail, grown - u)
    direct = -np.expm1(-exponent) - shape * u * np.exp(-exponent)
    return np.where(exponent > 1, direct, np.exp(-small) * (risen + shape * lag))
