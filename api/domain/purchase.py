"""A purchase or a refund to record: what it must be before anything is looked up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import (
    LARGEST_AMOUNT,
    MINOR_DIGITS,
    UNIT_PRICE_DIGITS,
    Amount,
    has_at_most,
    in_minor_units,
    is_currency,
)
from api.domain.referral_code import code
from api.domain.text import MEDIUM, SHORT, cleaned, cleaned_or_none
from api.errors import Rejection, UserErrorCode

MOST_LINES = 200
LARGEST_QUANTITY = 1_000_000
CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a caller's clock may run ahead of ours."""


def article(text: str, field: tuple[str, ...]) -> str:
    """Return an article number as it is kept; raise Rejection where it cannot be one."""
    return cleaned(text, most=SHORT, field=field)


@dataclass(frozen=True, slots=True)
class NewLine:
    """One article of a purchase; name, category and durable are needed where the product is not known yet."""

    sku: str
    name: str | None
    category: str | None
    durable: bool | None
    quantity: int
    unit_price: Amount

    def checked(self, field: tuple[str, ...]) -> NewLine:
        """Return the line as it is kept; raise Rejection where it cannot be."""
        if not 1 <= self.quantity <= LARGEST_QUANTITY:
            raise Rejection(
                UserErrorCode.OUT_OF_RANGE, f"This must lie between 1 and {LARGEST_QUANTITY}.", (*field, "quantity")
            )
        check_amount(self.unit_price, (*field, "unitPrice"), digits=UNIT_PRICE_DIGITS)
        return replace(
            self,
            sku=article(self.sku, (*field, "sku")),
            name=cleaned_or_none(self.name, most=MEDIUM, field=(*field, "name")),
            category=cleaned_or_none(self.category, most=MEDIUM, field=(*field, "category")),
        )


@dataclass(frozen=True, slots=True)
class NewPurchase:
    """What was bought, by whom and when."""

    customer: CustomerName
    external_id: ExternalKey | None
    placed_at: datetime
    lines: tuple[NewLine, ...]
    discount: Amount | None
    referral_code: str | None = None

    @property
    def currency(self) -> str:
        """The one currency of a checked purchase."""
        return self.lines[0].unit_price.currency_code

    @property
    def gross(self) -> Decimal:
        """The exact sum of the lines."""
        with localcontext() as context:
            context.prec = 60
            return sum((line.quantity * line.unit_price.amount for line in self.lines), Decimal(0))

    @property
    def reduction(self) -> Decimal:
        """The discount, 0 where there is none; one that equals the sum as it is shown takes off all of it."""
        if self.discount is None:
            return Decimal(0)
        return self.gross if self.discount.amount == in_minor_units(self.gross, self.currency) else self.discount.amount

    def checked(self, now: datetime, field: tuple[str, ...]) -> NewPurchase:
        """Return the purchase as it is kept; raise Rejection where it cannot be, whatever the database holds."""
        check_past(self.placed_at, now, (*field, "placedAt"))
        if not self.lines:
            raise Rejection(UserErrorCode.BLANK, "A purchase needs at least one line.", (*field, "lines"))
        if len(self.lines) > MOST_LINES:
            raise Rejection(
                UserErrorCode.LIMIT_EXCEEDED, f"A purchase has at most {MOST_LINES} lines.", (*field, "lines")
            )
        lines = tuple(line.checked((*field, "lines", str(index))) for index, line in enumerate(self.lines))
        found = replace(
            self,
            lines=lines,
            customer=self.customer.cleaned((*field, "customer")),
            external_id=self.external_id and self.external_id.cleaned((*field, "externalId")),
            referral_code=None if self.referral_code is None else code(self.referral_code),
        )
        found._check_sums(field)
        return found

    def _check_sums(self, field: tuple[str, ...]) -> None:
        currency, gross = self.currency, self.gross
        for index, line in enumerate(self.lines):
            if line.unit_price.currency_code != currency:
                raise _other_currency((*field, "lines", str(index), "unitPrice"))
        if self.discount:
            if self.discount.currency_code != currency:
                raise _other_currency((*field, "discount"))
            check_amount(self.discount, (*field, "discount"), digits=MINOR_DIGITS[currency])
        if gross > LARGEST_AMOUNT:
            raise Rejection(UserErrorCode.OUT_OF_RANGE, "The sum of the lines is too large.", (*field, "lines"))
        if self.reduction > gross:
            raise Rejection(
                UserErrorCode.OUT_OF_RANGE, "The discount is larger than the sum of the lines.", (*field, "discount")
            )


@dataclass(frozen=True, slots=True)
class NewRefund:
    """Money to pay back on an order.

    refunded_at  None for now, or for the moment of the purchase where that lies ahead of our clock
    """

    external_id: ExternalKey | None
    amount: Amount
    reason: str | None
    refunded_at: datetime | None

    def checked(self, now: datetime, field: tuple[str, ...]) -> NewRefund:
        """Return the refund as it is kept; raise Rejection where it cannot be, whatever the database holds."""
        if self.refunded_at is not None:
            check_past(self.refunded_at, now, (*field, "refundedAt"))
        if not is_currency(self.amount.currency_code):
            raise _unknown_currency((*field, "amount"))
        check_amount(self.amount, (*field, "amount"), digits=MINOR_DIGITS[self.amount.currency_code])
        if self.amount.amount == 0:
            raise Rejection(UserErrorCode.OUT_OF_RANGE, "A refund is more than nothing.", (*field, "amount", "amount"))
        return replace(
            self,
            external_id=self.external_id and self.external_id.cleaned((*field, "externalId")),
            reason=cleaned_or_none(self.reason, most=MEDIUM, field=(*field, "reason")),
        )


def check_past(moment: datetime, now: datetime, field: tuple[str, ...]) -> None:
    """Raise Rejection for a moment that has not come yet, by more than clocks may differ."""
    if moment > now + CLOCK_TOLERANCE:
        raise Rejection(UserErrorCode.OUT_OF_RANGE, "This moment lies in the future.", field)


def check_amount(amount: Amount, field: tuple[str, ...], *, digits: int) -> None:
    """Raise Rejection for an amount that is negative, too large, too fine, or in no known currency."""
    if not is_currency(amount.currency_code):
        raise _unknown_currency(field)
    if not (amount.amount.is_finite() and 0 <= amount.amount <= LARGEST_AMOUNT):
        raise Rejection(
            UserErrorCode.OUT_OF_RANGE, f"This must lie between 0 and {LARGEST_AMOUNT:f}.", (*field, "amount")
        )
    if not has_at_most(digits, amount.amount):
        raise Rejection(
            UserErrorCode.INVALID, f"This has more than {digits} digits behind the point.", (*field, "amount")
        )


def _unknown_currency(field: tuple[str, ...]) -> Rejection:
    message = "This is not the code of a circulating currency of ISO 4217, such as EUR."
    return Rejection(UserErrorCode.UNKNOWN_CURRENCY, message, (*field, "currencyCode"))


def _other_currency(field: tuple[str, ...]) -> Rejection:
    message = "All amounts of a purchase must be in one currency."
    return Rejection(UserErrorCode.CURRENCY_MISMATCH, message, (*field, "currencyCode"))
