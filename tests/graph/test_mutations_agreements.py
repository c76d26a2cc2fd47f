"""What holds of every change of a support plan or a contract: tried, repeated, asked for by a stranger, and counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.asking import Ask
from tests.writes.agreements import (
    CANCEL,
    ENROLL,
    RENEW,
    SIGN,
    TERMINATE,
    USE,
    cancellation,
    contract,
    enrollment,
    money,
    renewal,
    termination,
    use,
)
from tests.writes.changes import counts, new_key

pytestmark = pytest.mark.anyio

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
TABLES = ("support_plans", "support_usages", "contracts", "customers")
CHANGES: dict[str, tuple[str, Any]] = {
    "enrollSupportPlan": (
        ENROLL,
        lambda plan, made: enrollment(paid=True, price=money("5"), externalId={"source": "desk", "value": "2"}),
    ),
    "useSupportAllowance": (USE, lambda plan, made: use(plan, note="Fire")),
    "cancelSupportPlan": (CANCEL, lambda plan, made: cancellation(plan)),
    "signContract": (SIGN, lambda plan, made: contract(autoRenew=True, externalId={"source": "crm", "value": "2"})),
    "renewContract": (RENEW, lambda plan, made: renewal(made, value=money("7"))),
    "terminateContract": (TERMINATE, lambda plan, made: termination(made, penalty=money("1"))),
}
SHOWN = {"enrollment", "usage", "contract"}


@pytest.fixture
async def made(ask, given):
    """A support plan and a contract of Ann's; the time is 1 June 2025, noon."""
    ask.now = NOW
    ann = await given.customer(first_name="Ann", email="ann@example.com")
    plan = await given.support_plan(ann, included_incidents=3)
    return plan.id, (await given.contract(ann)).id


async def everything(connection):
    """Return the rows of all tables that such a change may touch."""
    return [await connection.fetch(f"SELECT t::text FROM {table} AS t ORDER BY 1") for table in TABLES]


def without_ids(payload):
    """Return what a payload shows, without what is new in every run."""
    fresh = {"id", "number", "idempotency"}
    if isinstance(payload, dict):
        return {name: without_ids(part) for name, part in payload.items() if name not in fresh}
    return [without_ids(part) for part in payload] if isinstance(payload, list) else payload


@pytest.mark.parametrize("mutation", CHANGES)
async def test_a_dry_run_answers_as_if_it_were_done_and_leaves_nothing(ask, given, made, mutation):
    document, sent = CHANGES[mutation][0], CHANGES[mutation][1](*made)
    before = await counts(given.connection), await everything(given.connection)
    tried = (await ask(document, input={**sent, "dryRun": True}))[mutation]
    assert (await counts(given.connection), await everything(given.connection)) == before
    done = (await ask(document, input=sent))[mutation]
    assert without_ids(tried) == without_ids(done)
    assert tried["userErrors"] == []
    assert (tried["idempotency"], done["idempotency"]) == (None, {"replayed": False})


@pytest.mark.parametrize("mutation", CHANGES)
async def test_a_repeat_is_answered_as_the_first_call_was_and_writes_nothing(ask, given, made, mutation):
    document, sent = CHANGES[mutation][0], CHANGES[mutation][1](*made)
    first = (await ask(document, input=sent))[mutation]
    rows = await counts(given.connection), await everything(given.connection)
    again = (await ask(document, input=sent))[mutation]
    assert again == first | {"idempotency": {"replayed": True}}
    assert (await counts(given.connection), await everything(given.connection)) == rows
    other = {**CHANGES[mutation][1](*reversed(made)), "idempotencyKey": sent["idempotencyKey"]}
    if "enrollmentId" in sent or "contractId" in sent:
        await ask(document, fails=True, input=other)
        assert ask.codes == ["IDEMPOTENCY_KEY_REUSED"]


@pytest.mark.parametrize("mutation", CHANGES)
async def test_a_refusal_is_repeated_as_well(ask, given, made, mutation):
    nothing = [f"{prefix}_00000000000070008000000000000000" for prefix in ("sup", "con")]
    document, sent = CHANGES[mutation][0], CHANGES[mutation][1](*nothing)
    for part in ("enrollment", "contract"):
        if part in sent:
            sent[part]["customer"] = {"email": "nobody@example.com"}
    first = (await ask(document, input=sent))[mutation]
    assert [error["code"] for error in first["userErrors"]] == ["NOT_FOUND"]
    await given.customer(email="nobody@example.com")
    assert (await ask(document, input=sent))[mutation] == first | {"idempotency": {"replayed": True}}


