"""What customers said, in a table: one row for each score, review, complaint or comment."""

from __future__ import annotations

import re

from api.domain import file_rows, term_rows
from api.domain.feedback import KINDS, NewFeedback, Words
from api.domain.file_rows import Reason
from api.domain.text import LONG
from api.tables.feedback import feedback
from api.writes.importing.fields import ABOUT_CUSTOMERS, NamedCells
from api.writes.importing.lines import Books
from api.writes.importing.terms import Kind, Named, Versions, staged_rows

_FIELD = ("feedback",)
_SAID = ("kind", "score", "comment", "reason_codes", "submitted_at")
_BETWEEN = re.compile(r"[\s,;|]+")


def _read(row: NamedCells, named: Named, books: Books) -> Versions:
    said = NewFeedback(
        customer=named.customer,
        external_id=named.external_id,
        kind=term_rows.code(KINDS, row.of("kind"), Reason.BAD_KIND),
        words=Words(
            score=term_rows.score(row.of("score")),
            comment=file_rows.text(row.of("comment"), LONG),
            reasons=tuple(_BETWEEN.split(row.text("reason_codes") or "")) if row.text("reason_codes") else (),
        ),
        about=None,
        submitted_at=file_rows.moment(row.of("submitted_at"), books.zone, now=books.now),
    ).checked(books.now, _FIELD)
    words = said.words
    values = (said.kind, words.score, words.comment, list(words.reasons), said.submitted_at)
    return Versions(first=dict(zip(_SAID, values, strict=True)))


FEEDBACK = Kind(
    counted="feedback",
    recorded=feedback,
    key="feedback_id",
    identifier="feedback",
    required=("customer", "feedback", "kind", "submitted_at"),
    optional=("score", "comment", "reason_codes", *ABOUT_CUSTOMERS),
    read=_read,
    first=_SAID,
    ended=(),
    compared=_SAID,
    staged=staged_rows(feedback, _SAID, ()),
    began="submitted_at",
    is_versioned=False,
)
