"""The rows of how made-up customers came by each other: the program, codes, versions, signs and rewards."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import zip_longest
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select

from api.database import Connection, prepare
from api.domain.population import HOME, Customer, Population, Version, derived_id
from api.domain.population.referrals import (
    HOLD,
    LIFETIME,
    MINIMUM,
    QUALIFY_WITHIN,
    Referral,
    code_of,
    drawn_referral,
)
from api.domain.referral_program import USUALLY_INVITED
from api.domain.referral_signals import WEIGHTS
from api.tables.costs import customer_costs
from api.tables.referrals import (
    SIDES,
    referral_codes,
    referral_programs,
    referral_rewards,
    referral_signals,
    referrals,
)
from api.writes.demo_agreements import Rows

REFERRAL_COLUMNS: Mapping[Table, tuple[str, ...]] = {
    table: tuple(column.name for column in table.c)
    for table in (referral_programs, referral_codes, referrals, referral_signals, referral_rewards, customer_costs)
}
_PROGRAMS = prepare(select(referral_programs.c.program_id))
_GIVEN = {"REFERRER": Decimal(10), "REFERRED": Decimal(5)}


def program_key(population: Population) -> UUID:
    """Return the identifier of the made-up program."""
    return derived_id(population.opened_at, "referral program/1")


async def programs(connection: Connection) -> set[UUID]:
    """Return the identifiers of all versions of the program that are there."""
    return {row["program_id"] for row in await connection.fetch(_PROGRAMS.sql)}


def new_program_rows(population: Population, there: set[UUID]) -> Rows:
    """Return the rows of the program that the shop has had since it opened; none where there is one."""
    if there:
        return {}
    opened = population.opened_at
    lengths = {"qualify_within": QUALIFY_WITHIN, "hold": HOLD, "invitation_lifetime": LIFETIME}
    worth = {"referrer_money": _GIVEN["REFERRER"], "referred_money": _GIVEN["REFERRED"], "minimum_purchase": MINIMUM}
    known = {"program_id": program_key(population), "version": 1, "currency": HOME, "active_referrers_only": False}
    known["most_invited"] = USUALLY_INVITED
    rows: Rows = {}
    _add(rows, referral_programs, {**known, **lengths, **worth, "effective_from": opened, "recorded_at": opened})
    return rows


def add_referral(rows: Rows, population: Population, friend: Customer, friend_id: UUID) -> None:
    """Add the rows of the referral by which a customer came, if they came by one."""
    referral = drawn_referral(population, friend)
    if referral is None:
        return
    name, by = population.name_of(friend.number), referral.referrer
    key = referral.key(name)
    whose = {
        "customer_id": derived_id(by.created_at, f"{population.name_of(by.number)}/customer"),
        "referral_id": key,
        "code": code_of(key),
    }
    _add_versions(rows, population, referral, whose, (friend_id, name))
    _add_signs(rows, referral, whose)
    if referral.rewarded:
        _add_rewards(rows, referral, whose, friend_id)


def _add_versions(
    rows: Rows, population: Population, referral: Referral, whose: Mapping[str, Any], friend: tuple[UUID, str]
) -> None:
    first = referral.versions[0]
    _add(rows, referral_codes, {**whose, "created_at": first.values["changed_at"], "recorded_at": first.recorded_at})
    for number, (version, following) in enumerate(zip_longest(referral.versions, referral.versions[1:]), start=1):
        values = {**whose, "program_id": program_key(population), "version": number, **version.values}
        values["recorded_at"] = version.recorded_at
        if number > 1:
            values["referred_id"] = friend[0]
        if referral.order and values.get("qualified_at"):
            values["order_id"] = referral.order.key(friend[1])
        if following:
            values |= {"replaced_at": following.values["changed_at"], "superseded_at": following.recorded_at}
        _add(rows, referrals, values)


def _add_signs(rows: Rows, referral: Referral, whose: Mapping[str, Any]) -> None:
    joined = referral.versions[1]
    noticed = {"noticed_at": joined.values["changed_at"], "recorded_at": joined.recorded_at, "version": 2}
    for code in referral.odd:
        key = derived_id(joined.recorded_at, f"{whose['referral_id']}/{code}")
        _add(rows, referral_signals, {**whose, **noticed, "signal_id": key, "code": code, "weight": WEIGHTS[code]})


def _add_rewards(rows: Rows, referral: Referral, whose: Mapping[str, Any], friend_id: UUID) -> None:
    (place, earned), *_ = [
        (place, version)
        for place, version in enumerate(referral.versions, 1)
        if version.values["change"] == "QUALIFIED"
    ]
    when = {"earned_at": earned.values["changed_at"], "release_at": earned.values["release_at"]}
    of = {"version": place, "referred_id": friend_id, "status": "QUALIFIED", "in_review": False, "currency": HOME}
    for side in SIDES:
        key = derived_id(earned.recorded_at, f"{whose['referral_id']}/{side}")
        recipient = whose["customer_id"] if side == "REFERRER" else friend_id
        given = {"reward_id": key, "side": side, "recipient_id": recipient, "money": _GIVEN[side]}
        _add(rows, referral_rewards, {**whose, **of, **when, **given, "recorded_at": earned.recorded_at})
        _add_cost(rows, (recipient, key), _GIVEN[side], earned)
        if referral.versions[-1].values["change"] == "REVERSED":
            _add_cost(rows, (recipient, key), -_GIVEN[side], referral.versions[-1])


def _add_cost(rows: Rows, of: tuple[UUID, UUID], amount: Decimal, version: Version) -> None:
    """Add what a reward costs, or a negative amount where it is taken back, because of a version of the referral."""
    customer_id, reward_id = of
    cost_id = derived_id(version.recorded_at, f"{reward_id}/cost/{amount}")
    cause = {"customer_id": customer_id, "cost_id": cost_id, "stream": "REFERRALS", "cause_id": reward_id}
    worth = {"taken_back": amount < 0, "amount": amount, "currency": HOME}
    when = {"incurred_at": version.values["changed_at"], "recorded_at": version.recorded_at}
    _add(rows, customer_costs, {**cause, **worth, **when})


def rewarded(rows: Rows) -> set[UUID]:
    """Return who was rewarded, among them customers who were there before."""
    return {row[REFERRAL_COLUMNS[customer_costs].index("customer_id")] for row in rows.get(customer_costs, ())}


def _add(rows: Rows, table: Table, values: Mapping[str, Any]) -> None:
    rows.setdefault(table, []).append(tuple(values.get(name) for name in REFERRAL_COLUMNS[table]))
