"""A policy of who counts as active: what it must be before it is put into force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from zoneinfo import available_timezones

from api.domain.calendar import Duration
from api.domain.reign import check_window
from api.domain.text import MEDIUM, cleaned_or_none
from api.errors import Rejection, UserErrorCode

RECENT_PURCHASE, LOYAL = "RECENT_PURCHASE", "LOYAL"
MOST_RULES = 100
FEWEST_PURCHASES, MOST_PURCHASES = 2, 1_000


@dataclass(frozen=True, slots=True)
class NewRule:
    """One rule of a policy; None where the input says nothing.

    code           RECENT_PURCHASE, LOYAL, PAID_SUPPORT_PLAN, PRODUCT_SUBSCRIPTION, SERVICE_SUBSCRIPTION or CONTRACT
    customer_kind  CONSUMER or BUSINESS, None for both
    category       of products, None for all; RECENT_PURCHASE only
    window         for how long a purchase counts; RECENT_PURCHASE and LOYAL only
    minimum_count  how many purchases it takes; LOYAL only, or 1
    """

    code: str
    enabled: bool
    customer_kind: str | None
    category: str | None
    window: Duration | None
    minimum_count: int | None

    @property
    def place(self) -> tuple[str, str | None, str | None]:
        """What no other rule of the policy may be for."""
        return self.code, self.customer_kind, self.category

    def checked(self, field: tuple[str, ...]) -> NewRule:
        """Return the rule as it is kept; raise Rejection where it cannot be."""
        if self.category is not None and self.code != RECENT_PURCHASE:
            raise _invalid("Only RECENT_PURCHASE can be for one category of products.", (*field, "category"))
        self._check_window((*field, "window"))
        self._check_count((*field, "minimumCount"))
        return replace(
            self,
            category=cleaned_or_none(self.category, most=MEDIUM, field=(*field, "category")),
            minimum_count=1 if self.code == RECENT_PURCHASE else self.minimum_count,
        )

    def _check_window(self, field: tuple[str, ...]) -> None:
        if self.code not in (RECENT_PURCHASE, LOYAL):
            if self.window is not None:
                raise _invalid(f"{self.code} holds while something runs, so it takes no window.", field)
        elif self.window is None:
            raise _invalid(f"{self.code} needs a window, such as P12M.", field)
        else:
            check_window(self.window, field)

    def _check_count(self, field: tuple[str, ...]) -> None:
        if self.code == LOYAL:
            if self.minimum_count is None:
                raise _invalid("LOYAL needs minimumCount: how many purchases it takes.", field)
            if not FEWEST_PURCHASES <= self.minimum_count <= MOST_PURCHASES:
                message = f"This must lie between {FEWEST_PURCHASES} and {MOST_PURCHASES}."
                raise Rejection(UserErrorCode.OUT_OF_RANGE, message, field)
        elif self.code == RECENT_PURCHASE:
            if self.minimum_count not in (None, 1):
                raise _invalid("RECENT_PURCHASE takes one purchase; LOYAL is the rule that counts several.", field)
        elif self.minimum_count is not None:
            raise _invalid(f"{self.code} counts no purchases, so it takes no minimumCount.", field)


@dataclass(frozen=True, slots=True)
class NewPolicy:
    """Rules in their order; codes that none of them has are off.

    time_zone  in which months and days are counted, None for that of the business
    """

    rules: Sequence[NewRule]
    time_zone: str | None

    def checked(self, field: tuple[str, ...]) -> NewPolicy:
        """Return the policy as it is kept; raise Rejection where it cannot be, whatever the database holds."""
        if len(self.rules) > MOST_RULES:
            message = f"A policy has at most {MOST_RULES} rules."
            raise Rejection(UserErrorCode.LIMIT_EXCEEDED, message, (*field, "rules"))
        rules = [rule.checked((*field, "rules", str(index))) for index, rule in enumerate(self.rules)]
        places = [rule.place for rule in rules]
        for index, place in enumerate(places):
            if place in places[:index]:
                message = "An earlier rule has this code, kind of customer and category already; give one of them."
                raise _invalid(message, (*field, "rules", str(index)))
        if self.time_zone is not None and self.time_zone not in _time_zones():
            raise unknown_time_zone(field)
        return replace(self, rules=rules)


def unknown_time_zone(field: tuple[str, ...]) -> Rejection:
    """Return why a time zone cannot be used.

    field  of the policy
    """
    return _invalid("This is not the name of a time zone, such as Europe/Berlin or UTC.", (*field, "timeZone"))


def _invalid(message: str, field: tuple[str, ...]) -> Rejection:
    return Rejection(UserErrorCode.INVALID, message, field)


@cache
def _time_zones() -> frozenset[str]:
    # These two mean something else on every machine.
    return frozenset(available_timezones() - {"Factory", "localtime"})
