"""Who counts as active in the made-up shop: durable goods count for longer, and businesses have to buy more often."""

from __future__ import annotations

from api.domain.active_policy import LOYAL, RECENT_PURCHASE, NewPolicy, NewRule
from api.domain.calendar import Duration

_TWO_YEARS = Duration(24)


def _rule(
    code: str,
    window: Duration | None = None,
    *,
    kind: str | None = None,
    category: str | None = None,
    count: int | None = None,
) -> NewRule:
    return NewRule(code=code, enabled=True, customer_kind=kind, category=category, window=window, minimum_count=count)


POLICY = NewPolicy(
    [
        _rule(RECENT_PURCHASE, Duration(12)),
        _rule(RECENT_PURCHASE, _TWO_YEARS, kind="CONSUMER", category="Teaware"),
        _rule(RECENT_PURCHASE, _TWO_YEARS, kind="CONSUMER", category="Tools"),
        _rule(RECENT_PURCHASE, Duration(days=42), kind="BUSINESS"),
        _rule(LOYAL, Duration(6), count=5),
        _rule("PAID_SUPPORT_PLAN"),
        _rule("PRODUCT_SUBSCRIPTION"),
        _rule("SERVICE_SUBSCRIPTION"),
        _rule("CONTRACT"),
    ],
    time_zone=None,
).checked(("policy",))
"""The second version of the policy, in force since the shop opened."""
