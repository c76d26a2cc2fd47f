"""What customers say: what is recorded, what is refused, and what follows on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from tests.writes.changes import new_key

pytestmark = pytest.mark.anyio

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
NOTHING = "ord_00000000000070008000000000000000"
SUBMIT = """mutation ($input: SubmitFeedbackInput!) { submitFeedback(input: $input) {
  feedback { id kind score scaleMin scaleMax reasonCodes comment submittedAt status answersSurvey
    about { __typename id } externalId { source value } customer { id } }
  customer { id satisfaction { nps latestNps averageCsat responses trend openComplaints } }
  customerBefore { satisfaction { nps latestNps responses } }
  userErrors { code field message } idempotency { key replayed } } }"""
REPLY = """mutation ($input: ReplyToFeedbackInput!) { replyToFeedback(input: $input) {
  feedback { status } reply { id author text repliedAt feedback { id } } userErrors { code field message } } }"""
RESOLVE = """mutation ($input: ResolveComplaintInput!) { resolveComplaint(input: $input) {
  feedback { status resolvedAt resolution replies { nodes { text author } } }
  customer { satisfaction { openComplaints } } userErrors { code field message } } }"""


def feedback(kind: str = "NPS", score: int | None = None, email: str = "ann@example.com", **more: Any) -> Any:
    """Return the input of submitFeedback."""
    key, dry_run = more.pop("key", None) or new_key(), more.pop("dry_run", False)
    scored = {} if score is None else {"score": score}
    tried = {"dryRun": True} if dry_run else {}
    return {"idempotencyKey": key, "feedback": {"customer": {"email": email}, "kind": kind, **scored, **more}, **tried}


@pytest.fixture
async def ann(ask, given):
    """A customer who can be named by e-mail, on 1 June 2025."""
    ask.now = NOW
    return await given.customer(first_name="Ann", email="ann@example.com")


async def test_a_score_is_recorded_and_satisfaction_moves(ask, ann, given):
    order = await given.order(ann, 10)
    first = (await ask(SUBMIT, input=feedback(score=6, submittedAt="2025-05-01T00:00:00Z")))["submitFeedback"]
    assert first["userErrors"] == []
    more = {"aboutId": order.id, "comment": " Quick ", "reasonCodes": ["SPEED", "PRICE", "SPEED"]}
    more["externalId"] = {"source": "surveys", "value": "7"}
    answer = (await ask(SUBMIT, input=feedback(score=9, **more)))["submitFeedback"]
    assert answer["userErrors"] == []
    found = answer["feedback"]
    assert {name: found[name] for name in ("kind", "score", "scaleMin", "scaleMax", "comment", "reasonCodes")} == {
        "kind": "NPS",
        "score": 9,
        "scaleMin": 0,
        "scaleMax": 10,
        "comment": "Quick",
        "reasonCodes": ["SPEED", "PRICE"],
    }
    assert found["about"] == {"__typename": "Order", "id": order.id}
    assert found["externalId"] == {"source": "surveys", "value": "7"}
    assert found["submittedAt"] == "2025-06-01T12:00:00.000000Z"
    assert (found["status"], found["answersSurvey"]) == (None, False)
    assert found["customer"]["id"] == answer["customer"]["id"] == ann.id
    before = answer["customerBefore"]["satisfaction"]
    assert before == {"nps": "DETRACTOR", "latestNps": 6, "responses": 1}
    after = answer["customer"]["satisfaction"]
    assert (after["nps"], after["latestNps"], after["responses"]) == ("PROMOTER", 9, 2)


async def test_it_is_about_what_the_customer_has_or_any_product(ask, ann, given):
    order = await given.order(ann, 10)
    made = {
        "Order": order,
        "Product": await given.product("CUP"),
        "CustomerSubscription": await given.subscription(ann, {"change": "RENEWED", "changed_at": NOW}),
        "SupportPlanEnrollment": await given.support_plan(ann),
        "Contract": await given.contract(ann),
    }
    for name, subject in made.items():
        answer = (await ask(SUBMIT, input=feedback("REVIEW", 4, aboutId=subject.id)))["submitFeedback"]
        assert answer["feedback"]["about"] == {"__typename": name, "id": subject.id}
    kept = await given.connection.fetch(
        "SELECT num_nonnulls(order_id, product_id, subscription_id, support_plan_id, contract_id) AS n FROM feedback"
    )
    assert [record["n"] for record in kept] == [1] * 5


WRONG: dict[str, tuple[dict[str, Any], str, str, str]] = {
    # what is wrong: feedback, code, path below `input.feedback`, words of the message
    "no score": ({"kind": "NPS"}, "BLANK", "score", "from 0 to 10"),
    "below its scale": ({"kind": "NPS", "score": -1}, "OUT_OF_RANGE", "score", "between 0 and 10"),
    "above its scale": ({"kind": "NPS", "score": 11}, "OUT_OF_RANGE", "score", "between 0 and 10"),
    "no satisfaction": ({"kind": "CSAT", "score": 0}, "OUT_OF_RANGE", "score", "between 1 and 5"),
    "too satisfied": ({"kind": "CSAT", "score": 6}, "OUT_OF_RANGE", "score", "between 1 and 5"),
    "too easy": ({"kind": "CES", "score": 8}, "OUT_OF_RANGE", "score", "between 1 and 7"),
    "six stars": ({"kind": "REVIEW", "score": 6}, "OUT_OF_RANGE", "score", "between 1 and 5"),
    "a scored complaint": ({"kind": "COMPLAINT", "score": 1, "comment": "x"}, "INVALID", "score", "leave it out"),
    "a scored comment": ({"kind": "COMMENT", "score": 1, "comment": "x"}, "INVALID", "score", "leave it out"),
    "a comment without words": ({"kind": "COMMENT", "reasonCodes": ["A"]}, "BLANK", "comment", "its words"),
    "an empty complaint": ({"kind": "COMPLAINT"}, "BLANK", "comment", "at least one reason"),
    "blank words": ({"kind": "COMMENT", "comment": " \u200b"}, "BLANK", "comment", "not be empty"),
    "many words": ({"kind": "COMMENT", "comment": "x" * 2001}, "TOO_LONG", "comment", "2000 characters"),
    "NUL": ({"kind": "COMMENT", "comment": "a\0b"}, "INVALID", "comment", "cannot be kept"),
    "a reason in words": ({"reasonCodes": ["OK", "too late"], "score": 1}, "INVALID", "reasonCodes.1", "LATE_DELIVERY"),
    "many reasons": ({"reasonCodes": ["A"] * 21, "score": 1}, "LIMIT_EXCEEDED", "reasonCodes", "at most 20"),
    "in the future": ({"score": 1, "submittedAt": "2025-06-01T12:05:01Z"}, "OUT_OF_RANGE", "submittedAt", "future"),
    "nobody": ({"score": 1, "customer": {"email": "x@example.com"}}, "NOT_FOUND", "customer", "setCustomer"),
    "about nothing": ({"score": 1, "aboutId": NOTHING}, "NOT_FOUND", "aboutId", "of this customer"),
    "about no identifier": ({"score": 1, "aboutId": "a\0"}, "NOT_FOUND", "aboutId", "of this customer"),
    "about a customer": ({"score": 1, "aboutId": NOTHING.replace("ord", "cus")}, "NOT_FOUND", "aboutId", "of this"),
    "taken": ({"score": 1, "externalId": {"source": "a", "value": "1"}}, "TAKEN", "externalId", "recorded already"),
}


async def test_bad_feedback_has_one_code_each_and_leaves_nothing(ask, ann, given):
    other = await given.customer(email="bo@example.com")
    theirs = {
        "of somebody else": await given.order(other, 10),
        "a subscription of somebody else": await given.subscription(other),
        "a plan of somebody else": await given.support_plan(other),
        "a contract of somebody else": await given.contract(other),
    }
    foreign = {
        name: ({"score": 1, "aboutId": made.id}, "NOT_FOUND", "aboutId", "of this customer")
        for name, made in theirs.items()
    }
    await given.feedback(other, "CSAT", 3, source="a", external_id="1")
    for name, (wrong, code, path, words) in (WRONG | foreign).items():
        answer = (await ask(SUBMIT, input=feedback(**{"kind": "NPS", **wrong})))["submitFeedback"]
        (error,) = answer["userErrors"]
        assert (error["code"], error["field"]) == (code, ["input", "feedback", *path.split(".")]), name
        assert words in error["message"], name
        assert answer["feedback"] is answer["customer"] is None
    assert await given.connection.fetchval("SELECT count(*) FROM feedback") == 1


async def test_a_key_counts_once_and_a_dry_run_not_at_all(ask, ann, given):
    tried = (await ask(SUBMIT, input=feedback(score=10, dry_run=True)))["submitFeedback"]
    assert (tried["feedback"]["score"], tried["customer"]["satisfaction"]["nps"]) == (10, "PROMOTER")
    assert tried["customerBefore"]["satisfaction"]["nps"] is None
    assert await given.connection.fetchval("SELECT count(*) FROM feedback") == 0
    again = feedback(score=10)
    answers = [(await ask(SUBMIT, input=again))["submitFeedback"] for _ in range(2)]
    assert answers[0]["feedback"] == answers[1]["feedback"]
    assert [answer["idempotency"]["replayed"] for answer in answers] == [False, True]
    assert await given.connection.fetchval("SELECT count(*) FROM feedback") == 1


def answering(told: Any, **more: Any) -> Any:
    """Return the input of replyToFeedback or resolveComplaint."""
    return {"idempotencyKey": new_key(), "feedbackId": told if isinstance(told, str) else told.id, **more}


async def test_a_complaint_is_answered_and_settled(ask, ann, given):
    told = (await ask(SUBMIT, input=feedback("COMPLAINT", reasonCodes=["LATE"])))["submitFeedback"]
    complaint = told["feedback"]["id"]
    assert (told["feedback"]["status"], told["customer"]["satisfaction"]["openComplaints"]) == ("OPEN", 1)
    own = (await ask.as_customer(ann.key)(REPLY, input=answering(complaint, text="Still waiting")))["replyToFeedback"]
    assert (own["feedback"]["status"], own["reply"]["author"]) == ("OPEN", "CUSTOMER")
    ours = (await ask(REPLY, input=answering(complaint, text=" Sorry ")))["replyToFeedback"]
    assert ours["feedback"]["status"] == "ANSWERED"
    assert {**ours["reply"], "id": None} == {
        "id": None,
        "author": "BUSINESS",
        "text": "Sorry",
        "repliedAt": "2025-06-01T12:00:00.000000Z",
        "feedback": {"id": complaint},
    }
    settled = (await ask(RESOLVE, input=answering(complaint, note="Sent a new one")))["resolveComplaint"]
    assert settled["customer"]["satisfaction"]["openComplaints"] == 0
    assert settled["feedback"] == {
        "status": "RESOLVED",
        "resolvedAt": "2025-06-01T12:00:00.000000Z",
        "resolution": "Sent a new one",
        "replies": {
            "nodes": [{"text": "Still waiting", "author": "CUSTOMER"}, {"text": "Sorry", "author": "BUSINESS"}]
        },
    }
    before = 'query ($id: ID!) { node(id: $id, asOf: "2025-06-01T11:59:59Z") { id } }'
    assert await ask(before, id=complaint) == {"node": None}


async def test_steps_that_cannot_follow_are_refused_and_leave_nothing(ask, ann, given):
    other = await given.customer(email="bo@example.com")
    nps = await given.feedback(ann, "NPS", 3)
    done = await given.feedback(ann, "COMPLAINT")
    await given.resolution(ann, done)
    late = await given.feedback(ann, "COMPLAINT", at=datetime(2025, 5, 1, tzinfo=UTC))
    theirs = await given.feedback(other, "COMPLAINT")
    early, ahead = "2025-04-30T23:59:59Z", "2025-06-01T12:06:00Z"
    ours = ask.as_customer(ann.key)
    for asker, mutation, given_input, code, field in (
        (ask, RESOLVE, answering(nps), "INVALID_STATE", "feedbackId"),
        (ask, RESOLVE, answering(done), "INVALID_STATE", "feedbackId"),
        (ask, REPLY, answering(done, text="Sorry"), "INVALID_STATE", "feedbackId"),
        (ask, RESOLVE, answering(late, resolvedAt=early), "OUT_OF_RANGE", "resolvedAt"),
        (ask, REPLY, answering(late, text="Sorry", repliedAt=early), "OUT_OF_RANGE", "repliedAt"),
        (ask, RESOLVE, answering(late, resolvedAt=ahead), "OUT_OF_RANGE", "resolvedAt"),
        (ask, REPLY, answering(late, text="Sorry", repliedAt=ahead), "OUT_OF_RANGE", "repliedAt"),
        (ask, REPLY, answering(late, text=" "), "BLANK", "text"),
        (ask, RESOLVE, answering(late, note="x" * 2001), "TOO_LONG", "note"),
        (ask, RESOLVE, answering(NOTHING), "NOT_FOUND", "feedbackId"),
        (ours, RESOLVE, answering(theirs), "NOT_FOUND", "feedbackId"),
        (ours, REPLY, answering(theirs, text="Hello"), "NOT_FOUND", "feedbackId"),
        (ours, SUBMIT, feedback(score=1, email="bo@example.com"), "NOT_FOUND", "feedback.customer"),
    ):
        ((_, answer),) = (await asker(mutation, input=given_input)).items()
        (error,) = answer["userErrors"]
        assert (error["code"], error["field"]) == (code, ["input", *field.split(".")]), given_input
    kept = "SELECT (SELECT count(*) FROM feedback_replies), (SELECT count(*) FROM complaint_resolutions)"
    assert tuple(await given.connection.fetchrow(kept)) == (0, 1)


async def test_the_database_itself_refuses_what_feedback_cannot_be(ann, given):
    for columns in (
        {"kind": "NPS", "score": 11},
        {"kind": "NPS", "comment": "x"},
        {"kind": "CSAT", "score": 0},
        {"kind": "CES", "score": 8},
        {"kind": "REVIEW", "score": 6},
        {"kind": "COMPLAINT", "score": 1},
        {"kind": "COMMENT"},
        {"kind": "COMMENT", "reason_codes": ["A"]},
        {"kind": "PRAISE", "comment": "x"},
    ):
        known = {"customer_id": ann.key, "feedback_id": given.key(), "submitted_at": NOW}
        with pytest.raises(asyncpg.CheckViolationError):
            await given.insert("feedback", **known | columns)
    assert await given.connection.fetchval("SELECT count(*) FROM feedback") == 0


async def test_the_database_settles_only_complaints_and_knows_whose_things_are(ann, given):
    other = await given.customer()
    contract, nps = await given.contract(other), await given.feedback(ann, "NPS", 3)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await given.resolution(ann, nps)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await given.feedback(ann, "NPS", 3, contract_id=contract.key)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await given.reply(other, nps)
    await given.feedback(other, "NPS", 3, contract_id=contract.key)
