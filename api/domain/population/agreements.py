"""What made-up customers have agreed with the shop for a time: subscriptions, support plans and contracts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.domain.population.contracts import Contract, drawn_contracts
from api.domain.population.identifiers import generator
from api.domain.population.orders import Order
from api.domain.population.people import Profile
from api.domain.population.subscriptions import Subscription, drawn_subscriptions
from api.domain.population.support_plans import SupportPlan, drawn_support_plans

_ACQUAINTANCE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Agreements:
    """What one customer has agreed; nothing in it was recorded after the reference moment."""

    subscriptions: tuple[Subscription, ...] = ()
    support_plans: tuple[SupportPlan, ...] = ()
    contracts: tuple[Contract, ...] = ()


def drawn_agreements(
    name: str, profile: Profile, since: datetime, orders: Sequence[Order], until: datetime
) -> Agreements:
    """Return what a customer who came at a moment has agreed until the end, from generators of their own."""
    if until - since < _ACQUAINTANCE:
        return Agreements()
    home = profile.currency
    return Agreements(
        drawn_subscriptions(generator(f"{name}/subscriptions"), home, since, until),
        drawn_support_plans(generator(f"{name}/support plans"), home, since, orders, until),
        drawn_contracts(generator(f"{name}/contracts"), home, since, until) if profile.company else (),
    )
