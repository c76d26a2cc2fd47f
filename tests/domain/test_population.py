"""The made-up population follows its model, repeats itself, and looks like a shop's."""

import doctest
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from math import exp, sqrt
from statistics import mean, stdev

import pytest

from api.domain.consents import NewConsent
from api.domain.customer_name import CustomerName
from api.domain.feedback import NewFeedback, Words
from api.domain.population import STANDARD, Population, SubscriptionVersion, companies, customer, exchange, identifiers
from api.domain.population.baskets import basket
from api.domain.population.behaviour import Behaviour, behaviour, in_opening_hours
from api.domain.population.catalogue import PRODUCTS
from api.domain.population.identifiers import derived_id, generator
from api.domain.population.people import COUNTRIES, profile
from api.domain.population.points import Collector, drawn_points, program
from api.domain.population.referrals import drawn_referral
from api.domain.population.support_plans import drawn_support_plans

UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
MODEL = STANDARD
POPULATION = Population(7, UNTIL, MODEL)
WEEK = timedelta(weeks=1)
DIGEST = "59412b2f286f866ce7895669c842087ddb690ad5737c555909413d2533440584"


@pytest.fixture(scope="module")
def drawn() -> list[Behaviour]:
    """Return the behaviour of 20,000 customers who have bought; about one in forty has not, and is left out."""
    everybody = (behaviour(generator(f"7/{number}/behaviour"), UNTIL, MODEL) for number in range(20_500))
    return [each for each in everybody if each.purchases][:20_000]


@pytest.fixture(scope="module")
def shop():
    return [customer(POPULATION, number) for number in range(1, 1_001)]


def agree(values: list[float], expected: float) -> bool:
    """Return whether the mean of independent values is within four standard errors of what is expected."""
    return abs(mean(values) - expected) <= 4 * stdev(values) / sqrt(len(values))


def squared_deviations(values: list[float], center: float) -> list[float]:
    return [(value - center) ** 2 for value in values]


def observed_weeks(each: Behaviour) -> float:
    return (UNTIL - each.purchases[0].placed_at) / WEEK


def hypergeometric(a: float, b: float, c: float, z: float) -> float:
    """Return Gauss's 2F1 by its series, for 0 <= z < 1."""
    total = term = 1.0
    for n in range(20_000):
        term *= (a + n) * (b + n) / (c + n) / (n + 1) * z
        total += term
        if term < 1e-15 * total:
            return total
    raise AssertionError("the series did not converge")


def expected_repeats(weeks: float) -> float:
    """Return how often a new customer buys again in so many weeks: MBG/NBD, all traits unknown."""
    r, alpha, a, b = MODEL.rate_shape, MODEL.rate_scale, MODEL.dropout_a, MODEL.dropout_b
    grown: float = 1 - (alpha / (alpha + weeks)) ** r * hypergeometric(r, b + 1, a + b, weeks / (alpha + weeks))
    return b / (a - 1) * grown


def test_traits_have_the_means_and_variances_of_their_distributions(drawn):
    traits = [each.traits for each in drawn if each.traits]
    r, alpha, a, b = MODEL.rate_shape, MODEL.rate_scale, MODEL.dropout_a, MODEL.dropout_b
    rates = [each.purchase_rate for each in traits]
    dropouts = [each.dropout_probability for each in traits]
    assert agree(rates, r / alpha)
    assert agree(squared_deviations(rates, r / alpha), r / alpha**2)
    assert agree(dropouts, a / (a + b))
    assert agree(squared_deviations(dropouts, a / (a + b)), a * b / (a + b) ** 2 / (a + b + 1))
    assert agree(
        [MODEL.spend_shape / each.mean_spend for each in traits], MODEL.spend_rate_shape / MODEL.spend_rate_scale
    )


def test_purchases_given_the_traits_follow_the_process(drawn):
    surplus = []
    for each in drawn:
        rate, dropout = each.traits.purchase_rate, each.traits.dropout_probability
        repeats = (1 - dropout) / dropout * (1 - exp(-rate * dropout * observed_weeks(each)))
        surplus.append(len(each.purchases) - 1 - repeats)
    assert agree(surplus, 0)


