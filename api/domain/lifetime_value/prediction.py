"""What customers are expected to bring, each with its range and what speaks for it; or why nothing can be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

import numpy as np

from api.domain.calendar import Duration
from api.domain.lifetime_value.churn_risk import ChurnRisk, RiskBand, RiskBasis, bands
from api.domain.lifetime_value.combined import Combined, Risk, StreamForecast
from api.domain.lifetime_value.drivers import ValueDriver, drivers
from api.domain.lifetime_value.facts import (
    FittedModel,
    PurchaseFacts,
    purchase_statistics,
    spend_statistics,
)
from api.domain.lifetime_value.flags import Flag
from api.domain.lifetime_value.intervals import approximate_spend, spend_quantiles
from api.domain.lifetime_value.next_purchase import NextPurchase, next_purchase
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.scoring import Score, score
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics, weekly_rate
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.term_drivers import with_term_drivers
from api.domain.lifetime_value.unavailable import PredictionUnavailable, refusal
from api.domain.lifetime_value.weeks import in_weeks
from api.domain.money import MINOR_DIGITS, Amount, in_money, of_minor_units
from api.errors import BadUserInput

_HIGHEST_LEVEL = 0.99
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

    def __init__(self, facts: Sequence[PurchaseFacts], asked: Asked, model: FittedModel) -> None:
        self.facts, self.asked, self.model = facts, asked, model
        self.purchases: PurchaseStatistics = purchase_statistics(facts)
        self.spend: SpendStatistics = spend_statistics(facts)
        self._intervals: dict[float, tuple[list[float], list[float], IntervalMethod]] = {}

    @cached_property
    def score(self) -> Score:
        """What they are expected to do."""
        rate = float(self.asked.annual_discount_rate)
        models = self.model.purchases, self.model.spend
        found = score(*models, self.purchases, self.spend, weeks=self.asked.weeks, annual_discount_rate=rate)
        bought = [one.days > 0 for one in self.facts]
        return found if all(bought) else found.of_buyers(np.array(bought))

    @cached_property
    def combined(self) -> Combined | None:
        """Orders and things with a term together; None where nobody has any such thing."""
        if not any(one.terms for one in self.facts):
            return None
        known = self.facts, self.model, self.purchases, self.spend, self.score
        return Combined(*known, self.asked.weeks, weekly_rate(float(self.asked.annual_discount_rate)))

    @cached_property
    def units(self) -> list[list[int]]:
        """What each stream is expected to bring each of them, rounded once, in minor units."""
        values = np.zeros((len(self.facts), len(Stream)))
        if self.combined is not None:
            values += self.combined.terms.streams
        values[:, 0] = self.score.discounted_value
        rounded = np.rint(values * 10.0 ** MINOR_DIGITS[self.model.currency]).tolist()
        # Whole numbers of Python have no largest one.
        return [[int(value) for value in each] for each in rounded]

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
        return self.model.flags_on(self.facts[0].today, self.asked.weeks)

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
        of_orders = drivers(self.facts, self.score, self.model, self.asked.weeks, rate)
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
        if len(self.facts) > 1:
            found = approximate_spend(*given, weeks=self.asked.weeks).quantiles(levels)
            if np.isfinite(found).all():
                return found, IntervalMethod.APPROXIMATE
        return spend_quantiles(*given, weeks=self.asked.weeks, levels=levels), IntervalMethod.EXACT


@dataclass(frozen=True, slots=True)
class PredictedValue:
    """What one customer of a batch is expected to bring within the horizon."""

    batch: Batch
    index: int

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
        return of_minor_units(sum(self.batch.units[self.index]), self.batch.model.currency)

    @property
    def by_stream(self) -> list[StreamForecast]:
        """The mean of the present value of each stream, all five of them."""
        each, currency = self.batch.units[self.index], self.batch.model.currency
        return [StreamForecast(of, of_minor_units(units, currency)) for of, units in zip(Stream, each, strict=True)]

    @property
    def in_other_currencies(self) -> list[Amount]:
        """What renewals in other currencies are expected to bring, in each; it counts nowhere else."""
        combined = self.batch.combined
        found = {} if combined is None else combined.terms.elsewhere(self.index)
        return [in_money(value, currency) for currency, value in found.items()]

    def interval(self, level: float = 0.8) -> ValueInterval:
        """Return the range that holds the value with a probability; raise BadUserInput for none that can be asked."""
        if not 0 < level <= _HIGHEST_LEVEL:
            raise BadUserInput(f"`level` must be above 0 and at most {_HIGHEST_LEVEL}.")
        if self.batch.combined and self.batch.facts[self.index].terms:
            low, high = self.batch.combined.interval(level)
            method = IntervalMethod.COMBINED
        else:
            low, high, method = self.batch.interval(level)
        return ValueInterval(self.batch.money(low[self.index]), self.batch.money(high[self.index]), level, method)

    @property
    def expected_purchases(self) -> float:
        """The mean number of days with purchases."""
        return self.batch.expected_purchases[self.index]

    @property
    def expected_order_value(self) -> Amount:
        """The mean value of a day with purchases."""
        return self.batch.money(float(self.batch.score.expected_order_value[self.index]))

    @property
    def probability_active(self) -> float:
        """The chance of at least one purchase or other payment; 1 where something agreed runs beyond the horizon."""
        return self.batch.probability_active[self.index]

    @property
    def churn_risk(self) -> ChurnRisk:
        """The chance of nothing more, and its band: by how long the customer is silent where no losses are known."""
        return ChurnRisk(round(1 - self.probability_active, _DIGITS), *self.batch.risks[self.index])

    @property
    def next_purchase(self) -> NextPurchase | None:
        """When the customer is due to buy again; None for who has not bought."""
        facts = self.batch.facts[self.index]
        return next_purchase(self.batch.model.purchases, facts) if facts.days else None

    @property
    def drivers(self) -> tuple[ValueDriver, ...]:
        """What makes the value more or less than that of a customer of whom nothing is known, strongest first."""
        return self.batch.drivers[self.index]

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What may be wrong with the forecast."""
        combined = self.batch.combined
        return self.batch.flags if combined is None else (*self.batch.flags, *combined.flags(self.index))

    @property
    def model(self) -> object:
        """What stands for the model."""
        return self.batch.model.shown


def predictions(
    facts: Sequence[PurchaseFacts], asked: Asked, model: FittedModel | None, currencies: tuple[str, str]
) -> list[PredictedValue | PredictionUnavailable]:
    """Return for each customer what they are expected to bring, or why that cannot be said.

    currencies  in which the business reports, and in which the answer is wanted
    """
    refusals = [refusal(one, model, currencies) for one in facts]
    scored = [one for one, refused in zip(facts, refusals, strict=True) if refused is None]
    if model is None or not scored:
        return [refused for refused in refusals if refused]
    batch = Batch(scored, asked, model)
    places = iter(range(len(scored)))
    return [refused or PredictedValue(batch, next(places)) for refused in refusals]
