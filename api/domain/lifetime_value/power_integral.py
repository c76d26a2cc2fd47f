"""The integral of (first + u) ** -p (second + u) ** -q over a span: a positive sum, and the means its slopes take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from api.domain.lifetime_value.quadrature import Array, legendre

_NODES = 24
_GONE = 37.0
"""Where the integrand has fallen by e ** -37 from its largest value, the rest of the span adds nothing to a double."""
_LARGEST_EXPONENT = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """The logarithm of an integral (n,), and the means of what its slopes are made of, over the u of the integral."""

    logarithm: Array
    log_first: Array
    inverse_first: Array
    log_second: Array
    inverse_second: Array


@dataclass(frozen=True, slots=True, eq=False)
class PowerIntegral:
    """The integral of (first + u) ** -p (second + u) ** -q over begin < u < end, for n rows at once.

    first, second  (n,) ≥ 0; in all rows `first` is on the same side of `second`
    p, q           (n,) > 0
    begin, end     (n,)
    """

    first: Array
    p: Array
    second: Array
    q: Array
    begin: Array
    end: Array

    def logarithm(self) -> Array:
        """Return the logarithm of the integral (n,); minus infinity over an empty span."""
        _, v, risen, width = self._nodes()
        return self._logarithm(self._density(v, risen).sum(axis=1) * width)

    def means(self) -> Means:
        """Return the logarithm of the integral and what its slopes are made of."""
        near, _, far, _ = self._ordered()
        grown, v, risen, width = self._nodes()
        density = self._density(v, risen)
        total = density.sum(axis=1)
        density /= total[:, None]
        nearer = (density * v).sum(axis=1) + np.log(near), (density / (1 + grown)).sum(axis=1) / near
        farther = (
            (density * risen).sum(axis=1) + np.log(far),
            (density / (far[:, None] + near[:, None] * grown)).sum(axis=1),
        )
        logarithm = self._logarithm(total * width)
        return Means(logarithm, *farther, *nearer) if self._swapped else Means(logarithm, *nearer, *farther)

    def _density(self, v: Array, risen: Array) -> Array:
        _, p, _, q = self._ordered()
        found: Array = legendre(_NODES)[1] * np.exp((1 - p)[:, None] * v - q[:, None] * risen)
        return found

    def _logarithm(self, integral: Array) -> Array:
        near, p, far, q = self._ordered()
        with np.errstate(divide="ignore"):
            found: Array = np.log(integral) + (1 - p) * np.log(near) - q * np.log(far)
        return found

    @property
    def _swapped(self) -> bool:
        return bool((self.first > self.second).any())

    def _ordered(self) -> tuple[Array, Array, Array, Array]:
        """Return both sums at the beginning of the span, each with its power, the smaller one first."""
        first, second = self.first + self.begin, self.second + self.begin
        return (second, self.q, first, self.p) if self._swapped else (first, self.p, second, self.q)

    def _nodes(self) -> tuple[Array, Array, Array, Array]:
        """Return how the smaller sum has grown at the nodes, and the logarithms of both (n, count); and the width (n,).

        The variable is the logarithm of the smaller sum. No singularity lies within π of the span then, and the span
        ends where nothing is left of the integrand, so that the same few nodes do for any powers.
        """
        near, p, far, q = self._ordered()
        ratio, width = near / far, np.log1p((self.end - self.begin) / near)
        gone_by = np.log1p(np.expm1(np.minimum(_GONE / q, _LARGEST_EXPONENT)) / ratio)
        falling = p > 1
        width = np.minimum(np.minimum(width, gone_by), np.where(falling, _GONE / np.where(falling, p - 1, 1.0), np.inf))
        v = legendre(_NODES)[0] * width[:, None]
        grown = np.expm1(v)
        return grown, v, np.log1p(ratio[:, None] * grown), width
