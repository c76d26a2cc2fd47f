"""What subscriptions, support plans and contracts are expected to bring: committed payments, then renewals.

A thing that was renewed n times is renewed k times more with probability S(n + k) / S(n), by the model of its kind.
Renewals are counted in weeks as everything else is, a month as a twelfth of 365.25 days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from api.domain.lifetime_value.agreed_terms import AgreedTerm
from api.domain.lifetime_value.intervals import ZeroInflated
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.renewal_models import RenewalModels, usual_length
from api.domain.lifetime_value.renewals import BetaDiscreteWeibull, log_survival
from api.domain.lifetime_value.streams import Stream

STREAMS = tuple(Stream)
_PLACES = {stream: place for place, stream in enumerate(STREAMS)}
MOST_RENEWALS = 4_000
"""That are looked at one by one; where more fit into the horizon, some together, as of the middle of them."""


@dataclass(frozen=True, eq=False)
class TermForecasts:
    """What m things with a term will bring within a horizon, each payment discounted to now.

    share, worth    (m, k) the chance of each renewal, and what it brings; 0 where there are fewer
    committed       (m,) what is agreed; all amounts are in currency units
    next_renewal    (m,) the chance of the next renewal within the horizon; 0 where none can be
    lasting         (m,) the chance that a payment comes, or that the thing runs on to the end of the horizon
    are_priced      (m,) whether a renewal brings anything
    on_prior        whether the model of each rests on a prior
    """

    share: Array
    worth: Array
    committed: Array
    next_renewal: Array
    lasting: Array
    are_priced: npt.NDArray[np.bool_]
    on_prior: tuple[bool, ...]

    @cached_property
    def mean(self) -> Array:
        """What each is expected to bring (m,)."""
        return self._renewed + self.committed

    @cached_property
    def variance(self) -> Array:
        """The variance (m,) of that."""
        return np.maximum(_square(self.share, self.worth) - self._renewed**2, 0.0)

    @property
    def nothing(self) -> Array:
        """The chance (m,) that nothing is paid."""
        return np.where(self.committed > 0, 0.0, np.where(self.are_priced, 1 - self.next_renewal, 1.0))

    @cached_property
    def _renewed(self) -> Array:
        found: Array = (self.share * self.worth).sum(axis=1)
        return found


def forecasts(terms: Sequence[AgreedTerm], models: RenewalModels, *, weeks: float, rate: float) -> TermForecasts:
    """Return what things with a term will bring within so many weeks; the discount rate is continuous, per week."""
    # There are few kinds of terms, however many terms there are.
    kinds = {
        (stream, length): models.of(stream, usual_length(length))
        for stream, length in {(term.stream, term.length) for term in terms}
    }
    chosen = [kinds[term.stream, term.length] for term in terms]
    known = _table(terms, [model for model, _ in chosen])
    share, worth = _renewals(known, weeks, rate)
    committed = np.array([_committed(term, weeks, rate) if term.committed else 0.0 for term in terms])
    soon = share[:, 0] if share.size else np.zeros(len(terms))
    holds = (known.begins <= weeks) & (known.until >= weeks)
    return TermForecasts(
        share,
        worth,
        committed,
        soon,
        np.where(holds | (committed > 0), 1.0, soon),
        known.amount > 0,
        tuple(on_prior for _, on_prior in chosen),
    )


class _Table(NamedTuple):
    """Columns (m,) of terms with the parameters of their models; what never comes is at infinity."""

    alpha: Array
    beta: Array
    c: Array
    made: Array
    due: Array
    length: Array
    amount: Array
    begins: Array
    until: Array


def _table(terms: Sequence[AgreedTerm], models: Sequence[BetaDiscreteWeibull]) -> _Table:
    rows = [
        (
            *(model.alpha, model.beta, model.c, term.renewals),
            inf if term.due is None else max(term.due, 0.0),
            *(term.weeks, term.amount, term.begins),
            inf if term.until is None else term.until,
        )
        for term, model in zip(terms, models, strict=True)
    ]
    return _Table(*np.array(rows, dtype=float).reshape(-1, len(_Table._fields)).T)


def _renewals(known: _Table, weeks: float, rate: float) -> tuple[Array, Array]:
    """Return the chance of each renewal within the horizon and what it brings, discounted, two arrays (m, k).

    k is the largest number of renewals of any; both are 0 where there are fewer.
    """
    alpha, beta, c, made = (each[:, None] for each in known[:4])
    apart, together = _steps(known.length, weeks)
    first = np.minimum(known.due, weeks)
    number = np.where(known.due <= weeks, np.floor((weeks - first) / apart) + 1, 0)
    place = np.arange(int(number.max(initial=0)))
    inside = place < number[:, None]
    renewals = made + place * together[:, None] + (together[:, None] + 1) / 2
    share = np.exp(log_survival(alpha, beta, c, renewals, made=made)) * inside
    due = first[:, None] + place * apart[:, None]
    worth = np.exp(-rate * due) * inside * (known.amount * together)[:, None]
    return share, worth


def _steps(lengths: Array, weeks: float) -> tuple[Array, Array]:
    """Return how far apart are the renewals (m,) that are looked at, and how many are taken together each time."""
    together = np.ceil(np.maximum(weeks / lengths / MOST_RENEWALS, 1.0))
    return lengths * together, together


def _square(share: Array, worth: Array) -> Array:
    """Return the mean of the squared sum (m,) of payments, each of which comes only if all before it did.

    share, worth  (m, k) the chance of each payment, falling from one to the next, and its amount
    """
    before = np.cumsum(worth, axis=1) - worth
    found: Array = (share * worth * (worth + 2 * before)).sum(axis=1)
    return found


def _committed(term: AgreedTerm, weeks: float, rate: float) -> float:
    return sum(amount * exp(-rate * due) for due, amount in term.committed if due <= weeks)


class TermBatch:
    """What n customers are expected to bring by things with a term; those without any are not looked at.

    terms    the things of all of them
    streams  (n, 5) what each stream will bring each of them, in the currency of the business; nothing of orders
    """

    def __init__(
        self,
        customers: Sequence[tuple[AgreedTerm, ...]],
        models: RenewalModels,
        *,
        currency: str,
        weeks: float,
        rate: float,
    ) -> None:
        self.currency, self.size = currency, len(customers)
        self.terms = [term for mine in customers for term in mine]
        self.owner = np.array([number for number, mine in enumerate(customers) for _ in mine], dtype=np.int64)
        self.found = forecasts(self.terms, models, weeks=weeks, rate=rate)
        self._home = np.array([term.currency == currency for term in self.terms])
        streams = np.array([_PLACES[term.stream] for term in self.terms])
        cells = (self.owner * len(STREAMS) + streams)[self._home]
        sums: Array = np.bincount(cells, self.found.mean[self._home], self.size * len(STREAMS)).astype(float)
        self.streams: Array = sums.reshape(self.size, len(STREAMS))

    @property
    def customers(self) -> list[int]:
        """The places of the customers who have any."""
        found: list[int] = np.unique(self.owner).tolist()
        return found

    def of(self, customer: int) -> list[int]:
        """Return the places of a customer's things."""
        places: list[int] = np.flatnonzero(self.owner == customer).tolist()
        return places

    @cached_property
    def inactive(self) -> Array:
        """Return the chance (n,) that nothing is paid by then, and that nothing runs on to the end of the horizon."""
        return self._product(1 - self.found.lasting)

    @cached_property
    def money(self) -> ZeroInflated:
        """Return the sum (n,) of what is paid in the currency of the business; things are independent of each other."""
        mean, nothing = self._sum(self.found.mean), np.where(self._home, self.found.nothing, 1.0)
        return ZeroInflated(self._product(nothing), mean, self.variance + mean**2)

    @cached_property
    def variance(self) -> Array:
        """The variance (n,) of that sum."""
        return self._sum(self.found.variance)

    def elsewhere(self, customer: int) -> dict[str, float]:
        """Return what is expected in each currency that is not that of the business."""
        found = dict[str, float]()
        for place in self.of(customer):
            currency = self.terms[place].currency
            if currency != self.currency:
                found[currency] = found.get(currency, 0.0) + float(self.found.mean[place])
        return dict(sorted(found.items()))

    def on_prior(self, customer: int) -> bool:
        """Return whether a chance of renewal that counts rests on what is believed of others."""
        return any(self.found.on_prior[place] and self.found.next_renewal[place] > 0 for place in self.of(customer))

    def _sum(self, amounts: Array) -> Array:
        """Return the sums (n,) of amounts of things, as far as they are in the currency of the business."""
        return np.bincount(self.owner[self._home], amounts[self._home], self.size).astype(float)

    def _product(self, chances: Array) -> Array:
        found = np.ones(self.size)
        np.multiply.at(found, self.owner, chances)
        return found
