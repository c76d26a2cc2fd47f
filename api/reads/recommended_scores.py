"""The scores that recommendations rest on: the last answer of each kind, and how it is told."""

from __future__ import annotations

from sqlalchemy import Text, case, cast, func, tuple_

from api.domain.feedback import SCALES
from api.reads.feedback import feedback_of_customer
from api.reads.json import constant, number
from api.reads.recommended import day
from api.reads.relation import Condition, Expression, Row, rows
from api.reads.words import text

_ASKED = {"NPS": "whether they would recommend the business", "CSAT": "how satisfied they are"}


def last_answers(row: Row) -> tuple[Row, list[Condition]]:
    """Return the last answer of each kind that a customer gave, with the conditions that it is one."""
    answer, joined = row.joined(feedback_of_customer)
    later, also = row.joined(feedback_of_customer)
    moment = row.lens.moment
    follows = tuple_(later.c.submitted_at, later.key) > tuple_(answer.c.submitted_at, answer.key)
    same = [later.c.kind == answer.c.kind, later.c.submitted_at <= moment, follows]
    is_last = ~rows(later, [number(1)], [*also, *same]).exists()
    return answer, [*joined, answer.c.submitted_at <= moment, is_last]


def in_words(answer: Row) -> Expression:
    """Return in one sentence which recommendation or satisfaction score a customer gave, and when."""
    asked = {constant(kind): text(f" of {SCALES[kind][1]} when asked {words}, on ") for kind, words in _ASKED.items()}
    score = cast(answer.c.score, Text)
    told = case(asked, value=answer.c.kind)
    return func.concat(text("Gave "), score, told, day(answer.c.submitted_at), text("."), type_=Text)
