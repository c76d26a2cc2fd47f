"""What the database says of a contract's terms, beside the same worked out in Python from one term to the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from api.domain.calendar import Duration

pytestmark = pytest.mark.anyio

BERLIN = ZoneInfo("Europe/Berlin")
LENGTHS = [
    Duration(1),
    Duration(12),
    Duration(1, 15),
    Duration(days=1),
    Duration(days=1, minutes=90),
    Duration(months=3),
]
ENDS = ("term_ends_at", "terminate_at")
LOOK = """query ($asOf: DateTime) { contracts(first: 100, asOf: $asOf) { nodes {
  id status term { startAt endAt } renewalAt value { amount } } } }"""


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def agreed(random: Random) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the first version of a contract, and its changes: perhaps renewed, perhaps terminated."""
    start = datetime(2023, 1, 31, 23, 30, tzinfo=UTC) + timedelta(days=random.randrange(60))
    first: dict[str, Any] = {
        "starts_at": start,
        "term_ends_at": start + timedelta(days=random.choice((1, 28, 90))),
        "auto_renew": random.random() < 0.7,
        "renewal_interval": random.choice(LENGTHS),
    }
    changes: list[dict[str, Any]] = []
    if random.random() < 0.5:
        begins = running(first, first["term_ends_at"] - timedelta(hours=1))[1]
        renewed = {"term_starts_at": begins, "term_ends_at": begins + timedelta(days=45), "value": Decimal(1300)}
        changes.append({"change": "RENEWED", "changed_at": start, **renewed})
    if random.random() < 0.5:
        last = (changes[-1] if changes else first)["term_ends_at"]
        later = timedelta(days=random.randrange(200)) if first["auto_renew"] else timedelta(0)
        end = {"terminate_at": last + later, "termination_reason": "Moved"}
        changes.append({"change": "TERMINATED", "changed_at": start, **end})
    return first, changes


def running(version: dict[str, Any], moment: datetime) -> tuple[datetime, datetime]:
    """Return the term of a version that runs at a moment, going from one to the next."""
    start, end, number = version.get("term_starts_at", version["starts_at"]), version["term_ends_at"], 0
    length = version["renewal_interval"]
    while version["auto_renew"] and end <= moment:
        number += 1
        times = Duration(length.months * number, length.days * number, length.minutes * number)
        start, end = end, times.after(version["term_ends_at"], BERLIN)
    return start, end


def expected(first: dict[str, Any], changes: list[dict[str, Any]], moment: datetime) -> dict[str, Any]:
    """Return what a contract whose versions were all made at its start shows at a moment."""
    newest = first | {name: value for change in changes for name, value in change.items()}
    terminated = newest.get("terminate_at")
    ends_at = terminated or (None if newest["auto_renew"] else newest["term_ends_at"])
    seen = min(moment, ends_at - timedelta(microseconds=1)) if ends_at else moment
    shown = newest if newest.get("term_starts_at", newest["starts_at"]) <= seen else first
    start, end = running(shown, seen)
    next_end = running(newest, moment)[1]
    renews = newest["auto_renew"] and (terminated is None or next_end < terminated)
    early = terminated is not None and (newest["auto_renew"] or terminated < newest["term_ends_at"])
    over = "CANCELLED" if early else "EXPIRED"
    return {
        "status": over if ends_at and ends_at <= moment else "ACTIVE",
        "term": {"startAt": instant(start), "endAt": instant(end)},
        "renewalAt": instant(next_end) if renews else None,
        "value": {"amount": f"{shown.get('value', Decimal(1200))}.00"},
    }


async def test_terms_are_what_they_are_from_one_to_the_next(ask, given):
    random = Random(2026)
    customer, made = await given.customer(), {}
    async with given.standing_at_the_end():
        for _ in range(100):
            first, changes = agreed(random)
            contract = await given.contract(customer, *changes, **first)
            made[contract.id] = (first, changes)
    edges = [
        version[name] for one in made.values() for version in (one[0], *one[1]) for name in ENDS if name in version
    ]
    moments = [random.choice(edges) - timedelta(microseconds=random.choice((0, 1))) for _ in range(30)]
    moments += [datetime(2023, 4, 5, tzinfo=UTC) + timedelta(days=random.randrange(1200)) for _ in range(30)]
    met = set()
    for moment in moments:
        for node in (await ask(LOOK, asOf=instant(moment)))["contracts"]["nodes"]:
            wanted = expected(*made[node["id"]], moment)
            assert node == {"id": node["id"], **wanted}, (moment, made[node["id"]])
            met.add((node["status"], node["renewalAt"] is None, node["value"]["amount"]))
    assert len(met) >= 7, "contracts in every state were seen"
