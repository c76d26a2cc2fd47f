"""Worlds from a seed: a business in a zone, with versions of its policy that came early, late, or are still to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from tests.activity.facts import CODES, Length, Policy, Rule
from tests.activity.oracle import World

LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # puts clocks forward by half an hour
    "Asia/Kathmandu",
    "Pacific/Auckland",
    "UTC",
)
WINDOWS = (Length(1), Length(2, 15), Length(3), Length(6), Length(12), Length(13), Length(days=30), Length(days=1))

FIRST = Policy(
    1,
    LONG_AGO,
    LONG_AGO,
    None,
    (
        Rule("RECENT_PURCHASE", Length(12), 1),
        Rule("LOYAL", Length(6), 5),
        *(Rule(code) for code in CODES[2:]),
    ),
)
"""A purchase within 12 months, 5 purchases within 6 months, and whatever is running, for everybody."""


OVERRULED = (
    Rule("RECENT_PURCHASE", Length(12), 1, category="Tea"),
    Rule("RECENT_PURCHASE", Length(1), 1, "CONSUMER", "Tea", enabled=False),
    Rule("LOYAL", Length(12), 2),
    Rule("LOYAL", Length(6), 2, "BUSINESS", enabled=False),
    Rule("CONTRACT"),
    Rule("CONTRACT", kind="BUSINESS", enabled=False),
)
"""Rules that are on, but for one kind of customer not."""


def a_world(random: Random, number: int) -> World:
    """Return a world; the first has no policy but the one that is there from the start."""
    policies = [FIRST]
    begins = [
        datetime(2023, 3, 26, 0, 30, tzinfo=UTC),
        datetime(2025, 1, 31, tzinfo=UTC),
        datetime(2026, 9, 1, tzinfo=UTC),
    ]
    for effective_from in begins[: number % 4]:
        early = timedelta(days=random.choice((-200, -1, 0, 60)))
        recorded = max(policies[-1].recorded_at, effective_from + early)
        zone = random.choice((None, *ZONES))
        rules = OVERRULED if number % 4 == 1 else _rules(random)
        policies.append(Policy(len(policies) + 1, effective_from, recorded, zone, rules))
    return World(policies, ZONES[number % len(ZONES)])


def _rules(random: Random) -> tuple[Rule, ...]:
    """Return rules: some for a kind or a category only, some disabled, none twice."""
    found = {}
    for code in CODES:
        for _ in range(random.choice((0, 1, 1, 2, 3)) if code in CODES[2:] else random.choice((1, 2, 4))):
            rule = _rule(random, code)
            found[(code, rule.kind, rule.category)] = rule
    rules = list(found.values())
    random.shuffle(rules)
    return tuple(rules)


def _rule(random: Random, code: str) -> Rule:
    of_purchases = code in CODES[:2]
    category = random.choice((None, "Furniture", "Tea", "Gift cards", "Nothing")) if code == "RECENT_PURCHASE" else None
    count = {"RECENT_PURCHASE": 1, "LOYAL": random.choice((2, 2, 3, 5))}.get(code)
    window = random.choice(WINDOWS) if of_purchases else None
    kind = random.choice((None, None, "CONSUMER", "BUSINESS"))
    return Rule(code, window, count, kind, category, enabled=random.random() < 0.8)
