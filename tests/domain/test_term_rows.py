"""What a cell of an imported file may say of something with a term."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from api.domain import term_rows
from api.domain.file_rows import Reason, RowRejected

ZONE = ZoneInfo("UTC")


def reason(read, *given):
    with pytest.raises(RowRejected) as refusal:
        read(*given)
    return refusal.value.reason


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("P1Y", "P12M"),
        ("p2w", "P14D"),
        (" Month ", "P1M"),
        ("quarter", "P3M"),
        ("day", "P1D"),
        ("", "None"),
        (None, "None"),
    ],
)
def test_a_length_is_in_iso_8601_or_a_word(cell, found):
    assert str(term_rows.length(cell)) == found


@pytest.mark.parametrize("cell", ["1 month", "P1S", "P101Y", "-P1D", 30])
def test_what_is_no_length_is_refused(cell):
    assert reason(term_rows.length, cell) is Reason.BAD_LENGTH


@pytest.mark.parametrize(
    ("cell", "found"),
    [(True, True), (False, False), (1, True), (0.0, False), ("Yes", True), ("N", False), ("true", True), (" ", None)],
)
def test_an_answer_is_yes_or_no_or_none(cell, found):
    assert term_rows.answer(cell) is found


def test_codes_may_be_written_as_words():
    assert term_rows.kind(" product ") == "PRODUCT"
    assert term_rows.cancellation_reason("Too expensive") == "TOO_EXPENSIVE"
    assert term_rows.cancellation_reason("payment-failed") == "PAYMENT_FAILED"
    assert term_rows.cancellation_reason(None) == "OTHER"
    assert reason(term_rows.cancellation_reason, "bored") is Reason.BAD_REASON
    assert reason(term_rows.kind, None) is Reason.BAD_KIND


@pytest.mark.parametrize(("cell", "found"), [("0", 0), (3.0, 3), (Decimal(1_000_000), 1_000_000), ("", None)])
def test_incidents_are_whole(cell, found):
    assert term_rows.incidents(cell) == found


@pytest.mark.parametrize("cell", ["-1", "0.5", "1000001", "many", True])
def test_what_are_no_incidents_is_refused(cell):
    assert reason(term_rows.incidents, cell) is Reason.BAD_INCIDENTS


def test_a_moment_may_lie_ahead_but_not_out_of_sight():
    assert term_rows.planned("2190-01-01T00:00:00Z", ZONE) == datetime(2190, 1, 1, tzinfo=UTC)
    assert term_rows.planned(" ", ZONE) is None
    assert reason(term_rows.planned, "2201-01-01", ZONE) is Reason.BAD_DATE
