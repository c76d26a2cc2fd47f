"""One made-up customer at a time, each from generators of their own: the first N of a population never change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.domain.population.addresses import (
    HOUSEHOLD_EVERY,
    address_of_character,
    drawn_address,
    household_address,
)
from api.domain.population.agreements import Agreements, drawn_agreements
from api.domain.population.behaviour import Behaviour, behaviour
from api.domain.population.character_agreements import AGREEMENTS
from api.domain.population.characters import CHARACTERS, morning_of, scripted_behaviour
from api.domain.population.consents import SCRIPTED_CONSENTS, Decided, drawn_consents
from api.domain.population.feedback import SCRIPTED, Told, drawn_feedback
from api.domain.population.identifiers import generator
from api.domain.population.model import STANDARD, PopulationModel
from api.domain.population.orders import Order, drawn_terms, order
from api.domain.population.people import Profile, profile
from api.domain.postal_address import PostalAddress

_CHARACTERS_WEEKS = 130


@dataclass(frozen=True, slots=True)
class Population:
    """What a population follows from: the same three make the same customers anywhere."""

    seed: int
    until: datetime
    model: PopulationModel

    @property
    def opened_at(self) -> datetime:
        """When the shop opened: before anything happened in it."""
        return self.until - timedelta(weeks=1 + max(self.model.weeks, _CHARACTERS_WEEKS))

    def name_of(self, number: int) -> str:
        """Return what the generators and identifiers of a customer follow from; a character's knows no seed."""
        return f"character/{number}" if number <= len(CHARACTERS) else f"{self.seed}/{number}"


@dataclass(frozen=True, slots=True)
class Customer:
    """A made-up customer: `number` counts from 1, `behaviour` is the truth behind the orders alone."""

    number: int
    profile: Profile
    address: PostalAddress | None
    created_at: datetime
    behaviour: Behaviour
    orders: tuple[Order, ...]
    agreements: Agreements
    told: tuple[Told, ...]
    decided: tuple[Decided, ...]


def customer(population: Population, number: int) -> Customer:
    """Return the customer with this number, from 1; the first six are characters, the others drawn by chance."""
    if number <= len(CHARACTERS):
        return _scripted(population, number)
    name = population.name_of(number)
    person = profile(generator(f"{name}/profile"), number)
    truth = behaviour(generator(f"{name}/behaviour"), population.until, population.model)
    draw = generator(f"{name}/orders")
    terms = (drawn_terms(draw, person.currency, population.model) for _ in truth.purchases)
    orders = tuple(
        order(draw, purchase, agreed, position=position, until=population.until, model=population.model)
        for position, (purchase, agreed) in enumerate(zip(truth.purchases, terms, strict=True), start=1)
    )
    created = truth.registered_at - timedelta(minutes=1 + number % 9)
    agreements = drawn_agreements(name, person, created, orders, population.until)
    told = drawn_feedback(name, orders, population.until, lost=truth.dropped_out_at is not None)
    decided = drawn_consents(name, person, created, population.until)
    address = _address(population, number, person)
    return Customer(number, person, address, created, truth, orders, agreements, told, decided)


def lives_with_the_one_before(number: int) -> bool:
    """Return whether a customer shares the address of the one before."""
    return number % HOUSEHOLD_EVERY == 0


def _address(population: Population, number: int, person: Profile) -> PostalAddress | None:
    if lives_with_the_one_before(number + 1):
        return household_address(population.name_of(number), person.country)
    if lives_with_the_one_before(number):
        name = population.name_of(number - 1)
        return household_address(name, profile(generator(f"{name}/profile"), number - 1).country)
    return drawn_address(population.name_of(number), person.country)


def _scripted(population: Population, number: int) -> Customer:
    character = CHARACTERS[number - 1]
    truth = scripted_behaviour(character, population.until)
    draw = generator(population.name_of(number))
    orders = tuple(
        order(draw, purchase, script.terms, position=position, until=population.until, model=STANDARD)
        for position, (purchase, script) in enumerate(zip(truth.purchases, character.purchases, strict=True), start=1)
    )
    created = truth.registered_at - timedelta(minutes=5)
    morning = morning_of(population.until)
    agreements, told = AGREEMENTS[number - 1](morning, orders), SCRIPTED[number - 1](morning, orders)
    decided = SCRIPTED_CONSENTS[number - 1](morning, created)
    address = address_of_character(number)
    return Customer(number, character.profile, address, created, truth, orders, agreements, told, decided)
