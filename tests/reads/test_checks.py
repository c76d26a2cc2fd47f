"""What `regulars check` finds wrong."""

from __future__ import annotations

import pytest

from api.reads.checks import findings

pytestmark = pytest.mark.anyio


async def test_a_support_plan_that_was_used_too_often_is_found(database, given):
    customer = await given.customer()
    right, unlimited = [await given.support_plan(customer, included_incidents=most) for most in (2, None)]
    for plan in (right, unlimited, unlimited, unlimited):
        await given.support_usage(customer, plan, incidents=2)

    async def broken() -> dict[str, int]:
        async with database.connection() as connection:
            return {found.law: found.broken for found in await findings(connection) if found.broken}

    assert await broken() == {}
    await given.support_usage(customer, right)
    assert await broken() == {"no support plan is used more often than it covers": 1}