def test_purchases_of_the_population_follow_the_closed_form(drawn):
    by_weeks = {weeks: expected_repeats(weeks) for weeks in range(1, MODEL.weeks + 1)}
    surplus = [len(each.purchases) - 1 - by_weeks[max(1, round(observed_weeks(each)))] for each in drawn]
    assert agree(surplus, 0)


def test_customers_are_lost_as_often_as_the_model_says(drawn):
    surplus = []
    for each in drawn:
        rate, dropout = each.traits.purchase_rate, each.traits.dropout_probability
        surplus.append((each.dropped_out_at is None) - (1 - dropout) * exp(-rate * dropout * observed_weeks(each)))
    assert agree(surplus, 0)


def test_the_year_after_the_reference_moment_follows_the_process(drawn):
    counts, spends = [], []
    for each in drawn:
        if each.dropped_out_at:
            assert each.next_purchases == each.next_spend == 0
            continue
        rate, dropout = each.traits.purchase_rate, each.traits.dropout_probability
        expected = (1 - exp(-rate * dropout * 52)) / dropout
        counts.append(each.next_purchases - expected)
        spends.append(each.next_spend / 100 - expected * each.traits.mean_spend)
    assert agree(counts, 0)
    assert agree(spends, 0)


def test_spend_is_gamma_gamma(drawn):
    first = [each.purchases[0].spend / 100 for each in drawn]
    assert agree(first, MODEL.spend_shape * MODEL.spend_rate_scale / (MODEL.spend_rate_shape - 1))
    relative = [each.purchases[-1].spend / 100 / each.traits.mean_spend for each in drawn]
    assert agree(relative, 1)
    assert agree(squared_deviations(relative, 1), 1 / MODEL.spend_shape)


def test_purchases_are_in_order_and_before_the_reference_moment(drawn):
    for each in drawn:
        moments = [purchase.placed_at for purchase in each.purchases]
        assert each.registered_at <= moments[0]
        assert all(earlier <= later for earlier, later in pairwise(moments))
        assert moments[-1] < UNTIL
        assert each.dropped_out_at in (None, moments[-1])


def test_opening_hours_keep_the_day_and_the_order():
    moments = [UNTIL + timedelta(minutes=37 * step) for step in range(200)]
    opened = [in_opening_hours(moment) for moment in moments]
    assert [moment.date() for moment in opened] == [moment.date() for moment in moments]
    assert all(earlier < later for earlier, later in pairwise(opened))
    assert {moment.hour for moment in opened} == set(range(6, 21))


def test_a_seed_and_a_moment_make_the_same_customers_on_every_machine():
    made = [customer(POPULATION, number) for number in range(1, 101)]
    seen = repr([(each.profile, each.created_at, each.orders) for each in made])
    assert sha256(seen.encode()).hexdigest() == DIGEST


def test_most_agree_to_be_reached_some_take_it_back_and_some_were_never_asked(shop):
    drawn = [[each for each in member.decided if each.channel == "EMAIL"] for member in shop[6:]]
    shares = [
        sum(1 for decided in drawn if decided and decided[-1].decision == "GRANTED"),
        sum(1 for decided in drawn if len(decided) > 1),
        sum(1 for decided in drawn if not decided),
    ]
    assert [share / len(drawn) for share in shares] == pytest.approx([0.66, 0.085, 0.15], abs=0.04)
    for created_at, each in ((member.created_at, each) for member in shop for each in member.decided):
        assert created_at < each.decided_at < each.recorded_at < UNTIL
        NewConsent(
            CustomerName(email="ada@example.com"),
            *(each.channel, each.decision, each.decided_at, each.expires_at, each.source),
        ).checked(UNTIL, ())


