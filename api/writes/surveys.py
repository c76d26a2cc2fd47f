"""Making one-time links to surveys, and taking the one answer that each lets in."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select

from api.database import prepare
from api.domain.customer_name import CustomerName
from api.domain.feedback import NewFeedback
from api.domain.identity import new_id
from api.domain.survey import Answer, NewSurvey, read_token, unknown_token, used_token
from api.tables.feedback import ABOUT, survey_links
from api.writes.change import Change, Outcome, refusing
from api.writes.feedback import add_feedback, columns_about
from api.writes.lookups import customer_of

_SURVEY, _ANSWER = ("input", "survey"), ("input",)
_COLUMNS = ("customer_id", "survey_id", "kind", *ABOUT, "created_at", "expires_at")
_ADD = prepare(
    insert(survey_links).values({name: bindparam(name, type_=survey_links.c[name].type) for name in _COLUMNS})
)
_IS_THERE = prepare(
    select(survey_links.c.survey_id).where(
        survey_links.c.customer_id == bindparam("whose"), survey_links.c.survey_id == bindparam("which")
    )
)


async def create_survey_link(change: Change, given: NewSurvey) -> list[Outcome]:
    """Make a link for a customer and return its identifiers; raise Refused where it cannot be made."""
    with refusing():
        new = given.checked(change.now, _SURVEY)
        whose = await customer_of(change, new.customer, (*_SURVEY, "customer"))
        ids = {"survey": new_id(), "customer": whose}
        about = await columns_about(change, whose, new.about, (*_SURVEY, "aboutId"))
        keys = {"customer_id": whose, "survey_id": ids["survey"]}
        times = {"created_at": change.now, "expires_at": new.expires_at}
        await change.rows(_ADD, kind=new.kind, **keys, **times, **about)
    return [Outcome(ids)]


async def answer_survey(change: Change, given: Answer) -> list[Outcome]:
    """Record the one answer that a link lets in, whoever brings it; raise Refused where it takes none.

    Of answers at the same time the first one gets in: a link is answered once by a constraint, not by looking.
    """
    with refusing():
        asked = read_token(given.token, change.business.fingerprint_key, change.now)
        words = given.words.checked(asked.kind, _ANSWER)
        if not await change.rows(_IS_THERE, whose=asked.customer_id, which=asked.survey_id):
            raise unknown_token()
        new = NewFeedback(CustomerName(key=asked.customer_id), None, asked.kind, words, asked.about, None)
        ids = await add_feedback(change, asked.customer_id, new, _ANSWER, asked.survey_id)
        if ids is None:
            raise used_token()
    return [Outcome(ids)]
