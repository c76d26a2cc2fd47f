"""What a policy must be before it is put into force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.domain.active_policy import NewPolicy, NewRule
from api.domain.calendar import parse_duration
from api.domain.reign import check_begin
from api.errors import Rejection

NOW = datetime(2024, 2, 29, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
FIELD = ("policy",)


def rule(code: str = "RECENT_PURCHASE", window: str | None = "P12M", count: int | None = None, **more: Any) -> NewRule:
    """Return a rule, by default that a purchase counts for a year."""
    parts: dict[str, Any] = {"enabled": True, "customer_kind": None, "category": None, **more}
    return NewRule(code=code, window=window and parse_duration(window), minimum_count=count, **parts)  # type: ignore[arg-type]


def loyal(window: str | None = "P6M", count: int | None = 5, **more: Any) -> NewRule:
    """Return a rule, by default that five purchases in half a year count."""
    return rule("LOYAL", window, count, **more)


def term(code: str = "CONTRACT", window: str | None = None, count: int | None = None, **more: Any) -> NewRule:
    """Return a rule about something that runs."""
    return rule(code, window, count, **more)


def policy(*rules: NewRule, zone: str | None = None) -> NewPolicy:
    return NewPolicy(rules, zone)


BAD: dict[str, tuple[NewPolicy, str, str, str]] = {
    # what is wrong: policy, code, path below it, words of the message
    "no window of a purchase": (policy(rule(window=None)), "INVALID", "rules.0.window", "needs a window, such as"),
    "no window of loyalty": (policy(loyal(window=None)), "INVALID", "rules.0.window", "LOYAL needs a window"),
    "window of a contract": (policy(term(window="P1M")), "INVALID", "rules.0.window", "takes no window"),
    "window of a support plan": (policy(term("PAID_SUPPORT_PLAN", "P1M")), "INVALID", "rules.0.window", "no window"),
    "empty window": (policy(rule(window="P0D")), "OUT_OF_RANGE", "rules.0.window", "longer than nothing"),
    "empty window of loyalty": (policy(loyal("P0M")), "OUT_OF_RANGE", "rules.0.window", "longer than nothing"),
    "hours": (policy(rule(window="PT24H")), "INVALID", "rules.0.window", "whole years, months, weeks or days"),
    "days and minutes": (policy(rule(window="P1DT1M")), "INVALID", "rules.0.window", "whole years"),
    "a day above ten years": (policy(rule(window="P10Y1D")), "OUT_OF_RANGE", "rules.0.window", "at most 10 years"),
    "too many months": (policy(rule(window="P121M")), "OUT_OF_RANGE", "rules.0.window", "at most 10 years"),
    "too many days": (policy(rule(window="P3654D")), "OUT_OF_RANGE", "rules.0.window", "at most 10 years"),
    "too much together": (policy(rule(window="P9Y366D")), "OUT_OF_RANGE", "rules.0.window", "at most 10 years"),
    "no count": (policy(loyal(count=None)), "INVALID", "rules.0.minimumCount", "needs minimumCount"),
    "count of one": (policy(loyal(count=1)), "OUT_OF_RANGE", "rules.0.minimumCount", "between 2 and 1000"),
    "count below nothing": (policy(loyal(count=-5)), "OUT_OF_RANGE", "rules.0.minimumCount", "between 2 and 1000"),
    "huge count": (policy(loyal(count=1_001)), "OUT_OF_RANGE", "rules.0.minimumCount", "between 2 and 1000"),
    "two recent purchases": (policy(rule(count=2)), "INVALID", "rules.0.minimumCount", "LOYAL is the rule"),
    "no recent purchase": (policy(rule(count=0)), "INVALID", "rules.0.minimumCount", "takes one purchase"),
    "count of contracts": (policy(term(count=1)), "INVALID", "rules.0.minimumCount", "counts no purchases"),
    "loyal to a category": (policy(loyal(category="Tea")), "INVALID", "rules.0.category", "Only RECENT_PURCHASE"),
    "contract of a category": (policy(term(category="Tea")), "INVALID", "rules.0.category", "Only RECENT_PURCHASE"),
    "blank category": (policy(rule(category=" ")), "BLANK", "rules.0.category", "must not be empty"),
    "long category": (policy(rule(category="x" * 201)), "TOO_LONG", "rules.0.category", "200"),
    "NUL in a category": (policy(rule(category="a\0b")), "INVALID", "rules.0.category", "cannot be kept"),
    "the second rule": (policy(rule(), loyal(count=0)), "OUT_OF_RANGE", "rules.1.minimumCount", "between 2 and"),
    "one rule twice": (policy(rule(), loyal(), rule(window="P1M")), "INVALID", "rules.2", "An earlier rule has this"),
    "one that is off": (policy(term(), term(enabled=False)), "INVALID", "rules.1", "give one of them"),
    "one kind twice": (
        policy(loyal(customer_kind="BUSINESS"), loyal(customer_kind="BUSINESS")), "INVALID", "rules.1", "earlier rule",
    ),
    "one category twice": (policy(rule(category="Tea"), rule(category=" Tea ")), "INVALID", "rules.1", "earlier rule"),
    "too many rules": (
        policy(*(rule(category=str(number)) for number in range(101))), "LIMIT_EXCEEDED", "rules", "at most 100",
    ),
    "unknown zone": (policy(zone="Europe/Atlantis"), "INVALID", "timeZone", "such as Europe/Berlin"),
    "zone in small letters": (policy(zone="europe/berlin"), "INVALID", "timeZone", "such as Europe/Berlin"),
    "offset for a zone": (policy(zone="+01:00"), "INVALID", "timeZone", "such as Europe/Berlin"),
    "zone of a machine": (policy(zone="localtime"), "INVALID", "timeZone", "such as Europe/Berlin"),
    "empty zone": (policy(zone=""), "INVALID", "timeZone", "such as Europe/Berlin"),
    "zone that is a path": (policy(zone="../../etc/passwd"), "INVALID", "timeZone", "such as Europe/Berlin"),
    "NUL in a zone": (policy(zone="UTC\0"), "INVALID", "timeZone", "such as Europe/Berlin"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
def test_a_bad_policy_is_rejected(wrong: str) -> None:
    given, code, field, words = BAD[wrong]
    with pytest.raises(Rejection) as caught:
        given.checked(FIELD)
    assert (caught.value.code.value, caught.value.field) == (code, (*FIELD, *field.split(".")))
    assert words in caught.value.message
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize("window", ["P1D", "P1W", "P1M", "P10Y", "P120M", "P3653D", "P9Y11M30D"])
def test_a_window_is_from_a_day_to_ten_years(window: str) -> None:
    assert policy(rule(window=window), loyal(window)).checked(FIELD).rules[0].window == parse_duration(window)


def test_rules_for_one_code_may_differ_in_kind_or_category() -> None:
    rules = [
        rule(),
        rule(customer_kind="CONSUMER"),
        rule(customer_kind="BUSINESS"),
        rule(category="Tea"),
        rule(category="tea", count=1),
        rule(category="Tea", customer_kind="BUSINESS", enabled=False),
        loyal(count=2),
        loyal(count=1_000, customer_kind="CONSUMER"),
        *(term(code) for code in ("PAID_SUPPORT_PLAN", "PRODUCT_SUBSCRIPTION", "SERVICE_SUBSCRIPTION", "CONTRACT")),
    ]
    kept = policy(*rules, zone="America/New_York").checked(FIELD)
    assert [each.place for each in kept.rules] == [each.place for each in rules]
    assert [each.minimum_count for each in kept.rules] == [1] * 6 + [2, 1_000] + [None] * 4


def test_a_policy_may_have_no_rule_at_all() -> None:
    assert list(policy().checked(FIELD).rules) == []


def test_a_category_is_kept_as_products_keep_theirs() -> None:
    (kept,) = policy(rule(category="  Cafe\u0301 ")).checked(FIELD).rules
    assert kept.category == "Caf\u00e9"


def begins(begin: datetime, latest: datetime = datetime(2024, 1, 1, tzinfo=UTC)) -> None:
    check_begin(begin, latest=latest, now=NOW, field=("effectiveFrom",))


def test_a_policy_begins_after_every_other_even_if_that_lies_in_the_past_or_ahead() -> None:
    latest = datetime(2024, 1, 1, tzinfo=UTC)
    begins(latest + INSTANT, latest)
    begins(NOW + timedelta(days=31, microseconds=1), NOW + timedelta(days=31))
    for begin in (latest, latest - INSTANT):
        with pytest.raises(Rejection, match=r"overlap in time: .* after 2024-01-01T00:00:00Z") as caught:
            begins(begin, latest)
        assert (caught.value.code.value, caught.value.field) == ("OUT_OF_RANGE", ("effectiveFrom",))


def test_a_policy_begins_at_most_ten_years_ahead() -> None:
    furthest = datetime(2034, 2, 28, 12, tzinfo=UTC)
    begins(furthest)
    with pytest.raises(Rejection, match="at most 10 years ahead") as caught:
        begins(furthest + INSTANT)
    assert (caught.value.code.value, caught.value.field) == ("OUT_OF_RANGE", ("effectiveFrom",))
