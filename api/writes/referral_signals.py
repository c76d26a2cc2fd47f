"""Looking for signs that a friend who joins is nobody new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DateTime,
    Double,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.identity import new_id
from api.domain.postal_address import PostalAddress
from api.domain.referral_identity import Identity, signals
from api.domain.referral_signals import AT_ONCE, WEIGHTS
from api.tables.customers import customers
from api.tables.referrals import referral_codes, referral_signals, referrals
from api.writes.change import Change
from api.writes.known_customers import mailbox_is_known
from api.writes.lookups import rows_text, sent

_MOST_FRIENDS: Any = literal_column("200")
_DEEPEST: Any = literal_column("5")
_AROUND, _FRIEND = (literal_column(f"'{part}'", Text) for part in ("around", "friend"))
_ADDRESS = ("address1", "city", "postal_country", "address2", "province_code", "postal_code")
"""Columns with the parts of a postal address, in the order in which it is made of them."""
_KNOWN_BY = ("email", "phone", *_ADDRESS)
_OPEN = referrals.c.superseded_at.is_(None)


def _above() -> Any:
    """Return the referrer and by whom they came: `customer_id` and `depth`, 0 for the referrer."""
    begun = select(bindparam("referrer", type_=Uuid).label("customer_id"), literal_column("0", Integer).label("depth"))
    chain = begun.cte("chain", recursive=True)
    step = (
        select(referrals.c.customer_id, chain.c.depth + literal_column("1"))
        .join_from(referrals, chain, referrals.c.referred_id == chain.c.customer_id)
        .where(_OPEN, chain.c.depth < _DEEPEST)
    )
    return chain.union_all(step)


def _friends() -> Any:
    """Return the friends of the referrer who joined last."""
    mine = referrals.c.customer_id == bindparam("referrer", type_=Uuid)
    joined = select(referrals.c.referred_id, referrals.c.device).where(
        mine, _OPEN, referrals.c.referred_id.is_not(None)
    )
    return joined.order_by(referrals.c.joined_at.desc()).limit(_MOST_FRIENDS).cte("friends")


def _identities() -> Any:
    """Return rows of `part`, how people are known and device: of the friend, of people around the referrer, of those
    above."""
    chain, friends = _above(), _friends()
    part = literal_column("CASE chain.depth WHEN 0 THEN 'around' ELSE 'above' END", Text).label("part")
    people = union_all(
        select(chain.c.customer_id, part),
        select(friends.c.referred_id, _AROUND),
        select(bindparam("friend", type_=Uuid), _FRIEND),
    ).cte("people")
    # Who turned out to be somebody else has left addresses and numbers behind.
    is_same = or_(customers.c.customer_id == people.c.customer_id, customers.c.merged_into == people.c.customer_id)
    codes, came = referral_codes.c, referrals.c
    nothing = [null().label(name) for name in _KNOWN_BY]
    known = [customers.c[name] for name in _KNOWN_BY]
    return union_all(
        select(people.c.part, *known, null().label("device")).join_from(people, customers, is_same),
        select(part, *nothing, codes.device).join_from(chain, referral_codes, codes.customer_id == chain.c.customer_id),
        select(part, *nothing, came.device).join_from(
            chain, referrals, and_(came.referred_id == chain.c.customer_id, _OPEN)
        ),
        select(_AROUND, *nothing, friends.c.device),
    )


_IDENTITIES = prepare(_identities())
_LATELY = select(func.count()).where(
    referrals.c.customer_id == bindparam("referrer", type_=Uuid),
    _OPEN,
    referrals.c.joined_at > bindparam("since", type_=DateTime(timezone=True)),
    referrals.c.joined_at <= bindparam("until", type_=DateTime(timezone=True)),
)
_IS_KNOWN = mailbox_is_known().label("is_known")
_BESIDE = prepare(select(_LATELY.scalar_subquery().label("lately"), _IS_KNOWN))
KNOWN = prepare(select(_IS_KNOWN))
_NOTICED = prepare(
    select(referral_signals.c.code)
    .where(
        referral_signals.c.customer_id == bindparam("customer_id"),
        referral_signals.c.referral_id == bindparam("referral_id"),
    )
    .order_by(referral_signals.c.weight.desc(), referral_signals.c.code)
)
_SIGN = {"signal_id": Uuid, "code": Text, "weight": Double}
_GIVEN = sent("signs", _SIGN)
_SAME_FOR_ALL = ("customer_id", "referral_id", "version", "noticed_at")
_ADD = prepare(
    insert(referral_signals).from_select(
        [*_SAME_FOR_ALL, "signal_id", "code", "weight"],
        select(
            *[bindparam(name, type_=referral_signals.c[name].type) for name in _SAME_FOR_ALL],
            _GIVEN.c.signal_id,
            _GIVEN.c.code,
            _GIVEN.c.weight,
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of a friend who joins at a moment.

    invited  the address that the invitation went to, None where that is not known
    device   fingerprint of the device on which they join, None where it is not known
    """

    referrer: UUID
    friend: UUID
    invited: str | None
    device: bytes | None
    at: datetime


async def signals_of(change: Change, seen: Seen) -> list[str]:
    """Return the signs that a friend may be nobody new."""
    who: dict[str, Any] = {"referrer": seen.referrer, "friend": seen.friend}
    rows = await change.rows(_IDENTITIES, **who)
    (beside,) = await change.rows(_BESIDE, **who, invited=seen.invited, since=seen.at - AT_ONCE, until=seen.at)
    own, around, above = (_identity(rows, part) for part in ("friend", "around", "above"))
    friends = replace(own, devices=own.devices | ({seen.device} if seen.device else set()))
    found = signals(friends, around=around, above=above, lately=beside["lately"])
    return [*found, "KNOWN_MAILBOX"] if beside["is_known"] else found


async def signals_of_address(change: Change, invited: str | None) -> list[str]:
    """Return the signs that an invitation to an address, None for none, goes to somebody who is there already."""
    if invited is None:
        return []
    (found,) = await change.rows(KNOWN, friend=None, invited=invited)
    return ["KNOWN_MAILBOX"] if found["is_known"] else []


async def signals_noticed(change: Change, referral: Any) -> list[str]:
    """Return the signs that were noticed about a referral, the strongest first."""
    which = {name: referral[name] for name in ("customer_id", "referral_id")}
    return [row["code"] for row in await change.rows(_NOTICED, **which)]


def _identity(rows: Iterable[Any], part: str) -> Identity:
    mine = [row for row in rows if row["part"] == part]
    emails, phones, devices = ({row[name] for row in mine if row[name]} for name in ("email", "phone", "device"))
    addresses = {PostalAddress(*[row[name] for name in _ADDRESS]) for row in mine if row["address1"]}
    return Identity(frozenset(emails), frozenset(phones), frozenset(devices), frozenset(addresses))


async def add_signals(change: Change, referral: dict[str, Any], found: Sequence[str], at: datetime) -> None:
    """Add the signs that came with a version of a referral.

    referral  its customer_id, referral_id and version
    """
    if found:
        await change.rows(
            _ADD,
            **referral,
            noticed_at=at,
            signs=rows_text(_SIGN, ((new_id(), signal, WEIGHTS[signal]) for signal in found)),
        )
