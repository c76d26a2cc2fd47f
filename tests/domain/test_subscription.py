"""Subscriptions: how they run, and what each change makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from api.domain.calendar import Duration
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import Amount
from api.domain.subscription import Amendment, Cancellation, NewSubscription, Renewal
from api.domain.subscription_pauses import Pause, Resumption
from api.errors import Rejection, UserErrorCode

BERLIN = ZoneInfo("Europe/Berlin")
FIELD = ("input", "subscription")
INSTANT = timedelta(microseconds=1)


def on(month, day, hour=12, year=2025):
    """Return noon in Berlin, or another hour there, as a moment in UTC."""
    return datetime(year, month, day, hour, tzinfo=BERLIN).astimezone(UTC)


def euros(amount):
    return Amount(Decimal(amount), "EUR")


NEW = NewSubscription(
    CustomerName(email="ann@example.com"), None, "PRODUCT", "Tea", euros("9.90"), Duration(1), started_at=on(1, 31)
)


def begun(now=None, **terms):
    """Return the timeline of a subscription that starts as the terms say: by default on 31 January, by the month."""
    new = replace(NEW, **terms)
    now = now or new.started_at
    return new.checked(now, FIELD).timeline(now, BERLIN, FIELD)


def taken(timeline, *steps):
    """Return the timeline after steps, each at the moment given with it."""
    for now, step in steps:
        timeline = step.checked(now).after(timeline, now)
    return timeline


def paid(timeline, *moments):
    """Return the timeline after payments."""
    return taken(timeline, *((moment, Renewal()) for moment in moments))


def refused(timeline, now, step):
    """Return code, field and message with which a step is refused."""
    with pytest.raises(Rejection) as found:
        step.checked(now).after(timeline, now)
    return found.value.code.name, ".".join(found.value.field or ()), found.value.message


def statuses(timeline, *moments):
    return [timeline.status(moment) for moment in moments]


def test_the_ends_of_months_do_not_wear_off():
    timeline, ends = begun(), []
    for _ in range(13):
        ends.append(timeline.period_end.astimezone(BERLIN).strftime("%m-%d %H"))
        timeline = paid(timeline, timeline.period_end)
    assert ends == [
        "02-28 12", "03-31 12", "04-30 12", "05-31 12", "06-30 12", "07-31 12", "08-31 12", "09-30 12", "10-31 12",
        "11-30 12", "12-31 12", "01-31 12", "02-28 12",
    ]  # fmt: skip


def test_a_leap_day_comes_back_every_four_years():
    timeline = begun(started_at=on(2, 29, year=2024), interval=Duration(12))
    for year, day in ((2025, 28), (2026, 28), (2027, 28), (2028, 29)):
        assert timeline.period_end == on(2, day, year=year)
        timeline = paid(timeline, timeline.period_end)


def test_a_period_is_counted_as_clocks_in_the_zone_show_it():
    assert begun(started_at=on(3, 29), interval=Duration(days=1)).period_end == on(3, 29) + timedelta(hours=23)
    assert begun(started_at=on(10, 25), interval=Duration(days=1)).period_end == on(10, 25) + timedelta(hours=25)


def test_a_trial_is_the_first_period_and_free():
    new = replace(NEW, trial_ends_at=on(2, 14))
    timeline = begun(trial_ends_at=on(2, 14))
    assert (timeline.period_start, timeline.period_end, timeline.anchored_at) == (on(1, 31), on(2, 14), on(2, 14))
    assert new.paid_at(on(1, 31)) is None
    assert statuses(timeline, on(2, 14) - INSTANT, on(2, 14), on(2, 28) - INSTANT, on(2, 28)) == [
        "TRIALING", "PAST_DUE", "PAST_DUE", "EXPIRED",
    ]  # fmt: skip
    assert paid(timeline, on(2, 1)).period_end == on(3, 14)
    assert paid(timeline, on(2, 1)).status(on(2, 10)) == "TRIALING"


def test_unpaid_it_runs_on_for_the_grace_and_lapses():
    timeline = begun()
    assert (timeline.due, timeline.lapses_at, timeline.ends_at) == (on(2, 28), on(3, 14), on(3, 14))
    moments = (on(1, 31) - INSTANT, on(1, 31), on(2, 28) - INSTANT, on(2, 28), on(3, 14) - INSTANT, on(3, 14))
    assert statuses(timeline, *moments) == ["SCHEDULED", "ACTIVE", "ACTIVE", "PAST_DUE", "PAST_DUE", "EXPIRED"]
    assert begun(grace=Duration()).status(on(2, 28)) == "EXPIRED"


def test_the_first_period_is_paid_where_it_has_begun():
    at = on(1, 31)
    assert [NEW.paid_at(now) for now in (on(6, 1), at, at - timedelta(minutes=5))] == [at] * 3
    assert NEW.paid_at(at - timedelta(minutes=5) - INSTANT) is None
    assert begun(now=on(1, 1)).changed_at == on(1, 1)
    assert begun(now=on(6, 1)).changed_at == at


def test_a_payment_moves_the_period_on_and_repairs_what_is_overdue():
    late = paid(begun(), on(3, 10))
    assert (late.period_start, late.period_end, late.status(on(3, 10))) == (on(2, 28), on(3, 31), "ACTIVE")
    early = paid(begun(), on(2, 1), on(2, 2))
    assert (early.period_start, early.period_end) == (on(3, 31), on(4, 30))


def test_a_payment_told_late_counts_from_when_it_was_made():
    timeline = taken(begun(), (on(6, 1), Renewal(paid_at=on(3, 10))))
    assert (timeline.changed_at, timeline.period_end) == (on(3, 10), on(3, 31))
    assert refused(begun(), on(6, 1), Renewal(paid_at=on(3, 14)))[0] == "INVALID_STATE"


def test_another_end_of_a_period_is_counted_from():
    timeline = taken(begun(), (on(2, 1), Renewal(period_end_at=on(3, 15))))
    assert (timeline.period_start, timeline.period_end) == (on(2, 28), on(3, 15))
    assert paid(timeline, on(3, 1)).period_end == on(4, 15)
    usual = taken(begun(), (on(2, 1), Renewal(period_end_at=on(3, 31))), (on(3, 1), Renewal()), (on(4, 1), Renewal()))
    assert usual.period_end == on(5, 31), "the end that it has anyway changes nothing"


def test_a_pause_stops_it_and_leaves_what_is_paid():
    timeline = taken(begun(), (on(2, 5), Pause(resume_at=on(2, 10))))
    assert statuses(timeline, on(2, 5) - INSTANT, on(2, 5), on(2, 10) - INSTANT, on(2, 10)) == [
        "ACTIVE", "PAUSED", "PAUSED", "ACTIVE",
    ]  # fmt: skip
    assert timeline.ends_at == on(3, 14)


def test_a_pause_that_covers_the_end_of_the_period_puts_off_what_is_due():
    timeline = taken(begun(), (on(2, 5), Pause(resume_at=on(5, 20))))
    assert (timeline.due, timeline.ends_at) == (on(5, 20), on(6, 3))
    assert statuses(timeline, on(5, 20) - INSTANT, on(5, 20), on(6, 3)) == ["PAUSED", "PAST_DUE", "EXPIRED"]
    again = paid(timeline, on(5, 21), on(6, 20))
    assert (again.period_start, again.period_end) == (on(6, 20), on(7, 20)), "the time of the pause is not paid for"


def test_a_pause_begins_with_its_first_moment_and_ends_before_its_last():
    ends_with_the_period = taken(begun(), (on(2, 5), Pause(resume_at=on(2, 28))))
    assert ends_with_the_period.due == on(2, 28)
    begins_with_its_end = taken(begun(), (on(2, 5), Pause(pause_at=on(2, 28), resume_at=on(3, 2))))
    assert begins_with_its_end.due == on(3, 2)


def test_a_pause_that_covers_the_lapse_puts_it_off():
    timeline = taken(begun(), (on(3, 10), Pause(resume_at=on(4, 1))))
    assert (timeline.due, timeline.ends_at) == (on(2, 28), on(4, 1))
    assert statuses(timeline, on(3, 9), on(3, 31), on(4, 1)) == ["PAST_DUE", "PAUSED", "EXPIRED"]


def test_a_pause_without_an_end_has_no_due_moment_and_no_end():
    timeline = taken(begun(), (on(2, 5), Pause()))
    assert (timeline.due, timeline.ends_at, timeline.status(on(1, 1, year=2099))) == (None, None, "PAUSED")
    resumed = taken(timeline, (on(5, 20), Resumption()))
    assert (resumed.pauses, resumed.due, resumed.ends_at) == (((on(2, 5), on(5, 20)),), on(5, 20), on(6, 3))


def test_pauses_that_touch_are_one():
    timeline = taken(begun(), (on(2, 5), Pause(resume_at=on(2, 28))), (on(2, 28), Pause(resume_at=on(3, 20))))
    assert (timeline.pauses, timeline.due) == (((on(2, 5), on(3, 20)),), on(3, 20))


def test_a_pause_that_has_not_begun_is_withdrawn_and_one_that_lasts_is_ended():
    planned = taken(begun(), (on(2, 1), Pause(pause_at=on(2, 10), resume_at=on(2, 20))))
    assert planned.status(on(2, 1)) == "ACTIVE"
    assert taken(planned, (on(2, 2), Resumption())).pauses == ()
    assert taken(planned, (on(2, 2), Resumption(resume_at=on(2, 9)))).pauses == ()
    assert taken(planned, (on(2, 2), Resumption(resume_at=on(2, 15)))).pauses == ((on(2, 10), on(2, 15)),)
    assert taken(planned, (on(2, 12), Resumption(resume_at=on(4, 1)))).pauses == ((on(2, 10), on(4, 1)),)
    told_late = taken(planned, (on(2, 19), Resumption(resume_at=on(2, 11))))
    assert (told_late.pauses, told_late.changed_at) == (((on(2, 10), on(2, 11)),), on(2, 11))


def test_a_new_interval_is_counted_from_the_end_of_what_is_paid():
    timeline = taken(begun(), (on(2, 5), Amendment(interval=Duration(12))))
    assert (timeline.period_end, timeline.ends_at) == (on(2, 28), on(3, 14))
    assert paid(timeline, on(2, 28)).period_end == on(2, 28, year=2026)
    same = taken(begun(), (on(2, 5), Amendment(interval=Duration(1))), (on(2, 28), Renewal()))
    assert same.period_end == on(3, 31), "the same interval keeps its anchor"


def test_a_new_interval_before_the_start_makes_the_first_period_anew():
    timeline = taken(begun(now=on(1, 1)), (on(1, 2), Amendment(interval=Duration(3))))
    assert (timeline.period_end, timeline.anchored_at) == (on(4, 30), on(1, 31))
    trial = taken(begun(now=on(1, 1), trial_ends_at=on(2, 14)), (on(1, 2), Amendment(interval=Duration(3))))
    assert (trial.period_end, trial.anchored_at) == (on(2, 14), on(2, 14))


@pytest.mark.parametrize(
    ("steps", "now", "cancel_at", "end"),
    [
        ([], on(2, 5), None, on(2, 28)),
        ([], on(2, 5), on(2, 5), on(2, 5)),
        ([], on(2, 5), on(2, 3), on(2, 3)),
        ([], on(2, 5), on(3, 14), on(3, 14)),
        ([], on(3, 5), None, on(3, 5)),
        ([(on(2, 5), Pause())], on(5, 1), None, on(5, 1)),
        ([(on(2, 5), Pause())], on(2, 6), on(9, 1), on(9, 1)),
        ([(on(2, 5), Renewal())], on(2, 6), None, on(3, 31)),
    ],
    ids=["at its end", "now", "told late", "with its grace", "overdue", "paused", "in a pause", "renewed"],
)
def test_it_ends_when_it_is_cancelled_for(steps, now, cancel_at, end):
    timeline = taken(begun(), *steps, (now, Cancellation("OTHER", cancel_at=cancel_at)))
    assert (timeline.cancel_at, timeline.ends_at, timeline.changed_at) == (end, end, min(now, end))
    assert timeline.status(end) == "CANCELLED"
    assert timeline.status(end - INSTANT) != "CANCELLED"


def test_a_trial_is_cancelled_for_its_end_and_a_later_start_for_that():
    trial = taken(begun(trial_ends_at=on(2, 14)), (on(2, 1), Cancellation("UNUSED")))
    assert (trial.ends_at, trial.status(on(2, 14))) == (on(2, 14), "CANCELLED")
    never = taken(begun(now=on(1, 1)), (on(1, 2), Cancellation("OTHER", cancel_at=on(1, 31))))
    assert statuses(never, on(1, 30), on(1, 31)) == ["SCHEDULED", "CANCELLED"]


def test_an_end_that_has_not_come_can_be_moved():
    timeline = taken(begun(), (on(2, 5), Cancellation("OTHER")))
    for moment in (on(2, 10), on(3, 14)):
        assert taken(timeline, (on(2, 6), Cancellation("OTHER", cancel_at=moment))).ends_at == moment


def test_what_ends_it_first_has_ended_it():
    timeline = taken(begun(), (on(2, 5), Pause()), (on(2, 6), Cancellation("OTHER", cancel_at=on(9, 1))))
    resumed = taken(timeline, (on(3, 1), Resumption()))
    assert (resumed.ends_at, resumed.cancel_at) == (on(3, 15), on(9, 1))
    assert statuses(resumed, on(3, 15), on(9, 1)) == ["EXPIRED", "EXPIRED"]


RUNNING, TRIAL = begun(), begun(trial_ends_at=on(2, 14))
PAUSED = taken(RUNNING, (on(2, 5), Pause()))
PLANNED = taken(RUNNING, (on(2, 5), Pause(pause_at=on(2, 27))))
CANCELLED = taken(RUNNING, (on(2, 5), Cancellation("OTHER")))
NOT_BEGUN = begun(now=on(1, 1))
STEPS = {
    "renew": Renewal(), "pause": Pause(), "resume": Resumption(), "change": Amendment(plan_name="Tools"),
    "cancel": Cancellation("OTHER"),
}  # fmt: skip
STATES = {
    # state: timeline, moment, the steps that are refused, each with words of the message
    "not begun": (NOT_BEGUN, on(1, 2), {"renew": "begun", "pause": "begun", "resume": "begun"}),
    "trial": (TRIAL, on(2, 6), {"resume": "nothing to resume"}),
    "running": (RUNNING, on(2, 6), {"resume": "nothing to resume"}),
    "overdue": (RUNNING, on(3, 1), {"resume": "nothing to resume"}),
    "paused": (PAUSED, on(2, 6), {"renew": "resume it first", "pause": "resume it first"}),
    "pause planned": (PLANNED, on(2, 6), {"renew": "resume it first", "pause": "withdraw it"}),
    "cancelled for later": (CANCELLED, on(2, 6), {"renew": "cancelled for a later", "resume": "nothing to resume"}),
    "cancelled": (CANCELLED, on(2, 28), dict.fromkeys(STEPS, "start a new one")),
    "expired": (RUNNING, on(3, 14), dict.fromkeys(STEPS, "start a new one")),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", STATES)
def test_each_state_allows_what_makes_sense_in_it(state, step):
    timeline, now, impossible = STATES[state]
    if step in impossible:
        code, field, message = refused(timeline, now, STEPS[step])
        assert (code, field) == ("INVALID_STATE", "input.subscriptionId")
        assert impossible[step] in message
    else:
        assert taken(timeline, (now, STEPS[step])).changed_at == now


BAD = {
    # what is wrong: step, moment, code, path below `input`, words of the message
    "paid in the future": (Renewal(paid_at=on(2, 6) + timedelta(minutes=6)), "OUT_OF_RANGE", "paidAt", "future"),
    "paid before the start": (Renewal(paid_at=on(1, 30)), "OUT_OF_RANGE", "paidAt", "before that"),
    "period that ends before": (Renewal(period_end_at=on(2, 28)), "OUT_OF_RANGE", "periodEndAt", "later than"),
    "amount too fine": (Renewal(amount=euros("0.001")), "INVALID", "amount.amount", "2 digits"),
    "unknown currency": (
        Renewal(amount=Amount(Decimal(1), "QQQ")), "UNKNOWN_CURRENCY", "amount.currencyCode", "such as EUR",
    ),
    "pause before the start": (Pause(pause_at=on(1, 30)), "OUT_OF_RANGE", "pauseAt", "before that"),
    "pause after the end": (Pause(pause_at=on(3, 14)), "OUT_OF_RANGE", "pauseAt", "earlier"),
    "pause that ends at once": (Pause(on(2, 7), on(2, 7)), "OUT_OF_RANGE", "resumeAt", "after it begins"),
    "pause that ended": (Pause(resume_at=on(2, 6)), "OUT_OF_RANGE", "resumeAt", "after it begins"),
    "resumed before the start": (Resumption(on(1, 30)), "OUT_OF_RANGE", "resumeAt", "before that"),
    "no change": (Amendment(), "BLANK", "", "planName"),
    "blank name": (Amendment(plan_name=" "), "BLANK", "planName", "empty"),
    "no interval": (Amendment(interval=Duration()), "OUT_OF_RANGE", "interval", "P1M"),
    "negative price": (Amendment(price=euros(-1)), "OUT_OF_RANGE", "price.amount", "between 0"),
    "change in the future": (Amendment("A", changed_at=on(2, 7)), "OUT_OF_RANGE", "changedAt", "future"),
    "change before the start": (Amendment("A", changed_at=on(1, 1)), "OUT_OF_RANGE", "changedAt", "before that"),
    "cancelled before the start": (Cancellation("OTHER", cancel_at=on(1, 1)), "OUT_OF_RANGE", "cancelAt", "before"),
    "cancelled after its end": (
        Cancellation("OTHER", cancel_at=on(3, 14) + INSTANT), "OUT_OF_RANGE", "cancelAt", "earlier",
    ),
    "long comment": (Cancellation("OTHER", "x" * 2001), "TOO_LONG", "comment", "2000"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
def test_a_bad_change_is_rejected(wrong):
    step, code, field, words = BAD[wrong]
    found = refused(RUNNING, on(2, 6), step)
    assert found[:2] == (code, f"input.{field}".rstrip("."))
    assert words in found[2]


def test_a_start_that_lies_ahead_is_not_cancelled_before_it():
    code, field, message = refused(NOT_BEGUN, on(1, 2), Cancellation("OTHER", cancel_at=on(1, 30)))
    assert (code, field) == ("OUT_OF_RANGE", "input.cancelAt")
    assert "when it would begin" in message


def test_no_change_precedes_the_last_one():
    timeline = taken(RUNNING, (on(2, 10), Amendment("Tools")))
    for step in (
        Renewal(paid_at=on(2, 9)), Pause(on(2, 9)), Amendment("A", changed_at=on(2, 9)),
        Cancellation("OTHER", cancel_at=on(2, 9)),
    ):  # fmt: skip
        assert refused(timeline, on(2, 20), step)[0] == "OUT_OF_RANGE"
    assert paid(timeline, on(2, 9)).changed_at == on(2, 10), "a clock that runs behind does no harm"


@pytest.mark.parametrize(
    ("terms", "code", "field"),
    [
        ({"plan_name": "\u200b"}, "BLANK", "planName"),
        ({"plan_name": "x" * 201}, "TOO_LONG", "planName"),
        ({"price": euros("9.999")}, "INVALID", "price.amount"),
        ({"price": Amount(Decimal(1), "DEM")}, "UNKNOWN_CURRENCY", "price.currencyCode"),
        ({"interval": Duration()}, "OUT_OF_RANGE", "interval"),
        ({"interval": Duration(1200), "started_at": on(1, 31, year=2150)}, "OUT_OF_RANGE", "interval"),
        ({"trial_ends_at": on(1, 31)}, "OUT_OF_RANGE", "trialEndsAt"),
        ({"started_at": None, "trial_ends_at": on(1, 31)}, "OUT_OF_RANGE", "trialEndsAt"),
        ({"external_id": ExternalKey("shop", " ")}, "BLANK", "externalId.value"),
        ({"customer": CustomerName(email="ann")}, "INVALID", "customer.email"),
    ],
)
def test_a_bad_subscription_is_rejected(terms, code, field):
    with pytest.raises(Rejection) as found:
        begun(now=on(1, 31), **terms)
    assert (found.value.code, found.value.field) == (UserErrorCode[code], (*FIELD, *field.split(".")))


def test_a_subscription_is_kept_in_the_form_in_which_it_is_compared():
    given = replace(NEW, plan_name=" Tea ", external_id=ExternalKey(" shop", "1 "), started_at=None)
    kept = given.checked(on(1, 31), FIELD)
    assert (kept.plan_name, kept.external_id, kept.started_at) == ("Tea", ExternalKey("shop", "1"), on(1, 31))
    assert kept.checked(on(2, 1), FIELD) == kept
    assert Cancellation("OTHER", " Too dear ").checked(on(1, 31)).comment == "Too dear"


def test_periods_end_before_the_year_2201():
    timeline = begun(started_at=on(1, 31, year=2199), interval=Duration(12))
    code, field, _ = refused(paid(timeline), on(1, 31, year=2200), Renewal(paid_at=on(1, 31, year=2200)))
    assert (code, field) == ("OUT_OF_RANGE", "input.subscriptionId")
