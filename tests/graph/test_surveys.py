"""One-time links: what a token lets in, once, and what it does not."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from api.database import database as open_database
from tests.asking import Ask, WatchedDatabase
from tests.writes.changes import new_key

pytestmark = pytest.mark.anyio

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
CREATE = """mutation ($input: CreateSurveyLinkInput!) { createSurveyLink(input: $input) {
  surveyLink { id token kind about { id } createdAt expiresAt customer { id } answer { id } } customer { id }
  userErrors { code field message } idempotency { replayed } } }"""
ANSWER = """mutation ($input: AnswerSurveyInput!) { answerSurvey(input: $input) {
  feedback { id kind score comment reasonCodes answersSurvey about { id } customer { id } submittedAt }
  userErrors { code field message } idempotency { replayed } } }"""


def asked(kind: str = "NPS", email: str = "ann@example.com", **more: Any) -> Any:
    """Return the input of createSurveyLink."""
    tried = {"dryRun": True} if more.pop("dry_run", False) else {}
    key = more.pop("key", None) or new_key()
    return {"idempotencyKey": key, "survey": {"customer": {"email": email}, "kind": kind, **more}, **tried}


def answered(token: str, score: int | None = 9, **more: Any) -> Any:
    """Return the input of answerSurvey."""
    return {"idempotencyKey": new_key(), "token": token, "score": score, **more}


@pytest.fixture
async def ann(ask, given):
    """A customer who can be named by e-mail, on 1 June 2025."""
    ask.now = NOW
    return await given.customer(first_name="Ann", email="ann@example.com")


async def link(ask, **more: Any) -> Any:
    """Make a link and return it."""
    made = (await ask(CREATE, input=asked(**more)))["createSurveyLink"]
    assert made["userErrors"] == []
    return made["surveyLink"]


async def refused(ask, mutation: str, given_input: Any) -> tuple[str, list[str]]:
    """Ask for what is refused, and return the code and the place of the one error."""
    ((_, answer),) = (await ask(mutation, input=given_input)).items()
    (error,) = answer["userErrors"]
    return error["code"], error["field"]


async def test_a_link_lets_one_answer_in(ask, ann, given):
    order = await given.order(ann, 10)
    request = asked("CSAT", aboutId=order.id)
    first, again = [(await ask(CREATE, input=request))["createSurveyLink"] for _ in range(2)]
    made = first["surveyLink"]
    assert (made, again["idempotency"]["replayed"]) == (again["surveyLink"], True)
    assert {name: made[name] for name in ("kind", "about", "createdAt", "expiresAt", "customer", "answer")} == {
        "kind": "CSAT",
        "about": {"id": order.id},
        "createdAt": "2025-06-01T12:00:00.000000Z",
        "expiresAt": "2025-07-01T12:00:00.000000Z",
        "customer": {"id": ann.id},
        "answer": None,
    }
    given_answer = answered(made["token"], 4, comment="Fine", reasonCodes=["SPEED"])
    for replayed in (False, True):
        answer = (await ask(ANSWER, input=given_answer))["answerSurvey"]
        assert (answer["userErrors"], answer["idempotency"]["replayed"]) == ([], replayed)
    told = answer["feedback"]
    assert (told["kind"], told["score"], told["comment"], told["reasonCodes"]) == ("CSAT", 4, "Fine", ["SPEED"])
    assert (told["answersSurvey"], told["about"], told["customer"]) == (True, {"id": order.id}, {"id": ann.id})
    node = "query ($id: ID!) { node(id: $id) { ... on SurveyLink { token answer { id } } } }"
    assert (await ask(node, id=made["id"]))["node"] == {"token": made["token"], "answer": {"id": told["id"]}}
    assert await refused(ask, ANSWER, answered(made["token"], 5)) == ("TAKEN", ["input", "token"])
    assert await given.connection.fetchval("SELECT count(*) FROM feedback") == 1


async def test_whoever_has_the_token_can_answer_and_sees_no_more_than_before(ask, ann, given):
    stranger = ask.as_customer((await given.customer()).key)
    token = (await link(ask))["token"]
    assert (await stranger(ANSWER, input=answered(token)))["answerSurvey"] == {
        "feedback": None,
        "userErrors": [],
        "idempotency": {"replayed": False},
    }
    assert await given.connection.fetchval("SELECT customer_id FROM feedback") == ann.key
    assert await refused(stranger, CREATE, asked()) == ("NOT_FOUND", ["input", "survey", "customer"])


async def test_a_token_that_was_not_made_here_is_refused_whatever_was_changed_in_it(ask, ann, given):
    token = (await link(ask))["token"]
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    forged = [urlsafe_b64encode(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]) for at in range(len(raw))]
    wrong = ["", "x", "\u00e9", "a\0", token[:-1], token + "A", f"{token}=", f" {token}", token * 2]
    wrong += [text.rstrip(b"=").decode() for text in forged]
    # The last character stands for two bits that are no part of any byte.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    wrong.append(token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1])
    for text in wrong:
        assert await refused(ask, ANSWER, answered(text)) == ("INVALID", ["input", "token"])
    tried = (await ask(CREATE, input=asked(dry_run=True)))["createSurveyLink"]["surveyLink"]["token"]
    assert await refused(ask, ANSWER, answered(tried)) == ("INVALID", ["input", "token"])
    assert await given.connection.fetchval("SELECT count(*) FROM feedback") == 0
    assert (await ask(ANSWER, input=answered(token)))["answerSurvey"]["userErrors"] == []


async def test_a_token_is_good_until_its_last_moment(ask, ann, given):
    token = (await link(ask, expiresAt="2025-06-02T12:00:00.9Z"))["token"]
    ask.now = NOW + timedelta(days=1)
    assert await refused(ask, ANSWER, answered(token)) == ("EXPIRED", ["input", "token"])
    assert await given.connection.fetchval("SELECT count(*) FROM feedback") == 0
    ask.now -= timedelta(microseconds=1)
    assert (await ask(ANSWER, input=answered(token)))["answerSurvey"]["userErrors"] == []


async def test_a_token_of_another_business_is_none_here(database_url, ask, ann, given):
    token = (await link(ask))["token"]
    await given.connection.execute("UPDATE business SET fingerprint_key = sha256('other')")
    async with open_database(database_url, pool_size=1) as opened:
        elsewhere = ask.of(WatchedDatabase.of(opened))
        assert await refused(elsewhere, ANSWER, answered(token)) == ("INVALID", ["input", "token"])


async def test_links_and_answers_that_cannot_be_are_refused_and_leave_nothing(ask, ann, given):
    theirs = await given.order(await given.customer(), 10)
    for wrong, code, field in (
        ({"kind": "COMPLAINT"}, "INVALID", "kind"),
        ({"kind": "COMMENT"}, "INVALID", "kind"),
        ({"email": "x@example.com"}, "NOT_FOUND", "customer"),
        ({"aboutId": theirs.id}, "NOT_FOUND", "aboutId"),
        ({"aboutId": "x"}, "NOT_FOUND", "aboutId"),
        ({"expiresAt": "2025-06-01T12:00:00Z"}, "OUT_OF_RANGE", "expiresAt"),
        ({"expiresAt": "2026-06-02T12:00:01Z"}, "OUT_OF_RANGE", "expiresAt"),
    ):
        assert await refused(ask, CREATE, asked(**wrong)) == (code, ["input", "survey", field]), wrong
    assert await given.connection.fetchval("SELECT count(*) FROM survey_links") == 0
    token = (await link(ask))["token"]
    answers: list[tuple[dict[str, Any], str, str]] = [
        ({"score": 11}, "OUT_OF_RANGE", "score"),
        ({"score": None}, "BLANK", "score"),
        ({"comment": "x" * 2001}, "TOO_LONG", "comment"),
        ({"reasonCodes": ["no"]}, "INVALID", "reasonCodes.0"),
    ]
    for said, code, field in answers:
        assert await refused(ask, ANSWER, answered(token, **said)) == (code, ["input", *field.split(".")])
    assert await given.connection.fetchval("SELECT count(*) FROM feedback") == 0


async def test_of_fifty_answers_at_once_exactly_one_gets_in(database_url, ask, ann, given):
    token = (await link(ask))["token"]
    async with open_database(database_url, pool_size=10, write_patience=30) as opened:
        crowd = Ask(WatchedDatabase.of(opened))
        crowd.now = NOW
        askers = [crowd.of(crowd.database) for _ in range(50)]
        answers = await asyncio.gather(*(one(ANSWER, input=answered(token, at % 11)) for at, one in enumerate(askers)))
    codes = [[error["code"] for error in answer["answerSurvey"]["userErrors"]] for answer in answers]
    assert sorted(codes) == [[], *[["TAKEN"]] * 49]
    (winner,) = [answer["answerSurvey"]["feedback"] for answer in answers if answer["answerSurvey"]["feedback"]]
    assert [record["score"] for record in await given.connection.fetch("SELECT score FROM feedback")] == [
        winner["score"]
    ]


async def test_the_database_itself_lets_one_answer_in_and_only_what_was_asked(ask, ann, given):
    other = await given.customer()
    await link(ask)
    survey = await given.connection.fetchval("SELECT survey_id FROM survey_links")
    for customer, kind in ((other, "NPS"), (ann, "CSAT")):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await given.feedback(customer, kind, 5, survey_id=survey)
    await given.feedback(ann, "NPS", 5, survey_id=survey)
    with pytest.raises(asyncpg.UniqueViolationError):
        await given.feedback(ann, "NPS", 6, survey_id=survey)
