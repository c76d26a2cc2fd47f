"""Referrals of the past: which of several that are told at once can have been."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from api.domain.file_rows import Reason


@dataclass(frozen=True, slots=True)
class Told:
    """A referral as it is told: who recommended, who came, and by which code, None where nobody knows."""

    referrer: UUID
    friend: UUID
    code: str | None


def judged(
    told: Sequence[Told], came_by: Mapping[UUID, UUID], owners: Mapping[str, UUID]
) -> tuple[list[int], dict[int, Reason]]:
    """Return the places of referrals that can be, and why others cannot; of two that cannot both be the first holds.

    Where a friend is told of again, nothing is said of that: it depends on the one that can be.

    came_by  by whom customers came, as far as that is known already; none of the friends
    owners   whose codes are, as far as that is known already
    """
    came_by, owners = dict(came_by), dict(owners)
    can_be, wrong = list[int](), dict[int, Reason]()
    for place, each in enumerate(told):
        if each.friend in came_by:
            continue
        if each.friend in _upwards(each.referrer, came_by):
            wrong[place] = Reason.SELF_REFERRAL
        elif each.code is not None and owners.get(each.code, each.referrer) != each.referrer:
            wrong[place] = Reason.CODE_TAKEN
        else:
            can_be.append(place)
            came_by[each.friend] = each.referrer
            owners |= {each.code: each.referrer} if each.code else {}
    return can_be, wrong


def _upwards(customer: UUID, came_by: Mapping[UUID, UUID]) -> Iterable[UUID]:
    """Yield a customer, by whom they came, by whom that one came, and so on."""
    yield customer
    while customer in came_by:
        customer = came_by[customer]
        yield customer
