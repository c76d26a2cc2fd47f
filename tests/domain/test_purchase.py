"""Purchases and refunds: what they must be before anything is looked up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import Amount
from api.domain.purchase import CLOCK_TOLERANCE, NewLine, NewPurchase, NewRefund, check_amount
from api.errors import Rejection, UserErrorCode

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
FIELD = ("input", "purchase")


def euros(amount):
    return Amount(Decimal(amount), "EUR")


LINE = NewLine("TEA", "Green tea", None, None, 2, euros("8.50"))
PURCHASE = NewPurchase(CustomerName(email="ann@example.com"), None, NOW, (LINE,), None)
REFUND = NewRefund(None, euros("1.00"), None, NOW)


def test_a_purchase_is_kept_in_the_form_in_which_it_is_compared():
    given = replace(
        PURCHASE,
        customer=CustomerName(email=" Ann@EXAMPLE.com"),
        external_id=ExternalKey(" shop ", "A\u0308-1"),
        lines=(replace(LINE, sku=" TEA ", name=" Green tea ", category=" Drinks"),),
    )
    kept = given.checked(NOW, FIELD)
    assert kept.customer == CustomerName(email="Ann@example.com")
    assert kept.external_id == ExternalKey("shop", "Ä-1")
    assert kept.lines == (replace(LINE, category="Drinks"),)
    assert kept.checked(NOW, FIELD) == kept


def test_sums_are_exact():
    lines = (replace(LINE, quantity=1_000_000, unit_price=euros("999999999.999999")), LINE)
    purchase = replace(PURCHASE, lines=lines, discount=euros("0.01"))
    assert purchase.gross == Decimal(999_999_999_999_999) + 17
    assert purchase.reduction == Decimal("0.01")
    assert replace(purchase, discount=None).reduction == 0


def test_a_discount_that_equals_the_sum_shown_takes_off_the_exact_sum():
    cheap = replace(PURCHASE, lines=(replace(LINE, quantity=3, unit_price=euros("0.333333")),))
    assert replace(cheap, discount=euros("1.00")).checked(NOW, FIELD).reduction == Decimal("0.999999")
    assert replace(cheap, discount=euros("0.99")).checked(NOW, FIELD).reduction == Decimal("0.99")
    dear = replace(PURCHASE, lines=(replace(LINE, quantity=1, unit_price=euros("1.004999")),))
    assert replace(dear, discount=euros("1.00")).checked(NOW, FIELD).reduction == Decimal("1.004999")


def test_clocks_may_differ_by_some_minutes():
    soon = NOW + CLOCK_TOLERANCE
    assert replace(PURCHASE, placed_at=soon).checked(NOW, FIELD).placed_at == soon
    assert replace(REFUND, refunded_at=soon).checked(NOW, FIELD).refunded_at == soon
    for late in (replace(PURCHASE, placed_at=soon + timedelta(microseconds=1)),
                 replace(REFUND, refunded_at=soon + timedelta(microseconds=1))):  # fmt: skip
        with pytest.raises(Rejection) as found:
            late.checked(NOW, FIELD)
        assert found.value.code is UserErrorCode.OUT_OF_RANGE


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "-0.01", "1000000000000000.01"])
def test_an_amount_is_finite_and_bounded(amount):
    with pytest.raises(Rejection) as found:
        check_amount(euros(amount), FIELD, digits=2)
    assert (found.value.code, found.value.field) == (UserErrorCode.OUT_OF_RANGE, (*FIELD, "amount"))


@pytest.mark.parametrize(
    ("lines", "code", "field"),
    [
        ((), UserErrorCode.BLANK, ("lines",)),
        ((LINE,) * 201, UserErrorCode.LIMIT_EXCEEDED, ("lines",)),
        ((LINE, replace(LINE, quantity=0)), UserErrorCode.OUT_OF_RANGE, ("lines", "1", "quantity")),
        ((replace(LINE, sku=""),), UserErrorCode.BLANK, ("lines", "0", "sku")),
        ((LINE, replace(LINE, unit_price=Amount(Decimal(1), "USD"))), UserErrorCode.CURRENCY_MISMATCH,
         ("lines", "1", "unitPrice", "currencyCode")),
        ((replace(LINE, unit_price=euros("1e15")),), UserErrorCode.OUT_OF_RANGE, ("lines",)),
    ],
)  # fmt: skip
def test_bad_lines_are_rejected_where_they_stand(lines, code, field):
    with pytest.raises(Rejection) as found:
        replace(PURCHASE, lines=lines).checked(NOW, FIELD)
    assert (found.value.code, found.value.field) == (code, (*FIELD, *field))


def test_200_lines_are_a_purchase():
    assert replace(PURCHASE, lines=(LINE,) * 200).checked(NOW, FIELD).gross == 3400


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (euros(0), UserErrorCode.OUT_OF_RANGE),
        (euros("-1"), UserErrorCode.OUT_OF_RANGE),
        (euros("0.001"), UserErrorCode.INVALID),
        (Amount(Decimal("0.5"), "JPY"), UserErrorCode.INVALID),
        (Amount(Decimal(1), "DEM"), UserErrorCode.UNKNOWN_CURRENCY),
    ],
)
def test_a_refund_is_some_money_in_minor_units(amount, code):
    with pytest.raises(Rejection) as found:
        replace(REFUND, amount=amount).checked(NOW, FIELD)
    assert found.value.code is code
