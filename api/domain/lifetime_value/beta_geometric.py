"""BG/NBD and MBG/NBD: customers buy at a rate of their own, and a purchase may be their last.

BG/NBD: Fader, Hardie & Lee (2005), "Counting your customers the easy way", Marketing Science 24(2). A customer may be
lost after each repeat purchase, so that who bought once is alive for certain. MBG/NBD: Batislam, Denizel & Filiztekin
(2007), Int. J. Research in Marketing 24(3), and Hoppe & Wagner (2007), Marketing JRM 3(2): after the first one too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isfinite, log

import numpy as np
from scipy.special import betaln, expit, gammaln, psi

from api.domain.lifetime_value.count_model import CountModel, Likelihood
from api.domain.lifetime_value.posterior import Posterior
from api.domain.lifetime_value.quadrature import Array, beta_table, constant, legendre
from api.domain.lifetime_value.statistics import Integers, PurchaseStatistics
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR

_DISCOUNT_NODES, _LONG_DISCOUNT_NODES = 5, 8
_LONG = 4.9 * WEEKS_IN_YEAR
_MANY = 1_000
"""Of fewer customers, to find those who are alike takes as long as it saves; many are, since times are whole days."""
_EACH = slice(None)
_MOST_REPEATS = 1e6
"""Up to so many days of buying those who are alike are told apart from all others exactly; nobody buys on more."""


@dataclass(frozen=True, slots=True)
class BetaGeometric(CountModel):
    """Parameters of BG/NBD, or of MBG/NBD where customers may be lost after the first purchase too.

    r, alpha              purchases a week while alive are Gamma(r, alpha); alpha in weeks
    a, b                  the probability of being lost after a purchase is Beta(a, b)
    lost_after_first      whether the first purchase may be the last: MBG/NBD
    """

    r: float
    alpha: float
    a: float
    b: float
    lost_after_first: bool = True

    def __post_init__(self) -> None:
        """Raise ValueError for parameters that no customers can have."""
        check_positive(self.r, self.alpha, self.a, self.b)

    @property
    def name(self) -> str:
        """MBG/NBD or BG/NBD."""
        return "MBG/NBD" if self.lost_after_first else "BG/NBD"

    @property
    def chances(self) -> int:
        """How often who never bought again may have been lost already (m): 1, or 0 for BG/NBD."""
        return int(self.lost_after_first)

    def posterior(self, purchases: PurchaseStatistics) -> Posterior:
        """Return what is known of n customers, given that they are alive."""
        x = purchases.repeats
        return Posterior(self.r + x, self.alpha + purchases.observed, self.a, self.b + x + self.chances)

    def likelihood(self, purchases: PurchaseStatistics) -> Likelihood:
        """Return how likely the parameters make the purchases of n customers; slopes by ln r, ln alpha, ln a, ln b."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        lost, known = self._lost(purchases), self.posterior(purchases)
        rate, before, q = np.log(known.rate), np.log(alpha + purchases.last), expit(lost)
        # Functions of the number of purchases alone are dear, and there are few different numbers.
        x, row = np.unique(purchases.repeats, return_inverse=True)
        shape, later = r + x, b + x + self.chances
        constant = gammaln(shape) - gammaln(r) + r * log(alpha) + betaln(a, later) - betaln(a, b)
        by_r, either = psi(shape) - psi(r) + log(alpha), psi(a + later)
        never = np.where(np.isneginf(lost), 1.0, known.b - 1)
        values = constant[row] - known.shape * rate + np.logaddexp(0, lost)
        slopes = np.stack(
            [
                r * (by_r[row] - rate + q * (rate - before)),
                r - alpha * known.shape * ((1 - q) / known.rate + q / (alpha + purchases.last)),
                a * (psi(a + b) - either)[row] + q,
                b * ((psi(later) - either - psi(b) + psi(a + b))[row] - q / never),
            ]
        )
        return Likelihood(values, slopes)

    def probability_alive(self, purchases: PurchaseStatistics) -> Array:
        """Return the probability (n,) of not having been lost yet; 1 for everybody who bought once, under BG/NBD."""
        return expit(-self._lost(purchases))

    def active_while_alive(self, purchases: PurchaseStatistics, weeks: float) -> Array:
        """Return the probability (n,) of a purchase within the next weeks, of customers who are alive now."""
        return self.posterior(purchases).probability_active(weeks)

    def expected_while_alive(self, purchases: PurchaseStatistics, weeks: float | Array) -> Array:
        """Return the expected number of purchases (n,) within the next weeks, of customers who are alive now."""
        known, row = self._alike(purchases)
        return known.expected_purchases(weeks)[..., row]

    def discounted_while_alive(self, purchases: PurchaseStatistics, weeks: float, rate: float) -> Array:
        """Return the same (n,), each purchase discounted at a continuous rate per week."""
        return self.purchases_while_alive(purchases, weeks, rate)[1]

    def counts_while_alive(self, purchases: PurchaseStatistics, weeks: float, most: int) -> Array:
        """Return the probability (n, most + 1) of exactly 0, 1, …, `most` purchases, of customers who are alive now."""
        return self.posterior(purchases).count_probabilities(weeks, most)

    def purchases_while_alive(self, purchases: PurchaseStatistics, weeks: float, rate: float) -> tuple[Array, Array]:
        """Return the expected number as it is and discounted, two arrays (n,), of customers who are alive now.

        Discounting is by parts: e^(-rate H) E[Y(H)] + rate · integral over s in (0, H) of e^(-rate s) E[Y(s)].
        """
        horizons, factors = _discounting(weeks, rate)
        known, row = self._alike(purchases)
        expected = known.expected_purchases(horizons)
        discounted: Array = (factors * expected).sum(axis=0)
        return expected[-1][row], discounted[row]

    def squares_while_alive(self, purchases: PurchaseStatistics, weeks: float) -> Array:
        """Return the mean of the squared number of purchases (n,), of customers who are alive now."""
        known, row = self._alike(purchases)
        return known.second_moment(weeks)[row]

    def dropout_nodes(self, repeats: Array, count: int) -> tuple[Array, Array]:
        """Return nodes p and weights w of the probability of being lost after a purchase, by repeat purchases so far.

        With y = p t / (alpha + T) the expected purchases while alive are the sum of w (1 - (1 + y)^-(r + x)) / p:
        something that a database can work out.

        repeats  (n,) x
        count    how many nodes: 8 for sorting, 12 for values
        returns  two arrays (n, count)
        """
        return beta_table(self.a, self.b + repeats + self.chances, count)

    def _alike(self, purchases: PurchaseStatistics) -> tuple[Posterior, Integers | slice]:
        """Return what is known of customers who bought as often in as long, once for all of them, and each one's place.

        Of who is alive nothing else counts: when they bought last tells whether they are.
        """
        if len(purchases) < _MANY or purchases.repeats.max() > _MOST_REPEATS:
            return self.posterior(purchases), _EACH
        different, row = purchases.without_last()
        return self.posterior(different), row

    def _lost(self, purchases: PurchaseStatistics) -> Array:
        """Return the log odds (n,) of having been lost; minus infinity where that is impossible."""
        x = purchases.repeats
        possible = x + self.chances > 0
        silent = np.log1p((purchases.observed - purchases.last) / (self.alpha + purchases.last))
        odds = log(self.a) - np.log(np.where(possible, self.b + x + self.chances - 1, 1.0)) + (self.r + x) * silent
        return np.where(possible, odds, -np.inf)


@lru_cache(maxsize=256)
def _discounting(weeks: float, rate: float) -> tuple[Array, Array]:
    """Return horizons in weeks, and the factors by which what is expected within each adds up to what is discounted.

    Two arrays (k, 1), the whole of the weeks last: they are the same for all customers.
    """
    nodes, weights = legendre(_LONG_DISCOUNT_NODES if weeks > _LONG else _DISCOUNT_NODES)
    horizons = np.append(nodes, 1.0)[:, None] * weeks
    factors = np.append(weights * rate * weeks, 1.0)[:, None] * np.exp(-rate * horizons)
    return constant(horizons), constant(factors)


def check_positive(*parameters: float) -> None:
    """Raise ValueError for a parameter that is not positive, or no number."""
    if not all(isfinite(value) and value > 0 for value in parameters):
        raise ValueError("Parameters are positive numbers.")
