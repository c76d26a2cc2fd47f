"""A subscription that another system has kept: its period follows from what is told of it, and so does its end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest

from api.domain.calendar import Duration, boundary_after, boundary_before
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import Amount
from api.domain.subscription import NewSubscription
from api.domain.subscription_import import FIELD, KeptSubscription
from api.domain.term import EarlyEnd
from api.errors import Rejection

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INTERVALS = (Duration(1), Duration(12), Duration(days=7), Duration(minutes=90), Duration(1, days=2), Duration(1_200))


def day(month, number, year=2025):
    return datetime(year, month, number, tzinfo=UTC)


def kept(*, period_end=None, end=None, **terms):
    price = Amount(Decimal(10), "EUR")
    names = CustomerName(external_id=ExternalKey("crm", "1")), ExternalKey("crm", "S")
    terms = {"interval": Duration(1), "started_at": day(1, 31), **terms}
    return KeptSubscription(
        NewSubscription(*names, "PRODUCT", "Tea", price, **terms).checked(NOW, FIELD), period_end, end
    )


def ended(told):
    subscription = kept(**told)
    return subscription.ended(subscription.begun(NOW, UTC_ZONE), NOW)


def test_boundaries_before_and_after_a_moment_enclose_it():
    random = Random(5)
    for _ in range(100):
        anchor = day(1, 31) + timedelta(minutes=random.randrange(525_600))
        moment = anchor + timedelta(minutes=random.randrange(1, 60_000))
        interval = random.choice(INTERVALS[:5])
        grid = {"anchor": anchor, "interval": interval, "zone": BERLIN}
        every = [anchor, *(interval.times(number).after(anchor, BERLIN) for number in range(1, 800))]
        assert boundary_before(moment, **grid) == max(found for found in every if found < moment)
        assert boundary_after(moment, **grid) == min(found for found in every[1:] if found > moment)


def test_without_a_period_the_one_that_runs_now_is_paid_for():
    for interval in INTERVALS:
        timeline = kept(interval=interval).begun(NOW, UTC_ZONE)
        assert timeline.period_start <= NOW < timeline.period_end
        assert timeline.anchored_at == timeline.started_at
        assert timeline.status(NOW) == "ACTIVE"


@pytest.mark.parametrize(
    ("told", "start", "end", "anchor"),
    [
        ({"period_end": day(3, 31)}, day(2, 28), day(3, 31), day(1, 31)),
        ({"period_end": day(3, 30)}, day(2, 28), day(3, 30), day(3, 30)),
        ({"period_end": day(2, 10)}, day(1, 31), day(2, 10), day(2, 10)),
        ({"trial_ends_at": day(2, 5), "period_end": day(2, 5)}, day(1, 31), day(2, 5), day(2, 5)),
        ({"trial_ends_at": day(2, 5), "period_end": day(4, 5)}, day(3, 5), day(4, 5), day(2, 5)),
        ({"started_at": day(1, 1, 2027)}, day(1, 1, 2027), day(2, 1, 2027), day(1, 1, 2027)),
    ],
)
def test_a_period_began_where_the_last_regular_one_did(told, start, end, anchor):
    timeline = kept(**told).begun(NOW, UTC_ZONE)
    assert (timeline.period_start, timeline.period_end, timeline.anchored_at) == (start, end, anchor)


@pytest.mark.parametrize(
    ("end", "changed_at", "cancel_at"),
    [
        (EarlyEnd(day(4, 10), None, "UNUSED"), day(4, 10), day(4, 30)),
        (EarlyEnd(day(4, 10), day(4, 12), "UNUSED"), day(4, 10), day(4, 12)),
        (EarlyEnd(day(4, 12), day(4, 10), "UNUSED"), day(4, 10), day(4, 10)),
        (EarlyEnd(None, day(4, 10), "UNUSED"), day(4, 10), day(4, 10)),
        (EarlyEnd(None, day(1, 1, 2027), "UNUSED"), NOW, day(1, 1, 2027)),
    ],
)
def test_a_cancellation_happened_when_it_was_decided_and_ends_it_when_told(end, changed_at, cancel_at):
    begun = kept(end=end).begun(NOW, UTC_ZONE)
    found = ended({"end": end})
    assert (found.changed_at, found.cancel_at, found.ends_at) == (changed_at, cancel_at, cancel_at)
    assert begun.status(changed_at) == "ACTIVE"
    assert found.status(cancel_at) == "CANCELLED"


@pytest.mark.parametrize(
    "told",
    [
        {"period_end": day(1, 31)},
        {"trial_ends_at": day(2, 5), "period_end": day(2, 4)},
        {"end": EarlyEnd(day(1, 30), None, "UNUSED")},
        {"end": EarlyEnd(None, day(1, 30), "UNUSED")},
        {"period_end": day(2, 28), "end": EarlyEnd(day(2, 20), day(3, 20), "UNUSED")},
        {"interval": Duration(1_200), "started_at": day(1, 1, 2150)},
    ],
)
def test_what_cannot_be_is_refused(told):
    with pytest.raises(Rejection):
        ended(told)
