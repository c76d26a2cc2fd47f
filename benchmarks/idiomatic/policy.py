"""The policy of who counts as active, as plain values: in force for all requests until the next version begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from api.domain.calendar import Duration
from benchmarks.idiomatic.rows import BusinessRow, PolicyRow, RuleRow


@dataclass(frozen=True, slots=True)
class Rule:
    """Whether a reason counts, and how many purchases it takes within which window."""

    enabled: bool
    window: Duration
    count: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules by their code, and the zone in which they count months and days."""

    version: int
    zone: ZoneInfo
    rules: Mapping[str, Rule]


async def policy_in_force(session: AsyncSession, moment: datetime) -> Policy:
    """Return the policy that judges at a moment."""
    latest = select(PolicyRow).where(PolicyRow.effective_from <= moment).order_by(PolicyRow.effective_from.desc())
    row = (await session.scalars(latest.limit(1).options(selectinload(PolicyRow.rules)))).one()
    zone = row.time_zone or (await session.scalars(select(BusinessRow.time_zone))).one()
    return Policy(row.version, ZoneInfo(zone), {rule.code: _rule(rule) for rule in row.rules})


def _rule(row: RuleRow) -> Rule:
    if row.customer_kind or row.category:
        raise ValueError("The benchmark's policy has one rule of each code, for everybody and everything.")
    return Rule(row.enabled, Duration(row.months or 0, row.days or 0), row.minimum_count or 1)
