"""Whether customers agree to hear from the business: what is recorded and refused, and how it stands at any moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from api.domain.consents import CHANNELS
from tests.given import Given, Made
from tests.plan.population_consents import MOMENTS, populate_consents
from tests.reads.recommending import DAY, NOW, Shop, open_shop
from tests.writes.changes import new_key

pytestmark = pytest.mark.anyio

INSTANT = timedelta(microseconds=1)
CONSENTS = "marketingConsents { channel state since until source }"
RECORD = f"""mutation ($input: RecordMarketingConsentInput!) {{ recordMarketingConsent(input: $input) {{
  customer {{ id {CONSENTS} }} userErrors {{ code field message }} idempotency {{ replayed }} }} }}"""
READ = f"""query ($id: ID!, $asOf: DateTime, $knownAt: DateTime) {{
  customer(by: {{ id: $id }}, asOf: $asOf, knownAt: $knownAt) {{ {CONSENTS} }} }}"""
FOUND = """query ($in: [MarketingChannel!], $asOf: DateTime, $knownAt: DateTime) {
  customers(first: 100, filter: { hasMarketingConsent: $in }, asOf: $asOf, knownAt: $knownAt) { nodes {
    id marketingConsents { channel state since until source } } } }"""
SAVE = "mutation ($input: SetSegmentInput!) { setSegment(input: $input) { segment { id } userErrors { message } } }"
BECAUSE = "query ($id: ID!) { customer(by: { id: $id }) { segments(first: 9) { nodes { because } } } }"


@pytest.fixture(scope="module")
async def shop(module_database_url: str) -> AsyncIterator[Shop]:
    async with open_shop(module_database_url) as opened:
        yield opened


def decision(whose: Made, **more: Any) -> dict[str, Any]:
    """Return the input of recordMarketingConsent, by default of an agreement to e-mail."""
    key, dry_run = more.pop("key", None) or new_key(), more.pop("dry_run", False)
    known = {"customer": {"id": whose.id}, "channel": "EMAIL", "decision": "GRANTED", "source": "Form at the checkout"}
    return {"idempotencyKey": key, "consent": known | more, **({"dryRun": True} if dry_run else {})}


async def recorded(shop: Shop, whose: Made, **more: Any) -> Any:
    """Return what became of recordMarketingConsent."""
    return (await shop.ask(RECORD, input=decision(whose, **more)))["recordMarketingConsent"]


async def read(shop: Shop, customer: Made, channel: str = "EMAIL", **clocks: datetime) -> Any:
    """Return how a customer stands to a channel now, or with other clocks."""
    told: dict[str, Any] = {name: moment.isoformat() for name, moment in clocks.items()}
    answer = await shop.ask(READ, id=customer.id, **told)
    return next(each for each in answer["customer"]["marketingConsents"] if each["channel"] == channel)


def wire(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


async def test_a_customer_agrees_takes_it_back_and_agrees_again(shop):
    customer, key = await shop.given.customer(), new_key()
    nothing = {"state": "UNKNOWN", "since": None, "until": None, "source": None}
    assert [each for channel in CHANNELS for each in [await read(shop, customer, channel)]] == [
        {"channel": channel, **nothing} for channel in CHANNELS
    ]
    given_at, withdrawn_at = NOW - 9 * DAY, NOW - 5 * DAY
    granted = await recorded(shop, customer, key=key, decidedAt=wire(given_at), source=" Fair in Bonn ")
    assert (granted["userErrors"], granted["idempotency"]) == ([], {"replayed": False})
    first = {"channel": "EMAIL", "state": "GRANTED", "since": wire(given_at), "until": None, "source": "Fair in Bonn"}
    assert granted["customer"] == {
        "id": customer.id,
        "marketingConsents": [first, *({"channel": channel, **nothing} for channel in CHANNELS[1:])],
    }
    again = await recorded(shop, customer, key=key, decidedAt=wire(given_at), source=" Fair in Bonn ")
    assert again["idempotency"] == {"replayed": True}
    taken_back = {"decision": "WITHDRAWN", "decidedAt": wire(withdrawn_at), "source": "Link in a letter"}
    tried = await recorded(shop, customer, dry_run=True, **taken_back)
    assert tried["customer"]["marketingConsents"][0]["state"] == "WITHDRAWN"
    assert (await read(shop, customer))["state"] == "GRANTED"
    await recorded(shop, customer, **taken_back)
    assert (await read(shop, customer))["since"] == wire(withdrawn_at)
    # What is told late does not undo what was decided later.
    await recorded(shop, customer, decidedAt=wire(withdrawn_at - DAY))
    assert (await read(shop, customer))["state"] == "WITHDRAWN"
    await recorded(shop, customer)
    states = [(await read(shop, customer, asOf=at))["state"] for at in (given_at, withdrawn_at - INSTANT, withdrawn_at)]
    assert (states, (await read(shop, customer))["state"]) == (["GRANTED", "GRANTED", "WITHDRAWN"], "GRANTED")
    assert await shop.given.connection.fetchval("SELECT count(*) FROM marketing_consents") == 4


async def test_consent_for_a_time_is_over_at_its_end_and_not_before(shop):
    customer, end = await shop.given.customer(), NOW - DAY
    await recorded(shop, customer, channel="SMS", decidedAt=wire(NOW - 2 * DAY), expiresAt=wire(end))
    before, over = [await read(shop, customer, "SMS", asOf=moment) for moment in (end - INSTANT, end)]
    assert (before["state"], before["since"], before["until"]) == ("GRANTED", wire(NOW - 2 * DAY), wire(end))
    assert (over["state"], over["since"], over["until"]) == ("EXPIRED", wire(end), None)
    assert over["source"] == "Form at the checkout"
    found = [await shop.ask(FOUND, **{"in": ["SMS"]}, asOf=wire(moment)) for moment in (end - INSTANT, end)]
    assert [customer.id in {each["id"] for each in of["customers"]["nodes"]} for of in found] == [True, False]


WRONG: dict[str, tuple[dict[str, Any], str, str, str]] = {
    # what is wrong: consent, code, path below `input.consent`, words of the message
    "over before it began": ({"expiresAt": wire(NOW - INSTANT)}, "OUT_OF_RANGE", "expiresAt", "after it was given"),
    "over as it began": ({"expiresAt": wire(NOW)}, "OUT_OF_RANGE", "expiresAt", "after it was given"),
    "in the future": ({"decidedAt": wire(NOW + timedelta(minutes=6))}, "OUT_OF_RANGE", "decidedAt", "future"),
    "a no with an end": (
        {"decision": "WITHDRAWN", "expiresAt": wire(NOW + DAY)},
        *("INVALID", "expiresAt", "leave this out"),
    ),
    "no source": ({"source": " \u200b"}, "BLANK", "source", "not be empty"),
    "a long source": ({"source": "x" * 201}, "TOO_LONG", "source", "200 characters"),
    "NUL": ({"source": "a\0b"}, "INVALID", "source", "cannot be kept"),
    "nobody": ({"customer": {"email": "nobody@example.com"}}, "NOT_FOUND", "customer", "setCustomer"),
}


async def test_bad_decisions_have_one_code_each_and_leave_nothing(shop):
    customer = await shop.given.customer()
    for name, (more, code, field, words) in WRONG.items():
        answer = await recorded(shop, customer, **more)
        (error,) = answer["userErrors"]
        assert (error["code"], error["field"]) == (code, ["input", "consent", *field.split(".")]), name
        assert words in error["message"], name
        assert answer["customer"] is None
    assert (await read(shop, customer))["state"] == "UNKNOWN"


@pytest.mark.parametrize(
    "columns",
    [
        {"channel": "PIGEON"},
        {"decision": "MAYBE"},
        {"expires_at": NOW},
        {"decision": "WITHDRAWN", "expires_at": NOW + DAY},
        {"source": None},
    ],
    ids=" ".join,
)
async def test_the_database_refuses_what_cannot_be(shop, columns):
    customer = await shop.given.customer()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await shop.given.consent(customer, at=NOW, **columns)


async def test_a_customer_decides_for_themselves_alone(shop):
    ann, ben = await shop.given.customer(), await shop.given.customer()
    own = Shop(shop.ask.as_customer(ann.key), shop.given)
    assert (await recorded(own, ann))["customer"]["marketingConsents"][0]["state"] == "GRANTED"
    refused = (await recorded(own, ben, decision="WITHDRAWN"))["userErrors"]
    assert [(error["code"], error["field"]) for error in refused] == [("NOT_FOUND", ["input", "consent", "customer"])]
    assert (await read(own, ann))["state"] == "GRANTED"
    assert await own.ask(READ, id=ben.id) == {"customer": None}
    assert (await read(shop, ben))["state"] == "UNKNOWN"


async def merge(given: Given, merged: Made, survivor: Made) -> None:
    statement = "UPDATE customers SET merged_into = $1 WHERE customer_id = $2"
    await given.connection.execute(statement, survivor.key, merged.key)


async def test_of_a_customer_merged_away_only_what_they_took_back_counts(shop):
    ann, former = await shop.given.customer(), await shop.given.customer()
    await shop.given.consent(ann, "EMAIL", at=NOW - 9 * DAY)
    await shop.given.consent(former, "EMAIL", at=NOW - 8 * DAY, granted=False)
    await shop.given.consent(former, "SMS", at=NOW - 8 * DAY)
    await merge(shop.given, former, ann)
    own = Shop(shop.ask.as_customer(ann.key), shop.given)
    for seen in (shop, own):
        assert ((await read(seen, ann))["state"], (await read(seen, ann, "SMS"))["state"]) == ("WITHDRAWN", "UNKNOWN")
    assert (await read(shop, ann, asOf=NOW - 8 * DAY - INSTANT))["state"] == "GRANTED"
    # Whoever asked the one person that there is now may rely on the answer.
    await shop.given.consent(ann, "EMAIL", at=NOW - DAY)
    assert (await read(own, ann))["state"] == "GRANTED"


async def test_a_segment_says_by_which_ways_its_members_agree(shop):
    both, none = await shop.given.customer(tags=["told"]), await shop.given.customer(tags=["told"])
    for channel in ("EMAIL", "POST"):
        await shop.given.consent(both, channel)
    asked = {"hasMarketingConsent": ["EMAIL", "SMS", "POST"]}
    each = {"and": [{"hasMarketingConsent": [channel]} for channel in ("EMAIL", "POST")]}
    for name, condition in (("Agreeing", asked), ("Each", each), ("Others", {"not": asked})):
        conditions = {"tags": ["told"], **condition}
        given = {"idempotencyKey": new_key(), "name": name, "filter": conditions}
        assert (await shop.ask(SAVE, input=given))["setSegment"]["userErrors"] == []
    told = [(await shop.ask(BECAUSE, id=each.id))["customer"]["segments"]["nodes"] for each in (both, none)]
    assert told == [
        [
            {"because": ["Has the label told.", "Agrees to be reached by email and post."]},
            {"because": ["Agrees to be reached by email.", "Agrees to be reached by post.", "Has the label told."]},
        ],
        [{"because": ["Agrees to none of these ways.", "Has the label told."]}],
    ]


def expected(
    decisions: Iterable[Any], whose: Made, merged: set[Any], channel: str, at: datetime, known: datetime
) -> Any:
    """Return how a customer stands to a channel, worked out without the application."""
    seen = [
        each
        for each in decisions
        if each["channel"] == channel and each["decided_at"] <= at and each["recorded_at"] <= known
        if each["customer_id"] == whose.key or (each["customer_id"] in merged and each["decision"] == "WITHDRAWN")
    ]
    if not seen:
        return {"channel": channel, "state": "UNKNOWN", "since": None, "until": None, "source": None}
    last = max(seen, key=lambda each: (each["decided_at"], each["decision"] == "WITHDRAWN", each["consent_id"]))
    end = last["expires_at"]
    is_over = end is not None and end <= at
    return {
        "channel": channel,
        "state": "EXPIRED" if is_over else last["decision"],
        "since": wire(end if is_over else last["decided_at"]),
        "until": wire(end) if end and not is_over else None,
        "source": last["source"],
    }


async def test_it_stands_as_in_plain_python_at_every_moment_and_the_filter_finds_the_same(shop):
    random, given = Random(23), shop.given
    people = [await given.customer(created_at=MOMENTS[0]) for _ in range(16)]
    await populate_consents(given, random, people * 2)
    for merged, survivor in ((people[1], people[0]), (people[2], people[0]), (people[4], people[3])):
        await merge(given, merged, survivor)
    decisions = await given.connection.fetch("SELECT * FROM marketing_consents")
    into = {each.key: set() for each in people} | {
        people[0].key: {people[1].key, people[2].key},
        people[3].key: {people[4].key},
    }
    states = set()
    for at in (*MOMENTS[1::2], MOMENTS[-1] + 300 * DAY):
        for known in (at, at + 20 * DAY, at + 40 * DAY):
            told = {
                each.id: [expected(decisions, each, into[each.key], channel, at, known) for channel in CHANNELS]
                for each in people
            }
            asked = random.sample(CHANNELS, random.randint(1, 3))
            agreeing = {
                key
                for key, rows in told.items()
                if any(r["state"] == "GRANTED" and r["channel"] in asked for r in rows)
            }
            answer = await shop.ask(FOUND, asOf=wire(at), knownAt=wire(known))
            found = {each["id"]: each["marketingConsents"] for each in answer["customers"]["nodes"]}
            assert {key: found[key] for key in told} == told
            answer = await shop.ask(FOUND, **{"in": asked}, asOf=wire(at), knownAt=wire(known))
            assert {each["id"] for each in answer["customers"]["nodes"]} & told.keys() == agreeing
            states |= {row["state"] for rows in told.values() for row in rows}
    assert states == {"GRANTED", "WITHDRAWN", "EXPIRED", "UNKNOWN"}
