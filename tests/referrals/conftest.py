"""A shop in Berlin with a referral program."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.referrals.shop import Shop

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
async def shop(ask, given):
    """A shop on 1 June 2025, noon, with the usual program."""
    ask.now = NOW
    await given.business()
    made = Shop(ask, given)
    await made.program()
    return made
