"""A referral program: what it must be before it is put into force."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from api.domain.calendar import Duration
from api.domain.money import MINOR_DIGITS, Amount
from api.domain.purchase import check_amount
from api.domain.reign import check_window
from api.errors import Rejection, UserErrorCode

MOST_REWARD_POINTS = 1_000_000
MOST_MONEY = Decimal(10) ** 9
MOST_REWARDED = 1_000_000
MOST_INVITED = 10_000
USUALLY_INVITED = 50
"""More than anybody has friends to ask at once, and few enough that nobody can send them out in bulk."""

Field = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewReward:
    """What one side gets: points or money, of which exactly one is given."""

    points: int | None
    money: Amount | None

    def check(self, currency: str, field: Field) -> None:
        """Raise Rejection where it cannot be given; money is in the currency of the business."""
        if (self.points is None) == (self.money is None):
            raise Rejection(UserErrorCode.INVALID, "A reward is either points or money: give one of them.", field)
        if self.points is not None:
            _check_number(self.points, MOST_REWARD_POINTS, (*field, "points"))
        if self.money is not None:
            check_own_money(self.money, currency, (*field, "money"))
            if not 0 < self.money.amount <= MOST_MONEY:
                message = f"This must be more than 0 and at most {MOST_MONEY:f}."
                raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*field, "money", "amount"))


@dataclass(frozen=True, slots=True)
class NewProgram:
    """The rules of referrals.

    referrer, referred     what each side gets, None for nothing
    minimum_purchase       what has to be left of the friend's purchase after discount and refunds, None for anything
    qualify_within         from joining until the friend has to have bought
    hold                   from the purchase until the rewards are given for good
    invitation_lifetime    from an invitation until it lapses
    most_invited           invitations of one referrer that may be open at a time
    most_rewarded          referrals of one referrer that are rewarded within `limit_window`; both None for any number
    active_referrers_only  whether only referrals of customers count who are active when their friend buys
    """

    referrer: NewReward | None
    referred: NewReward | None
    minimum_purchase: Amount | None
    qualify_within: Duration
    hold: Duration
    invitation_lifetime: Duration
    most_invited: int
    most_rewarded: int | None
    limit_window: Duration | None
    active_referrers_only: bool

    def check(self, currency: str, field: Field) -> None:
        """Raise Rejection where the program cannot be put into force.

        currency  of the business
        """
        for name, reward in (("referrerReward", self.referrer), ("referredReward", self.referred)):
            if reward is not None:
                reward.check(currency, (*field, name))
        if self.minimum_purchase is not None:
            check_own_money(self.minimum_purchase, currency, (*field, "minimumPurchase"))
        check_window(self.qualify_within, (*field, "qualifyWithin"))
        check_window(self.invitation_lifetime, (*field, "invitationLifetime"))
        if self.hold:
            check_window(self.hold, (*field, "hold"))
        _check_number(self.most_invited, MOST_INVITED, (*field, "mostInvited"))
        self._check_limit(field)

    def _check_limit(self, field: Field) -> None:
        if (self.most_rewarded is None) != (self.limit_window is None):
            message = "A limit needs both mostRewarded and limitWindow, such as 10 within P12M."
            raise Rejection(UserErrorCode.INVALID, message, (*field, "limitWindow"))
        if self.most_rewarded is None or self.limit_window is None:
            return
        _check_number(self.most_rewarded, MOST_REWARDED, (*field, "mostRewarded"))
        check_window(self.limit_window, (*field, "limitWindow"))


def _check_number(number: int, most: int, field: Field) -> None:
    if not 1 <= number <= most:
        raise Rejection(UserErrorCode.OUT_OF_RANGE, f"This must lie between 1 and {most}.", field)


def check_own_money(money: Amount, currency: str, field: Field) -> None:
    """Raise Rejection for an amount that cannot be one of the business's own currency."""
    if money.currency_code != currency:
        message = f"Amounts of a referral program are in the currency of the business, {currency}."
        raise Rejection(UserErrorCode.CURRENCY_MISMATCH, message, (*field, "currencyCode"))
    check_amount(money, field, digits=MINOR_DIGITS[currency])