def test_who_is_lost_complains_and_is_no_promoter(shop):
    drawn = shop[6:]
    complaining, promoting = [], []
    for lost in (True, False):
        group = [each for each in drawn if each.orders and (each.behaviour.dropped_out_at is not None) == lost]
        last = [(each, told) for each in group for told in each.told if told.submitted_at > each.orders[-1].recorded_at]
        complaining.append(sum(told.kind == "COMPLAINT" for _, told in last) / len(group))
        promoting.append(mean(told.score >= 9 for _, told in last if told.kind == "NPS"))
    assert complaining[0] > 5 * complaining[1] > 0
    assert promoting[0] < 0.5 * promoting[1]
    assert len({(each.kind, each.score) for member in shop for each in member.told}) > 20


def test_what_is_said_comes_after_its_order_and_before_the_end_and_what_follows_in_turn(shop):
    for each in (told for member in shop for told in member.told):
        assert each.submitted_at < each.recorded_at < UNTIL
        assert each.order is None or each.order.recorded_at < each.submitted_at
        moments = [moment for moment in (each.submitted_at, each.replied_at, each.resolved_at) if moment]
        assert moments == sorted(moments)
        assert not moments[1:] or moments[-1] < UNTIL
        NewFeedback(
            CustomerName(email="a@example.com"),
            None,
            each.kind,
            Words(each.score, each.comment, each.reasons),
            None,
            None,
        ).checked(UNTIL, ())


def test_another_seed_changes_everybody_but_the_characters():
    other = Population(8, UNTIL, MODEL)
    same = [customer(other, number) == customer(POPULATION, number) for number in range(1, 101)]
    assert same == [True] * 6 + [False] * 94


def test_lines_come_to_the_gross_amount_and_the_total_to_the_spend(shop):
    for each in shop:
        assert len(each.orders) == len(each.behaviour.purchases)
        for order, purchase in zip(each.orders, each.behaviour.purchases, strict=True):
            assert sum(item.quantity * item.unit_price for item in order.items) == order.gross
            assert 0 <= order.discount < order.gross
            assert order.placed_at == purchase.placed_at
            assert abs(order.spend - purchase.spend) <= (0 if order.currency == "EUR" else 2)


@pytest.mark.parametrize("total", [100, 149, 150, 151, 1_000, 25_000])
def test_a_basket_comes_to_its_sum_in_every_currency(total):
    draw = generator("baskets")
    for rate in (10_000, 9_000, 12_200):
        for lines in range(1, 6):
            items = basket(draw, total, lines=lines, rate=rate)
            assert sum(item.quantity * item.unit_price for item in items) == total
            assert all(item.quantity > 0 and item.unit_price > 0 for item in items)
            assert len({item.product.sku for item in items}) == len(items) <= lines


def test_nothing_is_recorded_before_it_happened_or_after_the_reference_moment(shop):
    for each in shop:
        assert POPULATION.opened_at <= each.created_at < UNTIL
        for order in each.orders:
            assert each.created_at < order.placed_at < order.recorded_at <= UNTIL
            if order.refund:
                assert order.placed_at < order.refund.refunded_at < order.refund.recorded_at < UNTIL


def test_a_refund_is_recorded_after_its_order_also_where_the_order_was_entered_late(shop):
    late = 0
    for order in (order for each in shop for order in each.orders if order.refund):
        assert order.recorded_at < order.refund.recorded_at
        late += order.refund.refunded_at < order.recorded_at
    assert late > 0, "some refunds are given before their orders are entered"


def test_refunds_are_at_most_the_total_and_whole_ones_come_after_thirty_days(shop):
    refunds = [(order, order.refund) for each in shop for order in each.orders if order.refund]
    whole = [(order, refund) for order, refund in refunds if refund.amount == order.gross - order.discount]
    assert all(0 < refund.amount <= order.gross - order.discount for order, refund in refunds)
    assert all(0 < refund.business_amount <= order.spend for order, refund in refunds)
    assert all(refund.business_amount == order.spend for order, refund in whole)
    assert all(refund.refunded_at - order.placed_at > timedelta(days=30) for order, refund in whole)
    assert 0 < len(whole) < len(refunds)


