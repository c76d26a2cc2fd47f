"""What customers are expected to bring, each with its range and what speaks for it; or why nothing can be said."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from api.domain.calendar import Duration
from api.domain.lifetime_value.churn_risk import ChurnRisk, RiskBand, RiskBasis, bands
from api.domain.lifetime_value.combined import Combined, Risk, StreamForecast
from api.domain.lifetime_value.drivers import ValueDriver, drivers
from api.domain.lifetime_value.facts import FittedModel
from api.domain.lifetime_value.flags import Flag
from api.domain.lifetime_value.intervals import approximate_spend, spend_quantiles
from api.domain.lifetime_value.next_purchase import NextPurchase, next_purchase
from api.domain.lifetime_value.purchase_table import PurchaseTable
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.scoring import Score, score
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics, weekly_rate
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.term_drivers import with_term_drivers
from api.domain.lifetime_value.unavailable import PredictionUnavailable, refusals
from api.domain.lifetime_value.weeks import in_weeks
from api.domain.money import MINOR_DIGITS, Amount, in_money, of_minor_units
from api.errors import BadUserInput

_HIGHEST_LEVEL = 0.99
_COARSE = 2.0**53
_DIGITS = 6
"""Decimals of numbers that are shown: more of them would say nothing."""


class IntervalMethod(StrEnum):
    """How a range of money was worked out."""

    EXACT = "EXACT"
    APPROXIMATE = "APPROXIMATE"
    COMBINED = "COMBINED"


@dataclass(frozen=True, slots=True)
class ValueInterval:
    """The range in which the value lies with a probability, as much of it missed below as above."""

    low: Amount
    high: Amount
    level: float
    method: IntervalMethod


@dataclass(frozen=True, slots=True)
class Asked:
    """How far ahead is looked, and how much less later money counts, per year."""

    horizon: Duration
    annual_discount_rate: Decimal

    @property
    def weeks(self) -> float:
        """The horizon in weeks."""
        return in_weeks(self.horizon)


class Batch:
    """The customers of one answer who can be scored; what is asked of one is worked out for all at once."""

    def __init__(self, known: PurchaseTable, asked: Asked, model: FittedModel) -> None:
        self.known, self.asked, self.model = known, asked, model
        self.purchases: PurchaseStatistics = known.purchases
        self.spend: SpendStatistics = known.spend
        self._intervals: dict[float, tuple[list[float], list[float], IntervalMethod]] = {}

    @cached_property
    def score(self) -> Score:
        """What they are expected to do."""
        rate = float(self.asked.annual_discount_rate)
        models = self.model.purchases, self.model.spend
        found = score(*models, self.purchases, self.spend, weeks=self.asked.weeks, annual_discount_rate=rate)
        bought = self.known.bought
        return found if bought.all() else found.of_buyers(bought)

    @cached_property
    def combined(self) -> Combined | None:
        """Orders and things with a term together; None where nobody has any such thing."""
        if not self.known.terms:
            return None
        given = self.known, self.model, self.purchases, self.spend, self.score
        return Combined(*given, self.asked.weeks, weekly_rate(float(self.asked.annual_discount_rate)))

    @cached_property
    def units(self) -> Array:
        """What each stream is expected to bring each of them, (n, 5), rounded once, in minor units: whole numbers."""
        values = np.zeros((len(self.known), len(Stream)))
        if self.combined is not None:
            values += self.combined.terms.streams
        values[:, 0] = self.score.discounted_value
        found: Array = np.rint(values * 10.0 ** MINOR_DIGITS[self.model.currency])
        return found

    @cached_property
    def expected(self) -> list[Amount]:
        """What all streams are expected to bring each of them: the sum of what each is rounded to."""
        sums = self.units.sum(axis=1)
        # Beyond that floats are too coarse for sums, and whole numbers of Python have no largest one.
        whole = sums.tolist() if sums.max() < _COARSE else [sum(map(int, each)) for each in self.units.tolist()]
        return of_minor_units(whole, self.model.currency)

    @cached_property
    def expected_purchases(self) -> list[float]:
        """The mean number of days with purchases of each of them."""
        found: list[float] = np.round(self.score.expected_purchases, _DIGITS).tolist()
        return found

    @cached_property
    def probability_active(self) -> list[float]:
        """The chance of at least one purchase or other payment of each of them."""
        found: list[float] = np.round((self.combined or self.score).probability_active, _DIGITS).tolist()
        return found

    @cached_property
    def flags(self) -> tuple[Flag, ...]:
        """What may be wrong with the forecast."""
        return self.model.flags_on(self.known.today, self.asked.weeks)

    @cached_property
    def bands(self) -> list[RiskBand]:
        """How likely it is that each of them buys nothing more."""
        active, known = self.score.probability_active, self.model.knows_losses
        order = list(RiskBand)
        return [order[place] for place in bands(self.model.purchases, self.purchases, active, knows_losses=known)]

    @cached_property
    def risks(self) -> list[Risk]:
        """How likely it is that nothing more comes of each of them, and what that rests on."""
        basis = RiskBasis.MODEL if self.model.knows_losses else RiskBasis.SILENCE
        of_orders = [(band, basis) for band in self.bands]
        return of_orders if self.combined is None else self.combined.risks(of_orders)

    @cached_property
    def drivers(self) -> list[tuple[ValueDriver, ...]]:
        """What makes each of them worth more or less than a customer of whom nothing is known."""
        rate = float(self.asked.annual_discount_rate)
        facts = [self.known.one(place) for place in range(len(self.known))]
        of_orders = drivers(facts, self.score, self.model, self.asked.weeks, rate)
        return of_orders if self.combined is None else with_term_drivers(of_orders, self.combined.terms)

    def money(self, value: float) -> Amount:
        """Return a value as an amount, rounded once."""
        return in_money(value, self.model.currency)

    def interval(self, level: float) -> tuple[list[float], list[float], IntervalMethod]:
        """Return the ends of everybody's range at a level."""
        if level not in self._intervals:
            quantiles, method = self._quantiles([(1 - level) / 2, (1 + level) / 2])
            # The ranges are those of money that is not discounted; what is shown is, by so much on the whole.
            low, high = (quantiles * self.score.discounted_share).tolist()
            self._intervals[level] = low, high, method
        return self._intervals[level]

    def _quantiles(self, levels: list[float]) -> tuple[Array, IntervalMethod]:
        given = (self.model.purchases, self.model.spend, self.purchases, self.spend)
        if len(self.known) > 1:
            found = approximate_spend(*given, weeks=self.asked.weeks).quantiles(levels)
            if np.isfinite(found).all():
                return found, IntervalMethod.APPROXIMATE
        return spend_quantiles(*given, weeks=self.asked.weeks, levels=levels), IntervalMethod.EXACT


