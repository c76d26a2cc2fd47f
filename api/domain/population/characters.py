"""The first six customers: the same people with the same history in every population, for examples to refer to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.domain.population.behaviour import Behaviour, Purchase
from api.domain.population.companies import Company
from api.domain.population.orders import Terms
from api.domain.population.people import Profile

_PLAIN = Terms()


@dataclass(frozen=True, slots=True)
class Scripted:
    """A purchase written by hand: how many days before the reference moment, worth how many cents, on which terms."""

    days_before: int
    spend: int
    terms: Terms = _PLAIN


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody whose history does not depend on chance.

    came_by  number of the character who recommended the shop, None for nobody
    """

    profile: Profile
    registered_days_before: int
    purchases: tuple[Scripted, ...]
    came_by: int | None = None


_AT = timedelta(hours=10, minutes=15)
_LATE = timedelta(days=24)

ADA = Character(
    Profile(
        kind="CONSUMER",
        first_name="Ada",
        last_name="Berger",
        email="ada@example.com",
        phone="+493023125001",
        country="DE",
        locale="de-DE",
        currency="EUR",
        company=None,
        tags=("newsletter", "regular"),
    ),
    registered_days_before=900,
    purchases=(
        Scripted(900, 3480),
        Scripted(841, 2750),
        Scripted(763, 5215),
        Scripted(698, 4190),
        Scripted(611, 3905, Terms(currency="GBP")),
        Scripted(540, 6120, Terms(discount=10)),
        Scripted(472, 2995),
        Scripted(390, 4660, Terms(recorded_after=_LATE)),
        Scripted(301, 8450, Terms(refund=40)),
        Scripted(233, 3725),
        Scripted(166, 4380),
        Scripted(131, 5190, Terms(discount=15)),
        Scripted(97, 2840),
        Scripted(64, 4975),
        Scripted(33, 3310, Terms(recorded_after=_LATE)),
        Scripted(6, 5560),
    ),
)
BEN = Character(
    Profile(
        kind="CONSUMER",
        first_name="Ben",
        last_name="Okafor",
        email="ben@example.com",
        phone="+447700900002",
        country="GB",
        locale="en-GB",
        currency="GBP",
        company=None,
        tags=("gift-buyer",),
    ),
    registered_days_before=830,
    purchases=(
        Scripted(830, 4120, Terms(currency="GBP")),
        Scripted(742, 14900, Terms(currency="GBP")),
        Scripted(655, 6300, Terms(currency="GBP", refund=100)),
        Scripted(433, 3875, Terms(currency="GBP", discount=20)),
    ),
)
CLARA = Character(
    Profile(
        kind="CONSUMER",
        first_name="Clara",
        last_name="Lindqvist",
        email="clara@example.com",
        phone=None,
        country="AT",
        locale="de-AT",
        currency="EUR",
        company=None,
        tags=(),
    ),
    registered_days_before=11,
    purchases=(Scripted(9, 2690),),
)
DARIO = Character(
    Profile(
        kind="BUSINESS",
        first_name="Dario",
        last_name="Conti",
        email="dario@example.com",
        phone=None,
        country="CH",
        locale="it-CH",
        currency="CHF",
        company=Company(-2, "Conti Caffè", Company(-1, "Conti Ristoranti")),
        tags=("wholesale",),
    ),
    registered_days_before=600,
    purchases=(
        Scripted(596, 38400, Terms(currency="CHF")),
        Scripted(505, 41250, Terms(currency="CHF", discount=10)),
        Scripted(414, 36900, Terms(currency="CHF")),
        Scripted(322, 44100, Terms(currency="USD")),
        Scripted(231, 39950, Terms(currency="CHF", refund=25)),
        Scripted(140, 42700, Terms(currency="CHF", discount=10)),
        Scripted(48, 45300, Terms(currency="CHF", recorded_after=_LATE)),
    ),
)
EMMA = Character(
    Profile(
        kind="CONSUMER",
        first_name="Emma",
        last_name="Novak",
        email="emma@example.com",
        phone=None,
        country="AT",
        locale="de-AT",
        currency="EUR",
        company=None,
        tags=("newsletter",),
    ),
    registered_days_before=900,
    purchases=(
        Scripted(900, 1790),
        Scripted(850, 6480),
        Scripted(790, 5215),
        Scripted(760, 5850),
        Scripted(480, 3125),
        Scripted(300, 2870),
        Scripted(40, 8935),
        Scripted(5, 6870),
    ),
)
"""Buys seldom by now: some of her points were spent, some expired, some soon will, and some cannot be spent yet."""
FELIX = Character(
    Profile(
        kind="CONSUMER",
        first_name="Felix",
        last_name="Marten",
        email="felix@example.com",
        phone=None,
        country="DE",
        locale="de-DE",
        currency="EUR",
        company=None,
        tags=(),
    ),
    registered_days_before=6,
    purchases=(),
    came_by=3,
)
"""Has yet to buy for the first time; for three months from when he joined that brings rewards."""

CHARACTERS = (ADA, BEN, CLARA, DARIO, EMMA, FELIX)


def morning_of(until: datetime) -> datetime:
    """Return the moment that characters' days are counted from; the day itself has not happened yet."""
    return until + _AT


def scripted_behaviour(character: Character, until: datetime) -> Behaviour:
    """Return a character's history before the reference moment; they have no true rates, and no future."""
    morning = morning_of(until)
    purchases = tuple(Purchase(morning - timedelta(days=each.days_before), each.spend) for each in character.purchases)
    return Behaviour(
        traits=None,
        registered_at=morning - timedelta(days=character.registered_days_before),
        purchases=purchases,
        dropped_out_at=None,
        next_purchases=0,
        next_spend=0,
    )
