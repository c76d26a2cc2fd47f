"""What customers say: what is recorded, what is refused, and what follows on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

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
