"""What makes the value of a customer more or less than that of one of whom nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.domain.lifetime_value.facts import FittedModel, PurchaseFacts
from api.domain.lifetime_value.scoring import Score
from api.domain.lifetime_value.statistics import PurchaseStatistics, weekly_rate
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK
from api.domain.money import Amount, in_money


class DriverName(StrEnum):
    """What drives a value."""

    FREQUENCY = "FREQUENCY"
    SILENCE = "SILENCE"
    SPEND = "SPEND"
    TERMS = "TERMS"


@dataclass(frozen=True, slots=True)
class ValueDriver:
    """One cause, in a sentence, and by how much it makes the value more or less."""

    name: DriverName
    explanation: str
    effect: Amount


def drivers(
    facts: Sequence[PurchaseFacts], found: Score, model: FittedModel, weeks: float, annual_rate: float
) -> list[tuple[ValueDriver, ...]]:
    """Return what drives the value of each customer, strongest first.

    From a customer of whom nothing but a first purchase is known, to this one, in three steps: how often they buy while
    they are customers, whether they still are, what a purchase is worth. The effects add up to the difference, but for
    the rounding of each.
    """
    new = PurchaseStatistics.of([0], [0], [0])
    usual_count = float(model.purchases.discounted_purchases(new, weeks, weekly_rate(annual_rate))[0])
    usual_value = model.spend.population_mean
    rows = zip(
        facts,
        found.probability_alive.tolist(),
        found.discounted_purchases.tolist(),
        found.expected_order_value.tolist(),
        strict=True,
    )
    return [_of(one, model, (usual_count, usual_value), each) for one, *each in rows]


def _of(
    facts: PurchaseFacts, model: FittedModel, usual: tuple[float, float], scored: Sequence[float]
) -> tuple[ValueDriver, ...]:
    alive, count, value = scored
    usual_count, usual_value = usual
    if facts.days == 0:
        words = "Has placed no order yet, so nothing is expected of orders."
        return (ValueDriver(DriverName.FREQUENCY, words, in_money(-usual_count * usual_value, model.currency)),)
    while_alive = count / alive if alive > 0 else 0.0
    effects = (
        (DriverName.FREQUENCY, _frequency(facts), (while_alive - usual_count) * usual_value),
        (DriverName.SILENCE, _silence(facts), (count - while_alive) * usual_value),
        (DriverName.SPEND, _spend(facts, model, value), count * (value - usual_value)),
    )
    ordered = sorted(effects, key=lambda effect: abs(effect[2]), reverse=True)
    return tuple(ValueDriver(name, words, in_money(effect, model.currency)) for name, words, effect in ordered)


def _frequency(facts: PurchaseFacts) -> str:
    if facts.days == 1:
        return "Bought on one day so far."
    assert facts.first_day is not None, "nobody who never bought is scored"
    assert facts.last_day is not None
    gap = (facts.last_day - facts.first_day).days / (facts.days - 1) / DAYS_IN_WEEK
    return f"Bought on {facts.days:,} days, {time_in_words(gap)} apart on average."


def _silence(facts: PurchaseFacts) -> str:
    assert facts.last_day is not None, "nobody who never bought is scored"
    return f"Last bought {time_in_words((facts.today - facts.last_day).days / DAYS_IN_WEEK)} ago."


def _spend(facts: PurchaseFacts, model: FittedModel, expected: float) -> str:
    usual = in_money(model.spend.population_mean, model.currency).amount
    if not facts.value_days:
        return f"Nothing is known of what a purchase is worth, so it is taken for the usual {usual:,} {model.currency}."
    own = in_money(facts.value / facts.value_days, model.currency).amount
    drawn = in_money(expected, model.currency).amount
    return f"A purchase was worth {own:,} {model.currency} on average; {drawn:,} are expected, as {usual:,} are usual."


def time_in_words(weeks: float) -> str:
    """Return a length of time in words, in the largest unit of which there are two.

    >>> time_in_words(0.5), time_in_words(3), time_in_words(30)
    ('4 days', '3 weeks', '7 months')
    """
    months = weeks * DAYS_IN_WEEK / 30.4375
    if weeks < 2:
        days = round(weeks * DAYS_IN_WEEK)
        return "1 day" if days == 1 else f"{days} days"
    if months < 4:
        return f"{round(weeks)} weeks"
    return f"{round(months)} months" if months < 24 else f"{round(months / 12)} years"
