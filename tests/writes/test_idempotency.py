"""Keys: their form and age, what they are bound to, what is kept with them and how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from strawberry import ID

from api.database import database as open_database
from api.errors import BadUserInput, IdempotencyKeyExpired
from api.graph.outcomes import plain
from api.graph.purchases import BatchErrorPolicy, RecordPurchasesInput
from api.writes import idempotency
from api.writes.change import Business, Outcome
from api.writes.idempotency import KEPT_FOR, check_key, forget_expired
from api.writes.once import once
from tests.writes.changes import (
    NOW,
    RECORD_PURCHASE,
    RECORD_PURCHASES,
    SET_CUSTOMER,
    batch,
    customer,
    line,
    new_key,
    one_purchase,
    purchase,
    record,
    request,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ann(given):
    """A customer who buys."""
    return await given.customer(first_name="Ann", email="ann@example.com")


def uuid7(age: timedelta) -> UUID:
    """Return a UUIDv7 made some time before NOW."""
    milliseconds = int((NOW - age).timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | 5)


@pytest.mark.parametrize(
    "key",
    ["", "short", "x" * 15, "x" * 129, "k" * 16 + " ", "key with spaces in it", "schlüssel-schlüssel", "k" * 16 + "\n"],
    ids=repr,
)
def test_a_key_of_another_form_is_refused(key):
    with pytest.raises(BadUserInput, match="16 to 128"):
        check_key(key, NOW)


@pytest.mark.parametrize("key", ["x" * 16, "x" * 128, "A.b_C:d-0123456789", str(UUID(int=7)), "f" * 32])
def test_a_key_of_its_form_is_taken(key):
    check_key(key, NOW)


def test_a_key_that_says_when_it_was_made_expires_with_what_is_kept():
    for key in (uuid7(KEPT_FOR), uuid7(-timedelta(days=1))):
        check_key(str(key), NOW)
    old = uuid7(KEPT_FOR + timedelta(milliseconds=1))
    for text in (str(old), old.hex, str(old).upper()):
        with pytest.raises(IdempotencyKeyExpired):
            check_key(text, NOW)


async def test_an_expired_key_records_nothing(ask, given, ann):
    ask.now = NOW
    await ask(RECORD_PURCHASE, fails=True, input=one_purchase(key=str(uuid7(timedelta(days=31)))))
    assert ask.codes == ["IDEMPOTENCY_KEY_EXPIRED"]
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 0


SENT: Any = {
    "customer": {"email": "ann@example.com"},
    "placedAt": "2025-06-01T09:00:00Z",
    "lines": [{"sku": "TEA", "name": "Tea", "quantity": 1, "unitPrice": {"amount": "8.50", "currencyCode": "EUR"}}],
}
SAID_OTHERWISE = {
    "order of fields": {
        "lines": [{"unitPrice": {"currencyCode": "EUR", "amount": "8.50"}, "quantity": 1, "name": "Tea", "sku": "TEA"}],
        "placedAt": "2025-06-01T09:00:00Z",
        "customer": {"email": "ann@example.com"},
    },
    "zeros": {**SENT, "lines": [{**SENT["lines"][0], "unitPrice": {"amount": "8.5", "currencyCode": "EUR"}}]},
    "offset": {**SENT, "placedAt": "2025-06-01T11:00:00.000+02:00"},
    "capitals of a currency": {
        **SENT,
        "lines": [{**SENT["lines"][0], "unitPrice": {"amount": "8.500", "currencyCode": "eur"}}],
    },
}
SAID_ANEW = {
    "price": {**SENT, "lines": [{**SENT["lines"][0], "unitPrice": {"amount": "8.51", "currencyCode": "EUR"}}]},
    "order of lines": {**SENT, "lines": [*SENT["lines"], {**SENT["lines"][0], "quantity": 2}]},
    "moment": {**SENT, "placedAt": "2025-06-01T09:00:00.000001Z"},
    "null": {**SENT, "externalId": None},
    "customer": {**SENT, "customer": {"phone": "+4930123456"}},
}


@pytest.mark.parametrize("said", SAID_OTHERWISE)
@pytest.mark.parametrize("default", [{}, {"dryRun": False}, {"dryRun": None}], ids=["left out", "default", "null"])
async def test_the_same_input_said_otherwise_is_the_same_change(ask, given, ann, said, default):
    key = new_key()
    for sent in (SENT, SAID_OTHERWISE[said]):
        answer = await ask(RECORD_PURCHASE, input={"idempotencyKey": key, "purchase": sent, **default})
        default = {"dryRun": False}
    assert answer["recordPurchase"]["idempotency"] == {"key": key, "replayed": True}
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 1


@pytest.mark.parametrize("said", SAID_ANEW)
async def test_another_input_is_another_change(ask, given, ann, said):
    key = new_key()
    await ask(RECORD_PURCHASE, input={"idempotencyKey": key, "purchase": SENT})
    await ask(RECORD_PURCHASE, fails=True, input={"idempotencyKey": key, "purchase": SAID_ANEW[said]})
    assert ask.codes == ["IDEMPOTENCY_KEY_REUSED"]
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 1


async def test_a_key_is_bound_to_its_mutation(ask, ann):
    key = new_key()
    await ask(RECORD_PURCHASE, input=one_purchase(key=key))
    await ask(RECORD_PURCHASES, fails=True, input=batch(purchase(), key=key))
    assert ask.codes == ["IDEMPOTENCY_KEY_REUSED"]


def test_what_is_meant_anyway_and_the_order_of_fields_do_not_count():
    """Else a release that adds a field with a default, or moves one, would refuse repeats of earlier calls."""
    usual: Any = {"dry_run": False, "error_policy": BatchErrorPolicy.REJECT_FAILED_ROWS}
    sent: Any = {"idempotency_key": ID("a-key-of-somebody"), "purchases": []}
    bare = {"idempotency_key": "a-key-of-somebody", "purchases": []}
    assert plain(RecordPurchasesInput(**sent)) == plain(RecordPurchasesInput(**sent, **usual)) == bare
    other = RecordPurchasesInput(**sent, error_policy=BatchErrorPolicy.REJECT_EVERYTHING)
    assert plain(other) == bare | {"error_policy": "REJECT_EVERYTHING"}
    business = Business("EUR", ZoneInfo("UTC"), b"secret")
    moved = dict(reversed(bare.items()))
    assert list(moved) != list(bare)
    assert request("k", bare).fingerprint(business) == request("k", moved).fingerprint(business)
    assert request("k", bare).fingerprint(business) != request("k", bare | {"x": 1}).fingerprint(business)


async def test_nothing_personal_is_kept_with_a_key(ask, given, ann):
    private = "+4930555123 Mustermann grace@example.com Acme crm-4711"
    await ask(
        SET_CUSTOMER,
        input=customer(
            {"externalId": {"source": "crm", "value": "crm-4711"}},
            lastName="Mustermann",
            email="grace@example.com",
            phone="+4930555123",
            companyName="Acme",
        ),
    )
    wrongs: list[Any] = [{"email": "grace@example.com"}, {"phone": "+4930555123"}, {"lastName": "Mustermann" * 21}]
    for wrong in wrongs:
        refused = await ask(SET_CUSTOMER, input=customer({"id": ann.id}, **wrong))
        assert refused["setCustomer"]["userErrors"]
    await ask(RECORD_PURCHASE, input=one_purchase(line(name=None), customer={"email": "grace@example.com"}))
    kept = [str(row) for row in await given.connection.fetch("SELECT * FROM idempotency")]
    assert len(kept) == 5
    assert not [word for word in private.split() for row in kept if word in row]
    assert all(len(row["fingerprint"]) == 32 for row in await given.connection.fetch("SELECT * FROM idempotency"))


async def test_a_fingerprint_is_keyed_by_a_secret_of_the_business(database, given, ann):
    await record(database, new_key())
    before = await given.connection.fetchval("SELECT fingerprint FROM idempotency")
    await given.connection.execute("UPDATE business SET fingerprint_key = sha256('other')")
    await given.connection.execute("DELETE FROM idempotency")
    await record(database, new_key())
    assert await given.connection.fetchval("SELECT fingerprint FROM idempotency") != before


async def test_keys_are_forgotten_after_thirty_days_and_not_before(database, given, ann, monkeypatch):
    keys = [new_key() for _ in range(4)]
    for key in keys:
        await record(database, key, external_id=key)
    aged = "UPDATE idempotency SET created_at = $1 WHERE key = ANY ($2)"
    await given.connection.execute(aged, NOW - KEPT_FOR, keys[2:3])
    await given.connection.execute(aged, NOW - KEPT_FOR - timedelta(microseconds=1), keys[:2])
    await given.connection.execute(aged, NOW, keys[3:])
    assert await forget_expired(database, NOW) == 2
    assert await forget_expired(database, NOW) == 0
    assert {row[0] for row in await given.connection.fetch("SELECT key FROM idempotency")} == set(keys[2:])
    # The business's own identifier still keeps the order single.
    again = await record(database, keys[0], external_id=keys[0])
    assert again.outcomes[0].errors[0].code.value == "TAKEN"


async def test_keys_are_forgotten_in_portions(database, given, ann):
    await given.connection.execute(
        "INSERT INTO idempotency (principal, key, mutation, fingerprint, created_at)"
        " SELECT 'app:local', 'key-that-is-too-old-' || n, 'recordPurchase', '', $1 FROM generate_series(1, $2) AS n",
        NOW - timedelta(days=40),
        idempotency.FORGOTTEN_AT_ONCE + 1,
    )
    database.statements = []
    assert await forget_expired(database, NOW) == idempotency.FORGOTTEN_AT_ONCE + 1
    assert len(await database.told()) == 2


async def test_behind_a_pooler_every_change_still_has_its_time_limits(database_url, given):
    await given.customer(email="ann@example.com")
    seen = {}

    async def look(change):
        for name in ("lock_timeout", "statement_timeout", "synchronous_commit", "transaction_isolation"):
            seen[name] = await change.connection.fetchval(f"SELECT current_setting('{name}')")
        return [Outcome({})]

    async with open_database(database_url, behind_pooler=True, lock_timeout=1.5, write_timeout=7) as pooled:
        await once(pooled, request(new_key()), look)
        async with pooled.connection() as other:
            assert await other.fetchval("SHOW lock_timeout") == "0", "a setting outlived its transaction"
    assert seen == {
        "lock_timeout": "1500ms",
        "statement_timeout": "7s",
        "synchronous_commit": "on",
        "transaction_isolation": "read committed",
    }
