"""Rows of subscriptions, support plans and contracts that are not taken, and why."""

import pytest

from api.domain.cancellation import REASONS
from api.domain.file_rows import Reason
from api.graph.cancellation import CancellationReason
from tests.writes.imports import SHOP, contract, enrollment, subscription

pytestmark = pytest.mark.anyio

ENDED = {"cancelled_at": "2024-04-10"}
SUBSCRIPTIONS = [
    ({"customer": ""}, "NO_CUSTOMER"),
    ({"subscription": " "}, "NO_IDENTIFIER"),
    ({"subscription": "S" * 201}, "BAD_TEXT"),
    ({"plan": ""}, "NO_NAME"),
    ({"plan": "T\x07"}, "BAD_TEXT"),
    ({"comment": "C" * 201, **ENDED}, "BAD_TEXT"),
    ({"kind": ""}, "BAD_KIND"),
    ({"kind": "goods"}, "BAD_KIND"),
    ({"price": ""}, "BAD_PRICE"),
    ({"price": "-1"}, "BAD_PRICE"),
    ({"price": "1.005"}, "BAD_PRICE"),
    ({"price": "1e16"}, "BAD_PRICE"),
    ({"currency": "ZZZ"}, "UNKNOWN_CURRENCY"),
    ({"interval": ""}, "BAD_LENGTH"),
    ({"interval": "P0D"}, "BAD_LENGTH"),
    ({"interval": "fortnight"}, "BAD_LENGTH"),
    ({"grace": "soon"}, "BAD_LENGTH"),
    ({"started_at": ""}, "BAD_DATE"),
    ({"started_at": "soon"}, "BAD_DATE"),
    ({"started_at": "1899-12-31"}, "BAD_DATE"),
    ({"period_end": "9999-12-31"}, "BAD_DATE"),
    ({"cancelled_at": "2190-01-01"}, "FUTURE_DATE"),
    ({"trial_ends_at": "2024-01-31"}, "BAD_TERM"),
    ({"period_end": "2024-01-31"}, "BAD_TERM"),
    ({"trial_ends_at": "2024-03-31", "period_end": "2024-03-30"}, "BAD_TERM"),
    ({"cancelled_at": "2024-01-30"}, "BAD_TERM"),
    ({"ended_at": "2024-01-30"}, "BAD_TERM"),
    ({"period_end": "2024-03-31", "ended_at": "2024-04-15"}, "BAD_TERM"),
    ({"period_end": "2024-03-31", "cancelled_at": "2024-06-01"}, "BAD_TERM"),
    ({"cancellation_reason": "bored", **ENDED}, "BAD_REASON"),
]
PLANS = [
    ({"customer": ""}, "NO_CUSTOMER"),
    ({"enrollment": ""}, "NO_IDENTIFIER"),
    ({"plan": ""}, "NO_NAME"),
    ({"paid": "maybe"}, "BAD_ANSWER"),
    ({"paid": "yes"}, "BAD_PRICE"),
    ({"paid": "yes", "price": "0"}, "BAD_PRICE"),
    ({"paid": "no", "price": "5"}, "BAD_PRICE"),
    ({"price": "5", "currency": "ZZZ"}, "UNKNOWN_CURRENCY"),
    ({"starts_at": ""}, "BAD_DATE"),
    ({"ends_at": "9999-12-31"}, "BAD_DATE"),
    ({"ends_at": "2024-01-31"}, "BAD_TERM"),
    ({"ends_at": "2024-03-01", "ended_at": "2024-03-01"}, "BAD_TERM"),
    ({"cancelled_at": "2024-01-30"}, "BAD_TERM"),
    ({"cancelled_at": "2190-01-30"}, "FUTURE_DATE"),
    ({"response_target": "PT0M"}, "BAD_LENGTH"),
    ({"included_incidents": "-1"}, "BAD_INCIDENTS"),
    ({"included_incidents": "1.5"}, "BAD_INCIDENTS"),
    ({"included_incidents": "3", "used_incidents": "4"}, "BAD_INCIDENTS"),
    ({"starts_at": "2190-01-01", "used_incidents": "1"}, "BAD_INCIDENTS"),
    ({"cancellation_reason": "bored", **ENDED}, "BAD_REASON"),
]
CONTRACTS = [
    ({"customer": ""}, "NO_CUSTOMER"),
    ({"contract": ""}, "NO_IDENTIFIER"),
    ({"name": ""}, "NO_NAME"),
    ({"number": "N" * 65}, "BAD_TEXT"),
    ({"value": ""}, "BAD_PRICE"),
    ({"value": "1.005"}, "BAD_PRICE"),
    ({"currency": "ZZZ"}, "UNKNOWN_CURRENCY"),
    ({"billing_interval": "P0D"}, "BAD_LENGTH"),
    ({"auto_renew": "yes", "renewal_interval": "PT1H"}, "BAD_LENGTH"),
    ({"notice": "long"}, "BAD_LENGTH"),
    ({"auto_renew": "perhaps"}, "BAD_ANSWER"),
    ({"starts_at": ""}, "BAD_DATE"),
    ({"ends_at": ""}, "BAD_DATE"),
    ({"signed_at": "2190-01-01"}, "FUTURE_DATE"),
    ({"ends_at": "2024-01-31"}, "BAD_TERM"),
    ({"terminated_at": "2024-06-01"}, "BAD_REASON"),
    ({"terminated_at": "2024-01-30", "termination_reason": "Sold"}, "BAD_TERM"),
    ({"terminated_at": "2025-06-01", "termination_reason": "Sold"}, "BAD_TERM"),
    ({"ended_at": "2024-06-01", "termination_reason": "Sold", "notice": "P3M"}, "BAD_TERM"),
    ({"ended_at": "2024-06-01", "termination_reason": "Sold", "penalty": "1.005"}, "BAD_PRICE"),
]