def test_every_kind_of_order_occurs(shop):
    orders = [order for each in shop for order in each.orders]
    assert {order.currency for order in orders} == {"EUR", "CHF", "GBP", "USD"}
    assert {len(order.items) for order in orders} == {1, 2, 3, 4, 5}
    assert {item.product.sku for order in orders for item in order.items} == {product.sku for product in PRODUCTS}
    assert 0.1 < mean(order.discount > 0 for order in orders) < 0.2
    assert 0.02 < mean(order.recorded_at - order.placed_at > 2 * WEEK for order in orders) < 0.04


def test_addresses_are_nobodys_and_unique():
    profiles = [profile(generator(f"7/{number}/profile"), number) for number in range(7, 12_007)]
    emails = [each.email for each in profiles if each.email]
    phones = [each.phone for each in profiles if each.phone]
    assert len(set(emails)) == len(emails) > 11_000
    assert {email.split("@")[1] for email in emails} == {"example.com", "example.org"}
    assert all(email.isascii() and " " not in email for email in emails)
    assert len(set(phones)) == len(phones) > 1_000
    fictional = tuple(beginning for country in COUNTRIES for beginning in country.phones)
    assert all(phone.startswith(fictional) for phone in phones)
    assert {each.country for each in profiles} == {country.code for country in COUNTRIES}


def test_companies_have_names_of_their_own_and_parents_founded_earlier():
    made = [companies.company(key) for key in range(12_000)]
    assert len({each.name for each in made}) == len(made)
    assert all(each.parent.key < each.key for each in made if each.parent)
    assert 0.3 < mean(each.parent is not None for each in made) < 0.5


def test_a_company_is_there_before_those_that_belong_to_it(shop):
    known = set()
    for each in shop:
        company = each.profile.company
        assert (company is not None) == (each.profile.kind == "BUSINESS")
        assert company is None or company.parent is None or company.parent.key in known or company.parent.key < 0
        known.add(company.key if company else None)


def test_ada_has_a_rich_history_whatever_the_moment():
    ada = customer(Population(99, UNTIL + timedelta(days=400), MODEL), 1)
    last_half_year = [order for order in ada.orders if ada.orders[-1].placed_at - order.placed_at < timedelta(days=180)]
    assert (ada.profile.first_name, ada.profile.last_name, ada.profile.email) == ("Ada", "Berger", "ada@example.com")
    assert len(ada.orders) == 16
    assert len(last_half_year) >= 5
    assert {order.currency for order in ada.orders} == {"EUR", "GBP"}
    assert [order.position for order in ada.orders if order.refund] == [9]
    assert [order.position for order in ada.orders if order.discount] == [6, 12]
    assert [order.position for order in ada.orders if order.recorded_at - order.placed_at > 3 * WEEK] == [8, 15]


def test_the_characters_differ_in_kind():
    _, ben, clara, dario = (customer(POPULATION, number) for number in range(1, 5))
    assert [order.refund.amount for order in ben.orders if order.refund] == [ben.orders[2].gross]
    assert UNTIL - ben.orders[-1].placed_at > timedelta(days=400)
    assert len(clara.orders) == 1
    company = dario.profile.company
    assert company
    assert company.parent
    assert company.parent.name == "Conti Ristoranti"
    assert {order.currency for order in dario.orders} == {"CHF", "USD"}


@pytest.mark.parametrize("day", range(0, 366, 61))
def test_emma_has_points_of_every_kind_and_felix_time_to_buy_on_whatever_day_they_are_made_up(day):
    made = Population(1, UNTIL + timedelta(days=day), MODEL)
    until, emma, felix = made.until, customer(made, 5), customer(made, 6)
    member = drawn_points(
        Collector(derived_id(until, "emma"), made.name_of(5), "CONSUMER"),
        *(emma.orders, program(made.opened_at), until),
        came_at=emma.created_at,
    )
    assert member
    assert {posting.cause.kind for posting, _ in member.postings} == {"EARN", "REDEEM", "EXPIRE"}
    assert any(lot.available_at > until + timedelta(days=7) for lot in member.account.lots), "some wait"
    soon = until + timedelta(days=100)
    assert any(lot.expires_at and lot.expires_at < soon for lot in member.account.lots), "some expire soon"
    referral = drawn_referral(made, felix)
    assert referral
    joined = referral.versions[-1].values
    assert (joined["status"], joined["in_review"], felix.orders) == ("JOINED", False, ())
    assert joined["expires_at"] > until + timedelta(days=80)