@pytest.mark.parametrize("mutation", CHANGES)
async def test_what_belongs_to_another_customer_is_as_if_it_were_missing(ask, given, made, mutation):
    document, sent = CHANGES[mutation][0], CHANGES[mutation][1](*made)
    stranger = ask.as_customer(UUID(int=1))
    before = await everything(given.connection)
    answer = (await stranger(document, input=sent))[mutation]
    assert [error["code"] for error in answer["userErrors"]] == ["NOT_FOUND"]
    assert [answer[part] for part in SHOWN & answer.keys()] == [None] * len(SHOWN & answer.keys())
    assert await everything(given.connection) == before
    owner = await given.connection.fetchval("SELECT customer_id FROM contracts")
    own = (await ask.as_customer(owner)(document, input=sent | {"idempotencyKey": new_key()}))[mutation]
    assert own["userErrors"] == []


# Beside other changes, and in the customer's turn, the standing is worked out.
STANDING = ["SELECT", "SELECT", "WITH"]
WRITES = {
    # The key is taken; the customer is found, or the newest version locked, or what was used added up; a version or a
    # number is added; the outcome is kept.
    "enrollSupportPlan": ["INSERT", "SELECT", "INSERT", *STANDING, "UPDATE"],
    "useSupportAllowance": ["INSERT", "SELECT", "SELECT", "INSERT", "UPDATE"],
    "cancelSupportPlan": ["INSERT", "SELECT", "WITH", *STANDING, "UPDATE"],
    "signContract": ["INSERT", "SELECT", "SELECT", "INSERT", *STANDING, "UPDATE"],
    "renewContract": ["INSERT", "SELECT", "WITH", *STANDING, "UPDATE"],
    "terminateContract": ["INSERT", "SELECT", "WITH", *STANDING, "UPDATE"],
}


@pytest.mark.parametrize("mutation", CHANGES)
async def test_how_many_statements_a_change_costs(ask: Ask, given, made, mutation):
    document = (
        f"mutation ($input: {mutation[0].upper()}{mutation[1:]}Input!) {{ {mutation}(input: $input) {{ __typename }} }}"
    )
    warm = {"enrollSupportPlan": ENROLL, "signContract": SIGN}
    await ask(warm.get(mutation, ENROLL), input=contract() if mutation == "signContract" else enrollment())
    await ask(document, input=CHANGES[mutation][1](*made))
    assert [text.split()[0] for text in ask.statements] == WRITES[mutation]


async def test_what_changed_is_read_back_with_its_customer_in_one_statement(ask, made):
    await ask(ENROLL, input=enrollment())
    await ask(USE, input=use(made[0]))
    assert len(ask.statements) - len(WRITES["useSupportAllowance"]) == 1
    await ask(RENEW, input=renewal(made[1]))
    assert len(ask.statements) - len(WRITES["renewContract"]) == 1


@pytest.mark.parametrize("name", ["contracts", "supportPlans"])
async def test_what_began_earlier_shows_that_the_customer_was_there(ask, given, name):
    await given.customer(email="ann@example.com", created_at=NOW)
    term = {"startAt": "2024-02-01T00:00:00Z", "endAt": "2027-02-01T00:00:00Z"}
    signed = contract(term=term, signedAt="2024-02-01T00:00:00Z")
    await ask(SIGN, input=signed) if name == "contracts" else await ask(ENROLL, input=enrollment(term=term))
    document = f"query ($at: DateTime) {{ {name}(asOf: $at) {{ nodes {{ customer {{ email }} }} }} }}"
    for moment, shown in (
        ("2024-02-01T00:00:00Z", [{"customer": {"email": "ann@example.com"}}]),
        ("2024-01-31T23:59:59Z", []),
    ):
        assert (await ask(document, at=moment))[name]["nodes"] == shown


@pytest.mark.parametrize("number", [0, 1])
async def test_who_expects_the_version_that_stands_changes_it_and_the_next_is_told_so(ask, made, number):
    document, sent = ((CANCEL, cancellation), (TERMINATE, termination))[number]
    later: Any = {("cancelAt", "terminateAt")[number]: "2025-07-01T00:00:00Z", "expectedVersion": 1}
    (first,) = (await ask(document, input=sent(made[number], **later))).values()
    assert first["userErrors"] == []
    (second,) = (await ask(document, input=sent(made[number], **later))).values()
    assert [(error["code"], error["currentVersion"]) for error in second["userErrors"]] == [("CONFLICT", 2)]
