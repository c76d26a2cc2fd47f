"""Nodes and weights for integrals: Gauss-Legendre over (0, 1), and Gauss-Jacobi for means over a Beta distribution."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_SMALLEST = 1e-100
"""No node is 0, so that what is divided by it has its limit."""
_TABLES = 4_096
"""How many node tables are kept: one for each number of purchases of each set of parameters in use."""


@cache
def legendre(count: int) -> tuple[Array, Array]:
    """Return nodes and weights for the integral of a function over (0, 1): sum(weights * f(nodes)).

    count    how many nodes; exact for polynomials up to degree 2 count - 1
    returns  two arrays (count,), the weights sum to 1
    """
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return constant((nodes + 1) / 2), constant(weights / 2)


@lru_cache(_TABLES)
def beta_nodes(a: float, b: float, count: int) -> tuple[Array, Array]:
    """Return nodes p and weights w such that sum(w * f(p)) is the mean of f over p ~ Beta(a, b).

    Golub & Welsch (1969), "Calculation of Gauss quadrature rules", Mathematics of Computation 23(106): the eigenvalues
    of the recurrence of the Jacobi polynomials, moved to (0, 1) so that nothing cancels next to 0.

    a, b     scalars > 0
    count    how many nodes; exact for polynomials up to degree 2 count - 1
    returns  two arrays (count,); the weights are positive and sum to 1
    """
    k = np.arange(1.0, count)
    s = 2 * k + a + b - 2
    diagonal = np.empty(count)
    diagonal[0] = a / (a + b)
    diagonal[1:] = (2 * k * (k + a + b - 1) + (a + b - 2) * a) / (s * (s + 2))
    # At k = 1 two factors are equal, and 0 where a + b = 1.
    last = np.ones_like(k)
    last[1:] = (k[1:] + a + b - 2) / (s[1:] - 1)
    beside = np.sqrt(k * (k + b - 1) * (k + a - 1) * last / (s + 1)) / s
    nodes, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, -1))
    return constant(np.clip(nodes, _SMALLEST, 1)), constant(vectors[0] ** 2)


def beta_table(a: float, b: Array, count: int) -> tuple[Array, Array]:
    """Return the nodes and weights of Beta(a, b) for a batch of values b.

    a        scalar > 0
    b        (n,) > 0; few different ones, since they differ by whole numbers of purchases
    returns  two arrays (n, count)
    """
    different, row = np.unique(b, return_inverse=True)
    if not different.size:
        return np.empty((0, count)), np.empty((0, count))
    tables = [beta_nodes(a, float(value), count) for value in different]
    return np.stack([nodes for nodes, _ in tables])[row], np.stack([weights for _, weights in tables])[row]


def constant(values: Array) -> Array:
    """Return an array that nobody can change, since it is handed to every caller."""
    values.setflags(write=False)
    return values