def things(everybody):
    """Return everything that was agreed, each with its versions."""
    agreed = [each.agreements for each in everybody]
    return [thing for each in agreed for thing in (*each.subscriptions, *each.support_plans, *each.contracts)]


def test_versions_follow_each_other_on_both_clocks_and_end_before_the_reference_moment(shop):
    for each in shop:
        for thing in things([each]):
            happened = [changed_at(version) for version in thing.versions]
            known = [version.recorded_at for version in thing.versions]
            assert happened == sorted(happened)
            assert known == sorted(known)
            assert all(at <= learnt for at, learnt in zip(happened, known, strict=True))
            assert each.created_at < happened[0]
            assert known[-1] <= UNTIL


def changed_at(version):
    return version.timeline.changed_at if isinstance(version, SubscriptionVersion) else version.values["changed_at"]


def test_every_course_of_a_subscription_occurs(shop):
    subscriptions = [each for one in shop for each in one.agreements.subscriptions]
    standing = {(each.kind, each.versions[-1].timeline.status(UNTIL)) for each in subscriptions}
    states = {"ACTIVE", "PAST_DUE", "PAUSED", "CANCELLED", "EXPIRED"}
    assert standing >= {(kind, state) for kind in ("PRODUCT", "SERVICE") for state in states} | {
        ("SERVICE", "TRIALING")
    }
    changes = {version.change for each in subscriptions for version in each.versions}
    assert changes == {"STARTED", "RENEWED", "PAUSED", "RESUMED", "CHANGED", "CANCELLED"}
    ends = [each.versions[-1].timeline for each in subscriptions if each.versions[-1].change == "CANCELLED"]
    assert {end.cancel_at == end.changed_at for end in ends} == {True, False}, "now, and at the end of a period"
    with_goods = mean(any(each.kind == "PRODUCT" for each in one.agreements.subscriptions) for one in shop)
    with_service = mean(any(each.kind == "SERVICE" for each in one.agreements.subscriptions) for one in shop)
    assert 0.16 < with_goods < 0.24
    assert 0.07 < with_service < 0.13


def test_payments_are_those_for_which_a_subscription_was_carried_on(shop):
    for subscription in (each for one in shop for each in one.agreements.subscriptions):
        first = subscription.versions[0]
        carried = [version for version in subscription.versions if version.change == "RENEWED"]
        paid = carried if first.timeline.trial_ends_at else [first, *carried]
        assert [(each.period_start, each.period_end, each.amount) for each in subscription.payments] == [
            (version.timeline.period_start, version.timeline.period_end, version.price) for version in paid
        ]
        assert all(each.paid_at <= each.recorded_at for each in subscription.payments)


def test_no_more_of_a_support_plan_is_used_than_it_allows_and_only_while_it_runs(shop):
    plans = [each for one in shop for each in one.agreements.support_plans]
    for plan in plans:
        newest = plan.versions[-1].values
        used, allowed = sum(usage.incidents for usage in plan.usages), newest["included_incidents"]
        assert allowed is None or used <= allowed
        for usage in plan.usages:
            assert newest["starts_at"] <= usage.used_at < (newest["ends_at"] or UNTIL)
            assert usage.used_at < usage.recorded_at <= UNTIL
    assert {bool(plan.versions[-1].values["paid"]) for plan in plans} == {True, False}
    assert {bool(plan.usages) for plan in plans} == {True, False}
    assert "CANCELLED" in {plan.versions[-1].values["change"] for plan in plans}


def test_a_plan_that_came_with_something_begins_with_its_order(shop):
    with_order = [plan for one in shop for plan in one.agreements.support_plans if plan.order]
    assert len(with_order) > 10
    for plan in with_order:
        assert plan.order.items[plan.line - 1].product.durable
        assert plan.versions[0].values["starts_at"] == plan.order.placed_at