@pytest.mark.parametrize(
    ("kind", "row", "cases"),
    [
        pytest.param("subscriptions", subscription, SUBSCRIPTIONS, id="subscriptions"),
        pytest.param("support-plans", enrollment, PLANS, id="support-plans"),
        pytest.param("contracts", contract, CONTRACTS, id="contracts"),
    ],
)
async def test_a_bad_row_is_rejected_with_its_reason_and_leaves_nothing_behind(imports, kind, row, cases):
    result = await imports.terms(kind, *(row(**changed) for changed, _ in cases))
    assert imports.rejected() == [(number, reason) for number, (_, reason) in enumerate(cases, 1)]
    assert (result.rows_taken, result.rows_rejected) == (0, len(cases))
    assert await imports.is_empty()
    good = await imports.terms(kind, row())
    assert (good.rows_taken, good.rows_rejected) == (1, 0)


def test_every_reason_of_a_row_is_in_the_tables_above():
    shown = {reason for _, reason in (*SUBSCRIPTIONS, *PLANS, *CONTRACTS)}
    order = {"NO_ORDER", "NO_PRODUCT", "BAD_QUANTITY", "BAD_DISCOUNT", "OUT_OF_RANGE", "INCOMPLETE_ORDER"}
    elsewhere = {"BAD_ROW", "BAD_RATE", "MISSING_EXCHANGE_RATE", "CONFLICT", "BAD_SCORE", "BAD_CODES"}
    elsewhere |= {"UNKNOWN_CUSTOMER", "BAD_POINTS", "NO_PROGRAM", "ACCOUNT_CLOSED", "HAS_POINTS"}
    elsewhere |= {"BAD_CODE", "CODE_TAKEN", "SELF_REFERRAL", "ALREADY_REFERRED"}
    assert shown | order | elsewhere == {reason.name for reason in Reason}


async def test_the_message_says_what_is_wrong(imports):
    late = subscription(period_end="2024-03-31", cancelled_at="2024-04-01", ended_at="2024-04-20")
    await imports.terms("subscriptions", late, subscription(kind="goods"), subscription(price="1.005"))
    assert [row["message"] for row in imports.rejected_rows()] == [
        "Unless it is renewed it ends at 2024-04-13T22:00:00+00:00 already; choose an earlier moment.",
        "The kind is missing, or none of those that there are. They are: PRODUCT, SERVICE.",
        "This has more than 2 digits behind the point.",
    ]


async def test_the_rejects_file_can_be_put_right_and_imported(imports):
    await imports.terms("contracts", contract(), contract(contract="C2", value="much"))
    (row,) = imports.rejected_rows()
    assert (row["row"], row["reason"], row["contract"]) == ("2", "BAD_PRICE", "C2")
    assert (await imports.terms("contracts", {**row, "value": "1"})).added.contracts == 1


async def test_a_file_may_have_a_column_that_is_called_like_one_of_the_rejects_file(imports):
    row = contract(contract="C2", terminated_at="2024-06-01", reason="Sold", value="much")
    mapping = {"termination_reason": "reason"}
    await imports.terms("contracts", row, mapping=mapping)
    text = imports.rejects.read_text()
    assert "BAD_PRICE" in text
    right = imports.folder / "right.csv"
    right.write_text(text.replace("much", "1"))
    assert (await imports.file(right, "contracts", mapping=mapping, business=SHOP)).added.contracts == 1
    assert await imports.one("SELECT termination_reason FROM contracts WHERE version = 2") == "Sold"


def test_files_know_the_reasons_that_the_schema_has():
    assert tuple(reason.name for reason in CancellationReason) == REASONS
