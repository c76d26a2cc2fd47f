"""Made-up referrals: who came by whom, and what became of it by the rules for real ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from api.domain.calendar import Duration
from api.domain.population.agreed import ZONE, Version, between, changed
from api.domain.population.characters import CHARACTERS
from api.domain.population.customers import Customer, Population, customer, lives_with_the_one_before
from api.domain.population.identifiers import derived_id, generator
from api.domain.population.orders import Order
from api.domain.postal_address import doorway
from api.domain.referral import (
    INVITED,
    JOINED,
    QUALIFIED,
    Bought,
    Standing,
    Step,
    after_purchase,
    after_refund,
    after_review,
)
from api.domain.referral_code import LENGTH, LETTERS
from api.domain.referral_signals import is_held, reasons

SHARE, HELD_SHARE, DARIOS_SHARE = 0.06, 0.12, 0.2
"""Of customers who came by another one; of these, those that look odd, and those who came by Dario."""
HOUSEMATES_SHARE = 0.6
"""Of customers who live with the one before, those who came by them, if they were there before."""
MINIMUM = Decimal(20)
QUALIFY_WITHIN, HOLD, LIFETIME = Duration(days=90), Duration(days=30), Duration(days=90)
ODD = ("SAME_DEVICE", "VELOCITY")
_DARIO = 4
_TRIES = 6
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral of a friend with its versions, the first one first.

    referrer  who recommended
    odd       signs that were noticed when the friend joined
    order     of the friend that made it count, None before there is one
    """

    referrer: Customer
    versions: tuple[Version, ...]
    odd: tuple[str, ...]
    order: Order | None

    def key(self, name: str) -> UUID:
        """Return the identifier of the referral of a friend with a name."""
        return derived_id(self.versions[0].values["changed_at"], f"{name}/referral")

    @property
    def rewarded(self) -> bool:
        """Whether it came to give rewards, also where they were taken back."""
        return self.versions[-1].values["status"] in (QUALIFIED, "REVERSED") and not is_held(self.odd)


def code_of(key: UUID) -> str:
    """Return the code of a referral: it follows from its identifier, as nobody needs to guess it."""
    return "".join(LETTERS[key.int // len(LETTERS) ** place % len(LETTERS)] for place in range(LENGTH))


def drawn_referral(population: Population, friend: Customer) -> Referral | None:
    """Return the referral by which a customer came; most came by none."""
    draw = generator(f"{population.name_of(friend.number)}/referral")
    referrer = _referrer(draw, population, friend)
    if referrer is None:
        return None
    invited_at = between(draw, max(referrer.created_at, friend.created_at - 14 * _DAY), friend.created_at)
    odd = (*(ODD if draw.random() < HELD_SHARE else ()), *_of_one_household(referrer, friend))
    first = Version(_invited(invited_at), invited_at + _SECOND)
    joined = changed(first, _joined(friend.created_at, in_review=is_held(odd)), friend.created_at + 2 * _SECOND)
    versions, order = [first, joined], None
    for step, known_at, by in _steps(draw, friend.orders, joined, population.until):
        order = by or order
        versions.append(changed(versions[-1], _stepped(step), max(known_at, versions[-1].recorded_at)))
    return Referral(referrer, tuple(versions), odd, order)


def _referrer(draw: Random, population: Population, friend: Customer) -> Customer | None:
    """Return who was a customer a day before the friend came: an earlier one, so that no chain closes."""
    if friend.number <= len(CHARACTERS):
        by = CHARACTERS[friend.number - 1].came_by
        return customer(population, by) if by else None
    came_before = (
        found
        for number in _candidates(draw, friend.number)
        if (found := customer(population, number)).created_at < friend.created_at - _DAY
    )
    return next(came_before, None)


def _candidates(draw: Random, number: int) -> Iterator[int]:
    """Yield the numbers of those by whom a customer may have come, the likeliest first."""
    chance = draw.random()
    if lives_with_the_one_before(number) and chance < HOUSEMATES_SHARE:
        yield number - 1
    if chance < SHARE:
        by_dario = draw.random() < DARIOS_SHARE
        for _ in range(_TRIES):
            yield _DARIO if by_dario else 1 + int(draw.random() * (number - 1))


def _of_one_household(one: Customer, other: Customer) -> Sequence[str]:
    """Return the sign that two customers live at one address, if they do."""
    both = {doorway(each.address) for each in (one, other) if each.address}
    return ("SAME_ADDRESS",) if one.address and other.address and len(both) == 1 else ()


def _invited(at: datetime) -> dict[str, Any]:
    known = {"status": INVITED, "change": INVITED, "in_review": False, "reasons": []}
    return {**known, "created_at": at, "changed_at": at, "expires_at": LIFETIME.after(at, ZONE)}


def _joined(at: datetime, *, in_review: bool) -> dict[str, Any]:
    known = {"status": JOINED, "change": JOINED, "in_review": in_review}
    return {**known, "joined_at": at, "changed_at": at, "expires_at": QUALIFY_WITHIN.after(at, ZONE)}


def _steps(
    draw: Random, orders: Sequence[Order], joined: Version, until: datetime
) -> Iterator[tuple[Step, datetime, Order | None]]:
    """Yield the steps after joining: each with when it was recorded, and the order that it came of."""
    standing = standing_in(joined)
    for order in orders:
        worth = Decimal(order.spend).scaleb(-2)
        bought = Bought(order.placed_at, worth, HOLD.after(order.placed_at, ZONE), order.recorded_at)
        step = after_purchase(standing, bought, minimum=MINIMUM, limit_reached=False, referrer_counts=True)
        if step is None:
            continue
        yield step, order.recorded_at, order
        if back := order.refund:
            left = worth - Decimal(back.business_amount).scaleb(-2)
            undone = after_refund(step.standing, refunded_at=back.refunded_at, net=left, minimum=MINIMUM)
            if undone:
                yield undone, back.recorded_at, None
                return
        standing = step.standing
        break
    decided_at = max(joined.recorded_at, *(order.recorded_at for order in orders), joined.recorded_at) + 3 * _DAY
    if standing.in_review and draw.random() < 0.5 and decided_at <= until:
        step = after_review(standing, accept=False, at=decided_at, reasons=tuple(reasons(ODD)))
        yield step, decided_at, None


def standing_in(version: Version) -> Standing:
    """Return how a referral stands in a version."""
    known = version.values
    moments = {name: known.get(name) for name in ("joined_at", "expires_at", "release_at")}
    return Standing(known["status"], known["in_review"], **moments)


def _stepped(step: Step) -> dict[str, Any]:
    stands = step.standing
    values: dict[str, Any] = {
        "status": stands.status,
        "in_review": stands.in_review,
        "expires_at": stands.expires_at,
        "reasons": list(step.reasons),
        "change": step.change,
        "changed_at": step.at,
    }
    if step.change == QUALIFIED:
        values |= {"qualified_at": step.at, "release_at": stands.release_at}
    return values