def test_a_plan_ends_when_the_order_it_came_with_is_paid_back(shop):
    dear = {"WARE-POT-GLASS", "TOOL-KNIFE-CHEF", "WARE-KETTLE", "WARE-POT-IRON", "TOOL-BOARD", "TOOL-WHETSTONE"}
    orders = [order for one in shop for order in one.orders if order.paid_back]
    order = next(each for each in orders if dear & {item.product.sku for item in each.items})
    tries = [drawn_support_plans(generator(f"try {n}"), "EUR", order.placed_at, [order], UNTIL) for n in range(100)]
    plans = [plan for plans in tries for plan in plans if plan.order]
    assert plans
    for plan in plans:
        newest = plan.versions[-1]
        assert newest.values["cancellation_reason"] == "REFUNDED"
        assert (newest.values["ends_at"], newest.recorded_at) == (order.refund.refunded_at, order.refund.recorded_at)
        assert all(usage.used_at < order.refund.refunded_at for usage in plan.usages)


def test_only_customers_of_companies_have_contracts_and_every_kind_occurs(shop):
    assert all(one.profile.company for one in shop if one.agreements.contracts)
    newest = [each.versions[-1].values for one in shop for each in one.agreements.contracts]
    assert {each["auto_renew"] for each in newest} == {True, False}
    assert {each["change"] for each in newest} == {"SIGNED", "RENEWED", "TERMINATED"}
    assert {each["penalty"] is None for each in newest if each["terminate_at"]} == {True, False}
    assert any(each["starts_at"] > UNTIL for each in newest), "one has not begun"
    # One that renews by itself ends when notice allows, one with a penalty at once.
    for each in newest:
        if each["terminate_at"]:
            assert each["starts_at"] < each["terminate_at"] == each["ends_at"]


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027])
def test_the_characters_stand_alike_on_whatever_day_they_are_made_up(year):
    for day in range(366):
        moment = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day)
        ada, ben, clara, dario = (customer(Population(1, moment, MODEL), number).agreements for number in range(1, 5))
        assert [each.versions[-1].timeline.status(moment) for each in ada.subscriptions] == ["CANCELLED", "ACTIVE"]
        assert [each.versions[-1].timeline.status(moment) for each in ben.subscriptions] == ["CANCELLED"]
        assert [version.change for version in ben.subscriptions[0].versions] == [
            *("STARTED", "PAUSED", "RESUMED", "RENEWED", "CANCELLED"),
        ]
        assert ben.support_plans[0].versions[-1].values["ends_at"] < moment
        assert clara.support_plans[0].versions[-1].values["paid"] is False
        service, tastings = (each.versions[-1].values for each in dario.contracts)
        assert timedelta(days=7) < service["ends_at"] - moment < timedelta(days=30)
        assert (tastings["change"], tastings["penalty"]) == ("TERMINATED", Decimal(60))


def test_derived_identifiers_are_uuids_of_their_moment():
    made = derived_id(UNTIL, "one")
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(UNTIL.timestamp() * 1000)
    assert made == derived_id(UNTIL, "one") != derived_id(UNTIL, "other")


@pytest.mark.parametrize("module", [companies, exchange, identifiers], ids=lambda module: module.__name__)
def test_examples_in_docstrings_hold(module):
    results = doctest.testmod(module)
    assert (results.failed, results.attempted > 0) == (0, True)


def test_rates_cover_every_month_and_currency():
    rates = exchange.rates(datetime(2024, 11, 5, tzinfo=UTC).date(), datetime(2025, 2, 1, tzinfo=UTC).date())
    months = {(2024, 11), (2024, 12), (2025, 1), (2025, 2)}
    found = {(rate.currency, rate.effective_on.year, rate.effective_on.month) for rate in rates}
    assert found == {(currency, *month) for month in months for currency in ("CHF", "GBP", "USD")}
    assert {rate.effective_on.day for rate in rates} == {1}
