"""What customers cost beside what they bought: booked in the transaction that causes it, taken back with its cause."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Numeric,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.reads.json import minor_digits
from api.tables.costs import customer_costs
from api.tables.loyalty import loyalty_programs
from api.tables.referrals import referral_rewards
from api.tables.standing import customer_standing
from api.writes.change import Change
from api.writes.loyalty_programs import in_force_at
from api.writes.standing import stand_anew

_COLUMNS = ("customer_id", "cost_id", "stream", "cause_id", "taken_back", "amount", "currency", "incurred_at")
_AT = bindparam("at", type_=DateTime(timezone=True))


def _booked(found: Select[Any]) -> Any:
    return insert(customer_costs).from_select(_COLUMNS, found).returning(customer_costs.c.customer_id)


def _rewards() -> Any:
    reward = referral_rewards.c
    columns: tuple[Any, ...] = (
        reward.recipient_id,
        func.gen_random_uuid(),
        literal_column("'REFERRALS'"),
        reward.reward_id,
    )
    money: tuple[Any, ...] = (literal_column("false"), reward.money, reward.currency, _AT)
    given = (reward.referral_id == bindparam("which", type_=Uuid), reward.money.is_not(None))
    return _booked(select(*columns, *money).where(*given))


def _taken_back(*causes: Any) -> Any:
    cost = customer_costs.c
    columns: tuple[Any, ...] = (
        cost.customer_id,
        func.gen_random_uuid(),
        cost.stream,
        cost.cause_id,
        literal_column("true"),
    )
    booked = cost.taken_back == literal_column("false")
    return _booked(select(*columns, -cost.amount, cost.currency, _AT).where(booked, *causes))


def _rewards_taken_back() -> Any:
    cost, reward = customer_costs.c, referral_rewards.c
    same = (reward.reward_id == cost.cause_id, cost.stream == literal_column("'REFERRALS'"))
    return _taken_back(reward.referral_id == bindparam("which", type_=Uuid), *same)


def _points_taken_back() -> Any:
    cost = customer_costs.c
    return _taken_back(cost.cause_id == bindparam("which", type_=Uuid), cost.stream == literal_column("'LOYALTY'"))


def _points() -> Any:
    currency = bindparam("currency", type_=Text)
    value = in_force_at(_AT, loyalty_programs.c.point_value).scalar_subquery()
    exact = cast(bindparam("points", type_=BigInteger), Numeric) * value
    amount = func.round(exact, minor_digits(cast(currency, Text)), type_=Numeric())
    columns: tuple[Any, ...] = (bindparam("whose", type_=Uuid), func.gen_random_uuid(), literal_column("'LOYALTY'"))
    cause: tuple[Any, ...] = (bindparam("entry", type_=Uuid), literal_column("false"))
    cost = select(*columns, *cause, amount, cast(currency, Text), _AT).where(amount > literal_column("0"))
    # A cost in the currency of the business changes nothing of how the customer stands but this sum, by just as much.
    booked = insert(customer_costs).from_select(_COLUMNS, cost).returning(customer_costs).cte("booked")
    brought = customer_standing.c.historic_net - booked.c.amount
    return (
        update(customer_standing)
        .values(historic_net=brought)
        .where(customer_standing.c.customer_id == booked.c.customer_id)
    )


_BOOK_REWARDS = prepare(_rewards())
_TAKE_BACK_REWARDS = prepare(_rewards_taken_back())
_BOOK_POINTS = prepare(_points())
_TAKE_BACK_POINTS = prepare(_points_taken_back())


async def book_rewards(change: Change, referral_id: UUID, at: datetime) -> None:
    """Book the money that is given for a referral, each side's as a cost of whoever gets it."""
    await _stand(change, await change.rows(_BOOK_REWARDS, which=referral_id, at=at))


async def take_back_reward_costs(change: Change, referral_id: UUID, at: datetime) -> None:
    """Book that the money given for a referral is taken back."""
    await _stand(change, await change.rows(_TAKE_BACK_REWARDS, which=referral_id, at=at))


async def book_points(change: Change, customer_id: UUID, entry_id: UUID, points: int, at: datetime) -> None:
    """Book what points cost that were spent, by what the program then in force says a point is worth; or nothing.

    The change has taken the customer's turn before.
    """
    given = {"whose": customer_id, "entry": entry_id, "points": points, "at": at, "currency": change.business.currency}
    await change.rows(_BOOK_POINTS, **given)


async def take_back_cost_of_points(change: Change, entry_id: UUID, at: datetime) -> None:
    """Book that what the points of an entry cost is taken back, for they were not spent after all."""
    await _stand(change, await change.rows(_TAKE_BACK_POINTS, which=entry_id, at=at))


async def _stand(change: Change, booked: Any) -> None:
    await stand_anew(change, [row["customer_id"] for row in booked])
