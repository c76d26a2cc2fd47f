"""Putting a policy of who counts as active into force: a version more, from a moment on."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Integer, Interval, Text, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.active_policy import NewPolicy, unknown_time_zone
from api.domain.identity import new_id
from api.errors import Rejection, UserErrorCode
from api.tables.active_policies import active_policies, active_rules
from api.writes.change import Change, Outcome, refusing
from api.writes.lookups import rows_text, sent
from api.writes.reigns import newest_of, next_version
from api.writes.standing import everybody_stands_anew

_FIRST = active_policies.c.version == literal_column("1")
_TAKE_TURNS = prepare(select(active_policies.c.version).where(_FIRST).with_for_update(key_share=True))
_NEWEST = newest_of(active_policies)
_ZONES = func.pg_timezone_names().table_valued("name")
_KNOWN_ZONE = prepare(select(_ZONES.c.name).where(_ZONES.c.name == bindparam("zone", type_=Text)))
_RULES = {
    "code": Text,
    "enabled": Boolean,
    "customer_kind": Text,
    "category": Text,
    "window": Interval,
    "minimum_count": Integer,
}


def _add() -> Any:
    rules = sent("rules", _RULES)
    policy = (
        insert(active_policies)
        .values({name: bindparam(name) for name in ("policy_id", "version", "effective_from", "time_zone")})
        .returning(active_policies.c.policy_id)
        .cte("policy")
    )
    columns = {"policy_id": policy.c.policy_id, "position": rules.c.ord, **{name: rules.c[name] for name in _RULES}}
    return insert(active_rules).from_select(list(columns), select(*columns.values()).select_from(policy, rules))


_ADD = prepare(_add())
_INPUT = ("input",)
_POLICY = ("input", "policy")


async def set_active_policy(
    change: Change, policy: NewPolicy, effective_from: datetime, expected_version: int | None
) -> list[Outcome]:
    """Put a policy into force from a moment on and return its identifier; raise Refused where it cannot be.

    Calls at the same time take turns, so that versions have no gaps and never overlap.
    """
    with refusing():
        key = await _set(change, policy.checked(_POLICY), effective_from, expected_version)
    await everybody_stands_anew(change)
    return [Outcome({"policy": key})]


async def _set(change: Change, policy: NewPolicy, effective_from: datetime, expected_version: int | None) -> UUID:
    if change.principal.customer_id is not None:
        raise Rejection(UserErrorCode.NOT_FOUND, "There is no policy that a customer may set.", _INPUT)
    if policy.time_zone is not None and not await change.rows(_KNOWN_ZONE, zone=policy.time_zone):
        raise unknown_time_zone(_POLICY)
    # The first policy is always there.
    await change.rows(_TAKE_TURNS)
    version = await next_version(change, _NEWEST, effective_from, expected_version, what="policy")
    return await _added(change, policy, effective_from, version=version)


async def _added(change: Change, policy: NewPolicy, effective_from: datetime, *, version: int) -> UUID:
    key = new_id()
    rules = rows_text(_RULES, ([getattr(rule, name) for name in _RULES] for rule in policy.rules))
    await change.rows(
        _ADD, policy_id=key, version=version, effective_from=effective_from, time_zone=policy.time_zone, rules=rules
    )
    return key
