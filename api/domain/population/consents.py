"""What made-up customers decide about hearing from the shop: most agree to e-mail, some take it back, some were never
asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from api.domain.consents import GRANTED, WITHDRAWN
from api.domain.population.identifiers import generator
from api.domain.population.people import Profile

ASKED_SHARE, AGREEING_SHARE = 0.85, 0.85
"""Shares of customers who were asked when they came, and of these who said yes to e-mail."""
TAKEN_BACK_SHARE, AGAIN_SHARE = 0.12, 0.25
"""Shares of those who agreed who took it back, and of these who agreed again."""

_CHECKOUT, _LETTER, _FAIR = "Form at the checkout", "Link in a letter", "List at the fair"
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_FOR_SMS = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision about one way of being reached; `expires_at` is None for good."""

    channel: str
    decision: str
    decided_at: datetime
    source: str
    expires_at: datetime | None = None

    @property
    def recorded_at(self) -> datetime:
        """Return when the shop entered it."""
        return self.decided_at + _MINUTE


def drawn_consents(name: str, person: Profile, created_at: datetime, until: datetime) -> tuple[Decided, ...]:
    """Return what a customer decided before `until`, from a generator of its own."""
    draw = generator(f"{name}/consents")
    if draw.random() >= ASKED_SHARE:
        return ()
    came = created_at + 2 * _MINUTE
    found = [*_about_email(draw, came, until), *_about_others(draw, person, came)]
    return tuple(each for each in found if each.recorded_at < until)


def _about_email(draw: Random, came: datetime, until: datetime) -> Iterator[Decided]:
    if draw.random() >= AGREEING_SHARE:
        yield Decided("EMAIL", WITHDRAWN, came, _CHECKOUT)
        return
    yield Decided("EMAIL", GRANTED, came, _CHECKOUT)
    if draw.random() < TAKEN_BACK_SHARE:
        taken_back = came + (until - came) * draw.random()
        yield Decided("EMAIL", WITHDRAWN, taken_back, _LETTER)
        if draw.random() < AGAIN_SHARE:
            yield Decided("EMAIL", GRANTED, taken_back + 30 * _DAY, _CHECKOUT)


def _about_others(draw: Random, person: Profile, came: datetime) -> Iterator[Decided]:
    if person.phone and draw.random() < 0.3:
        yield Decided("SMS", GRANTED, came, _CHECKOUT, came + _FOR_SMS)
    if person.phone and person.company and draw.random() < 0.6:
        yield Decided("PHONE", GRANTED, came, _FAIR)
    if draw.random() < 0.2:
        yield Decided("POST", GRANTED, came, _CHECKOUT)


def _ada(morning: datetime, created_at: datetime) -> tuple[Decided, ...]:
    came = created_at + 2 * _MINUTE
    return (
        Decided("EMAIL", GRANTED, came, _CHECKOUT),
        Decided("SMS", GRANTED, came, _CHECKOUT, came + _FOR_SMS),
        Decided("POST", GRANTED, morning - 200 * _DAY, _FAIR),
    )


def _ben(morning: datetime, created_at: datetime) -> tuple[Decided, ...]:
    # He takes it back after nobody has answered his complaint for long.
    return (
        Decided("EMAIL", GRANTED, created_at + 2 * _MINUTE, _CHECKOUT),
        Decided("EMAIL", WITHDRAWN, morning - 399 * _DAY, _LETTER),
    )


def _clara(morning: datetime, created_at: datetime) -> tuple[Decided, ...]:
    return ()


def _dario(morning: datetime, created_at: datetime) -> tuple[Decided, ...]:
    came = created_at + 2 * _MINUTE
    return (Decided("EMAIL", GRANTED, came, _FAIR), Decided("PHONE", GRANTED, came, _FAIR))


def _by_email(morning: datetime, created_at: datetime) -> tuple[Decided, ...]:
    return (Decided("EMAIL", GRANTED, created_at + 2 * _MINUTE, _CHECKOUT),)


SCRIPTED_CONSENTS = (_ada, _ben, _clara, _dario, _by_email, _by_email)
"""What the six characters decide, from the morning of the reference moment and when they were entered."""