class PredictedValue(NamedTuple):
    """What one customer of a batch is expected to bring within the horizon."""

    batch: Batch
    place: int

    @property
    def horizon(self) -> Duration:
        """How far ahead is looked."""
        return self.batch.asked.horizon

    @property
    def annual_discount_rate(self) -> Decimal:
        """How much less later money counts, per year."""
        return self.batch.asked.annual_discount_rate

    @property
    def expected(self) -> Amount:
        """The mean of the present value of all streams: the sum of what each is rounded to."""
        return self.batch.expected[self.place]

    @property
    def by_stream(self) -> list[StreamForecast]:
        """The mean of the present value of each stream, all five of them."""
        amounts = of_minor_units(self.batch.units[self.place].tolist(), self.batch.model.currency)
        return [StreamForecast(of, amount) for of, amount in zip(Stream, amounts, strict=True)]

    @property
    def in_other_currencies(self) -> list[Amount]:
        """What renewals in other currencies are expected to bring, in each; it counts nowhere else."""
        combined = self.batch.combined
        found = {} if combined is None else combined.terms.elsewhere(self.place)
        return [in_money(value, currency) for currency, value in found.items()]

    def interval(self, level: float = 0.8) -> ValueInterval:
        """Return the range that holds the value with a probability; raise BadUserInput for none that can be asked."""
        if not 0 < level <= _HIGHEST_LEVEL:
            raise BadUserInput(f"`level` must be above 0 and at most {_HIGHEST_LEVEL}.")
        if self.batch.combined and self.batch.known.terms[self.place]:
            low, high = self.batch.combined.interval(level)
            method = IntervalMethod.COMBINED
        else:
            low, high, method = self.batch.interval(level)
        return ValueInterval(self.batch.money(low[self.place]), self.batch.money(high[self.place]), level, method)

    @property
    def expected_purchases(self) -> float:
        """The mean number of days with purchases."""
        return self.batch.expected_purchases[self.place]

    @property
    def expected_order_value(self) -> Amount:
        """The mean value of a day with purchases."""
        return self.batch.money(float(self.batch.score.expected_order_value[self.place]))

    @property
    def probability_active(self) -> float:
        """The chance of at least one purchase or other payment; 1 where something agreed runs beyond the horizon."""
        return self.batch.probability_active[self.place]

    @property
    def churn_risk(self) -> ChurnRisk:
        """The chance of nothing more, and its band: by how long the customer is silent where no losses are known."""
        return ChurnRisk(round(1 - self.probability_active, _DIGITS), *self.batch.risks[self.place])

    @property
    def next_purchase(self) -> NextPurchase | None:
        """When the customer is due to buy again; None for who has not bought."""
        facts = self.batch.known.one(self.place)
        return next_purchase(self.batch.model.purchases, facts) if facts.days else None

    @property
    def drivers(self) -> tuple[ValueDriver, ...]:
        """What makes the value more or less than that of a customer of whom nothing is known, strongest first."""
        return self.batch.drivers[self.place]

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What may be wrong with the forecast."""
        combined = self.batch.combined
        return self.batch.flags if combined is None else (*self.batch.flags, *combined.flags(self.place))

    @property
    def model(self) -> object:
        """What stands for the model."""
        return self.batch.model.shown


def predictions(
    known: PurchaseTable, asked: Asked, model: FittedModel | None, currencies: tuple[str, str]
) -> list[PredictedValue | PredictionUnavailable]:
    """Return for each customer what they are expected to bring, or why that cannot be said.

    currencies  in which the business reports, and in which the answer is wanted
    """
    refused, everybody = refusals(known, model, currencies), range(len(known))
    scored = [place for place in everybody if place not in refused] if refused else everybody
    if model is None or not scored:
        return list(refused.values())
    batch = Batch(known.rows(scored) if refused else known, asked, model)
    values = iter([PredictedValue(batch, place) for place in range(len(scored))])
    return [refused.get(place) or next(values) for place in everybody] if refused else list(values)
