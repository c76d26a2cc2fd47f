"""What things with a term make of the value of a customer, in words and as an amount."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from api.domain.lifetime_value.drivers import DriverName, ValueDriver, time_in_words
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.term_forecasts import TermBatch
from api.domain.money import Amount, in_money

_NAMES = {
    Stream.PRODUCT_SUBSCRIPTIONS: "subscription",
    Stream.SERVICE_SUBSCRIPTIONS: "subscription",
    Stream.SUPPORT_PLANS: "support plan",
    Stream.CONTRACTS: "contract",
}
Drivers = tuple[ValueDriver, ...]


def with_term_drivers(of_orders: Sequence[Drivers], terms: TermBatch) -> list[Drivers]:
    """Return the drivers of customers, strongest first, with one more for who has anything with a term."""
    found = list(of_orders)
    for customer in terms.customers:
        every = [*of_orders[customer], _of(terms, customer)]
        found[customer] = tuple(sorted(every, key=lambda driver: abs(driver.effect.amount), reverse=True))
    return found


def _of(terms: TermBatch, customer: int) -> ValueDriver:
    amounts = [in_money(value, terms.currency).amount for value in terms.streams[customer].tolist()]
    effect = Amount(sum(amounts, Decimal()), terms.currency)
    return ValueDriver(DriverName.TERMS, f"{_counted(terms, customer)}; {_next(terms, customer)}.", effect)


def _counted(terms: TermBatch, customer: int) -> str:
    """Return how many things of which kind there are, as in "2 subscriptions and 1 contract"."""
    kinds = Counter(_NAMES[terms.terms[place].stream] for place in terms.of(customer))
    told = [f"{number} {name}{'' if number == 1 else 's'}" for name, number in kinds.items()]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def _next(terms: TermBatch, customer: int) -> str:
    due = [
        (terms.terms[place].due or 0.0, terms.found.next_renewal[place])
        for place in terms.of(customer)
        if terms.found.next_renewal[place] > 0
    ]
    if not due:
        return "no renewal is due within the horizon"
    weeks, chance = min(due)
    when = f"due in {time_in_words(weeks)}" if weeks > 0 else "overdue"
    return f"the next renewal is {when}, with a chance of {100 * chance:.0f} %"
