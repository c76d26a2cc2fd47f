"""What a change made of the customer's status: before and after in one answer, the same when it is asked again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.writes.changes import line, new_key, one_purchase

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
STATUS = "isActive activeUntil reasons { code } evaluations { code observed shortfall }"
AROUND = f"activeStatusBefore {{ {STATUS} }} customer {{ activeStatus {{ {STATUS} }} }} userErrors {{ code }}"
PURCHASE = f"""mutation ($input: RecordPurchaseInput!) {{ recordPurchase(input: $input) {{
  order {{ id }} {AROUND} idempotency {{ replayed }} }} }}"""
REFUND = f"mutation ($input: RecordRefundInput!) {{ recordRefund(input: $input) {{ {AROUND} }} }}"
SIGN = f"mutation ($input: SignContractInput!) {{ signContract(input: $input) {{ {AROUND} }} }}"


@pytest.fixture
async def ann(ask, given):
    """A customer who bought long ago."""
    ask.now = NOW
    customer = await given.customer(email="ann@example.com", created_at=datetime(2022, 1, 1, tzinfo=UTC))
    await given.order(customer, 10, placed_at=datetime(2022, 5, 5, 9, tzinfo=UTC))
    return customer


def holding(status):
    return [reason["code"] for reason in status["reasons"]]


@pytest.mark.parametrize("dry", [False, True])
async def test_a_purchase_tells_what_it_changed(ask, ann, dry):
    bought = one_purchase(placedAt="2026-03-30T09:00:00Z") | {"dryRun": dry}
    payload = (await ask(PURCHASE, input=bought))["recordPurchase"]
    before, after = payload["activeStatusBefore"], payload["customer"]["activeStatus"]
    assert (before["isActive"], before["activeUntil"], holding(before)) == (False, None, [])
    assert (after["isActive"], holding(after)) == (True, ["RECENT_PURCHASE"])
    assert after["activeUntil"] == "2027-03-30T09:00:00.000000Z"


async def test_a_repeat_tells_the_same(ask, ann):
    bought = one_purchase(placedAt="2026-03-30T09:00:00Z")
    first = (await ask(PURCHASE, input=bought))["recordPurchase"]
    await ask(PURCHASE, input=one_purchase(placedAt="2026-03-31T09:00:00Z"))
    again = (await ask(PURCHASE, input=bought))["recordPurchase"]
    assert again["idempotency"] == {"replayed": True}
    assert again["activeStatusBefore"] == first["activeStatusBefore"]
    assert not again["activeStatusBefore"]["isActive"]


async def test_a_refund_that_undoes_the_only_purchase_tells_so(ask, ann):
    bought = one_purchase(placedAt="2026-03-30T09:00:00Z", lines=[line("8.50")])
    order = (await ask(PURCHASE, input=bought))["recordPurchase"]["order"]["id"]
    refund = {
        "orderId": order,
        "refund": {"amount": {"amount": "8.50", "currencyCode": "EUR"}},
        "idempotencyKey": new_key(),
    }
    payload = (await ask(REFUND, input=refund))["recordRefund"]
    assert holding(payload["activeStatusBefore"]) == ["RECENT_PURCHASE"]
    assert holding(payload["customer"]["activeStatus"]) == []


async def test_a_contract_tells_so(ask, ann):
    term = {"startAt": "2026-03-01T00:00:00Z", "endAt": "2027-03-01T00:00:00Z"}
    contract = {"customer": {"id": ann.id}, "name": "Care", "term": term, "signedAt": "2026-02-01T00:00:00Z"}
    contract |= {"value": {"amount": "100", "currencyCode": "EUR"}}
    payload = (await ask(SIGN, input={"contract": contract, "idempotencyKey": new_key()}))["signContract"]
    assert holding(payload["activeStatusBefore"]) == []
    assert holding(payload["customer"]["activeStatus"]) == ["CONTRACT"]


async def test_a_refusal_has_no_status(ask, ann):
    payload = (await ask(PURCHASE, input=one_purchase(customer={"email": "nobody@example.com"})))["recordPurchase"]
    assert (payload["activeStatusBefore"], payload["customer"]) == (None, None)
    assert payload["userErrors"] == [{"code": "NOT_FOUND"}]
