"""Which group of customers scores of recency, frequency and spend lead to, each from 1 to 5 and 5 the best."""

from __future__ import annotations

BEST = 5
PROSPECTS = "PROSPECTS"
"""The group of those who have bought nothing, and have no scores."""

_BY_RECENCY = {
    5: ("NEW", "PROMISING", "ACTIVE", "CHAMPIONS", "CHAMPIONS"),
    4: ("PROMISING", "PROMISING", "ACTIVE", "LOYAL", "CHAMPIONS"),
    3: ("ALMOST_LOST", "NEEDS_ATTENTION", "NEEDS_ATTENTION", "LOYAL", "LOYAL"),
    2: ("ALMOST_LOST", "ALMOST_LOST", "AT_RISK", "AT_RISK", "PREVIOUSLY_LOYAL"),
    1: ("DORMANT", "DORMANT", "AT_RISK", "PREVIOUSLY_LOYAL", "PREVIOUSLY_LOYAL"),
}

GROUPS: dict[tuple[int, int], str] = {
    (recency, worth): group for recency, groups in _BY_RECENCY.items() for worth, group in enumerate(groups, 1)
}
"""The group by the score of recency, and the mean of those of frequency and spend, halves rounded up."""
