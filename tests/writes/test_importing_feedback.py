"""Importing a table of feedback: what a row becomes, once, and what is not taken."""

from __future__ import annotations

import pytest

from api.writes.importing import Counts

pytestmark = pytest.mark.anyio

TOLD = """SELECT external_id, kind, score, comment, reason_codes, submitted_at::text, source
 FROM feedback ORDER BY external_id"""


def said(name: str, kind: str = "NPS", **more: object) -> dict[str, object]:
    """Return a row: by default a recommendation of customer 4711."""
    return {"customer": "4711", "feedback": name, "kind": kind, "submitted_at": "2025-03-01", **more}


ROWS = (
    said("F1", "nps", score="9", comment="x" * 2_000),
    said("F2", "COMPLAINT", reason_codes="LATE; DAMAGED", email="ann@example.com"),
    said("F3", "CES", score="7.0", customer="4712"),
)


async def test_rows_become_feedback_of_known_and_new_customers_once(imports, ask):
    result = await imports.terms("feedback", *ROWS)
    assert (result.rows_taken, result.added) == (3, Counts(customers=2, feedback=3))
    day = "2025-02-28 23:00:00+00"
    assert await imports.rows(TOLD) == [
        ("F1", "NPS", 9, "x" * 2_000, [], day, "import"),
        ("F2", "COMPLAINT", None, None, ["LATE", "DAMAGED"], day, "import"),
        ("F3", "CES", 7, None, [], day, "import"),
    ]
    text = (
        '{ customer(by: {email: "ann@example.com"}) { createdAt satisfaction(window: "P9Y") { nps openComplaints } } }'
    )
    assert (await ask(text))["customer"] == {
        "createdAt": "2025-02-28T23:00:00.000000Z",
        "satisfaction": {"nps": "PROMOTER", "openComplaints": 1},
    }
    again = await imports.terms("feedback", *ROWS, said("F1", score="9", comment="x" * 2_000))
    assert (again.rows_taken, again.added, again.known) == (4, Counts(), Counts(customers=2, feedback=3))
    other = await imports.terms("feedback", said("F1", score="3"), said("F3", "CES", score="7"))
    assert (other.added, imports.rejected()) == (Counts(), [(1, "CONFLICT"), (2, "CONFLICT")])
    assert len(await imports.rows(TOLD)) == 3
    assert await imports.is_sound()


async def test_rows_that_cannot_be_are_rejected_for_one_reason_each(imports):
    wrong = {
        "NO_CUSTOMER": said("W1", score="9", customer=""),
        "NO_IDENTIFIER": said("", score="9"),
        "BAD_KIND": said("W3", "PRAISE", score="9"),
        "BAD_DATE": said("W4", score="9", submitted_at="soon"),
        "FUTURE_DATE": said("W5", score="9", submitted_at="2100-01-01"),
        "BAD_SCORE": said("W6", score="11"),
        "BAD_CODES": said("W7", score="9", reason_codes="late"),
        "BAD_TEXT": said("W8", score="9", comment="x" * 2_001),
    }
    more = [said("W9", "CSAT"), said("W10", score="9.5"), said("W11", "COMPLAINT", score="1"), said("W12", score="1e9")]
    result = await imports.terms("feedback", *wrong.values(), *more, said("F1", score="0"))
    reasons = [*wrong, *["BAD_SCORE"] * 4]
    assert imports.rejected() == [(number, reason) for number, reason in enumerate(reasons, start=1)]
    assert (result.rows_taken, result.added) == (1, Counts(customers=1, feedback=1))
    assert await imports.one("SELECT count(*) FROM feedback") == 1
