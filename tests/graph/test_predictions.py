"""What customers are expected to bring: the models' figures on the facts that were known, or why there are none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.scoring import score
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR
from api.writes.ranking import rank
from tests.fitted import MODEL, SPEND, add_model

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

PREDICTED = """
  predicted(horizon: $horizon, annualDiscountRate: $rate) {
    __typename
    ... on PredictionUnavailable { code message need }
    ... on PredictedValue {
      horizon annualDiscountRate expected { amount currencyCode } expectedPurchases expectedOrderValue { amount }
      probabilityActive churnRisk { probability band basis }
      nextPurchase { expectedOn earliestOn latestOn level overdue }
      interval { low { amount } high { amount } level method }
      drivers { name explanation effect { amount } } flags
    }
  }
"""
VARIABLES = '$horizon: Duration! = "P12M", $rate: Decimal! = "0.10", $asOf: DateTime, $knownAt: DateTime'
ONE = f"""query ($id: ID!, {VARIABLES}) {{
  customer(by: {{id: $id}}, asOf: $asOf, knownAt: $knownAt) {{ lifetimeValue {{ {PREDICTED} }} }}
}}"""
MANY = f"""query ({VARIABLES}) {{
  customers(first: 50, asOf: $asOf, knownAt: $knownAt) {{ nodes {{ id lifetimeValue {{ {PREDICTED} }} }} }}
}}"""


def at(day: int, hour: int = 12) -> datetime:
    """Return an hour of a day counted from the first of June a year before."""
    return datetime(2025, 6, 1, hour, tzinfo=UTC) + timedelta(days=day)


@pytest.fixture
async def shop(ask, given):
    """A business whose model was fitted yesterday."""
    ask.now = NOW
    await given.business()
    await add_model(given, trained_until=NOW - timedelta(days=1))
    return given


async def predicted(ask, customer, **variables):
    answer = await ask(ONE, id=customer.id, **variables)
    return answer["customer"]["lifetimeValue"]["predicted"]


def expected(days: int, last: int, today: int, mean: float, *, count: int | None = None, weeks: float = WEEKS_IN_YEAR):
    """Return the score of a customer who bought on so many days, the last of them so many days after the first."""
    return score(
        BetaGeometric(MODEL["r"], MODEL["alpha"], MODEL["a"], MODEL["b"]),
        GammaGamma(**SPEND),
        PurchaseStatistics.of([days - 1], [last / 7], [today / 7]),
        SpendStatistics.of([days if count is None else count], [mean]),
        weeks=weeks,
        annual_discount_rate=0.1,
    )


async def test_it_is_what_the_models_say_of_the_days_on_which_a_customer_bought(ask, shop):
    customer = await shop.customer()
    for day, amount in ((0, 30), (0, 10), (70, 20), (301, 60)):
        await shop.order(customer, amount, placed_at=at(day))
    found = await predicted(ask, customer)
    scored = expected(3, 301, 365, 40)
    assert found["expected"] == {"amount": f"{scored.discounted_value[0]:.2f}", "currencyCode": "EUR"}
    assert found["expectedPurchases"] == pytest.approx(scored.expected_purchases[0], abs=1e-6)
    assert found["probabilityActive"] == pytest.approx(scored.probability_active[0], abs=1e-6)
    assert found["expectedOrderValue"]["amount"] == f"{scored.expected_order_value[0]:.2f}"
    assert found["churnRisk"]["probability"] == pytest.approx(1 - scored.probability_active[0], abs=1e-6)
    assert (found["horizon"], found["annualDiscountRate"], found["flags"]) == ("P12M", "0.10", [])
    assert len(ask.statements) == 1


async def test_a_customer_alone_is_what_they_are_in_a_list_but_for_the_range(ask, shop):
    customers = [await shop.customer() for _ in range(4)]
    for number, customer in enumerate(customers[1:]):
        for day in range(0, 300, 40 + 30 * number):
            await shop.order(customer, 10 + number, placed_at=at(day))
    nodes = {node["id"]: node["lifetimeValue"]["predicted"] for node in (await ask(MANY))["customers"]["nodes"]}
    for customer in customers:
        alone, listed = await predicted(ask, customer), nodes[customer.id]
        ranges = [one.pop("interval", None) for one in (alone, listed)]
        assert alone == listed
        if ranges[0]:
            assert [one["method"] for one in ranges] == ["EXACT", "APPROXIMATE"]
            low, high = (Decimal(ranges[0][end]["amount"]) for end in ("low", "high"))
            assert 0 <= low < Decimal(alone["expected"]["amount"]) < high


async def test_what_was_paid_back_in_full_within_thirty_days_was_no_purchase(ask, shop):
    customer = await shop.customer()
    kept = await shop.order(customer, 50, placed_at=at(0))
    at_once, late = [await shop.order(customer, 20, placed_at=at(day)) for day in (100, 200)]
    await shop.refund(customer, 10, kept, refunded_at=at(3))
    await shop.refund(customer, 20, at_once, refunded_at=at(130, 11))
    await shop.refund(customer, 20, late, refunded_at=at(231))
    found = await predicted(ask, customer)
    # The one that was paid back late was a sign of life, but brought nothing.
    scored = expected(2, 200, 365, 40, count=1)
    assert found["expected"]["amount"] == f"{scored.discounted_value[0]:.2f}"
    assert found["expectedPurchases"] == pytest.approx(scored.expected_purchases[0], abs=1e-6)


async def test_looking_back_nothing_is_known_of_later_purchases_and_models(ask, shop):
    customer = await shop.customer(created_at=at(-400))
    for day in (0, 50, 300):
        await shop.order(customer, 40, placed_at=at(day))
    assert (await predicted(ask, customer, asOf=at(200).isoformat()))["code"] == "MODEL_NOT_FITTED"
    await add_model(shop, trained_until=at(100), recorded_at=NOW)
    found = await predicted(ask, customer, asOf=at(200).isoformat())
    assert found["expectedPurchases"] == pytest.approx(expected(2, 50, 200, 40).expected_purchases[0], abs=1e-6)
    known = await predicted(ask, customer, asOf=at(200).isoformat(), knownAt=(NOW - timedelta(hours=1)).isoformat())
    assert known["code"] == "MODEL_NOT_FITTED"


async def test_where_nothing_can_be_said_there_is_a_reason_and_never_a_number(ask, given):
    ask.now = NOW
    await given.business()
    nobody, buyer = await given.customer(), await given.customer()
    await given.order(buyer, 10, placed_at=at(0))
    codes = [(await predicted(ask, customer))["code"] for customer in (nobody, buyer)]
    await add_model(given, currency="USD", trained_until=NOW)
    codes += [(await predicted(ask, buyer))["code"]]
    await add_model(given, trained_until=NOW)
    await given.order(buyer, 10, placed_at=NOW + timedelta(days=400))
    codes += [(await predicted(ask, buyer))["code"]]
    assert codes == ["NO_PURCHASES", "MODEL_NOT_FITTED", "OTHER_CURRENCY", "DATA_INVALID"]


IN_CURRENCY = """query ($id: ID!, $currency: CurrencyCode) {
  customer(by: {id: $id}) {
    home: lifetimeValue { total { amount } predicted { __typename } ranking { topPercent } }
    lifetimeValue(currency: $currency) {
      total { amount } predicted { ... on PredictionUnavailable { code message need } __typename }
      ranking { topPercent }
    }
  }
}"""


async def test_in_another_currency_than_the_models_nothing_is_predicted(ask, shop):
    customer = await shop.customer()
    await shop.order(customer, 40, placed_at=at(0))
    await rank(shop.connection, NOW)

    async def told(currency):
        found = (await ask(IN_CURRENCY, id=customer.id, currency=currency))["customer"]
        assert found["home"]["predicted"]["__typename"] == "PredictedValue"
        assert len(ask.statements) == 1
        return found["home"], found["lifetimeValue"]

    home, in_dollars = await told("USD")
    assert (in_dollars["total"], in_dollars["ranking"]) == (None, None)
    refused = in_dollars["predicted"]
    assert refused["code"] == "OTHER_CURRENCY"
    assert "EUR" in refused["message"]
    assert "without `currency`" in refused["need"]
    assert home == (await told("EUR"))[1]
    assert home["ranking"]


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"horizon": "P0D"}, "horizon"),
        ({"horizon": "P121M"}, "horizon"),
        ({"rate": "-0.01"}, "annualDiscountRate"),
        ({"rate": "10.5"}, "annualDiscountRate"),
    ],
)
async def test_horizons_and_rates_out_of_range_are_refused(ask, shop, asked, named):
    customer = await shop.customer()
    await shop.order(customer, 10, placed_at=at(0))
    await ask(ONE, id=customer.id, **asked, fails=True)
    assert ask.codes == ["BAD_USER_INPUT"]
    assert f"`{named}`" in ask.errors[0].message


@pytest.mark.parametrize("level", [0, -0.1, 1, 0.991])
async def test_levels_out_of_range_are_refused(ask, shop, level):
    customer = await shop.customer()
    await shop.order(customer, 10, placed_at=at(0))
    part = f"... on PredictedValue {{ interval(level: {level}) {{ level }} }}"
    query = f"query ($id: ID!) {{ customer(by: {{id: $id}}) {{ lifetimeValue {{ predicted {{ {part} }} }} }} }}"
    await ask(query, id=customer.id, fails=True)
    assert ask.codes == ["BAD_USER_INPUT"]


async def test_what_drives_a_value_adds_up_to_the_difference_from_a_customer_who_has_just_come(ask, shop):
    new, old = await shop.customer(), await shop.customer()
    await shop.order(new, 40, placed_at=NOW - timedelta(minutes=5))
    for day in range(0, 360, 20):
        await shop.order(old, 90, placed_at=at(day))
    found = await predicted(ask, old)
    effects = [Decimal(driver["effect"]["amount"]) for driver in found["drivers"]]
    assert [driver["name"] for driver in found["drivers"]] == ["SPEND", "FREQUENCY", "SILENCE"]
    assert effects == sorted(effects, key=abs, reverse=True)
    usual = expected(1, 0, 0, 0, count=0)
    difference = Decimal(found["expected"]["amount"]) - Decimal(repr(float(usual.discounted_value[0])))
    assert abs(sum(effects) - difference) < Decimal("0.03")
    assert found["drivers"][1]["explanation"] == "Bought on 18 days, 3 weeks apart on average."


async def test_who_is_silent_for_longer_than_usual_is_overdue(ask, shop):
    often, seldom = await shop.customer(), await shop.customer()
    for day in range(0, 100, 7):
        await shop.order(often, 10, placed_at=at(day))
    await shop.order(seldom, 10, placed_at=at(0))
    late, early = [(await predicted(ask, customer))["nextPurchase"] for customer in (often, seldom)]
    assert (late["overdue"], early["overdue"]) == (True, False)
    assert date(2025, 9, 7) < date.fromisoformat(late["expectedOn"]) < date.fromisoformat(late["latestOn"])


async def test_the_model_comes_with_how_it_did_in_one_more_statement(ask, shop):
    customers = [await shop.customer() for _ in range(3)]
    for customer in customers:
        await shop.order(customer, 10, placed_at=at(0))
    query = """{ customers(first: 10) { nodes { lifetimeValue { predicted { ... on PredictedValue {
      expected { amount }
      model { version method flags calibrations { days intervalCoverage deciles { decile predicted { amount } } } }
    } } } } } }"""
    nodes = (await ask(query))["customers"]["nodes"]
    assert len(ask.statements) == 2
    calibration = {
        "days": 90,
        "intervalCoverage": 0.79,
        "deciles": [{"decile": number + 1, "predicted": {"amount": f"{number}.00"}} for number in range(10)],
    }
    model = {"version": 1, "method": "MBG/NBD", "flags": [], "calibrations": [calibration]}
    assert [node["lifetimeValue"]["predicted"]["model"] for node in nodes] == [model] * 3


@pytest.mark.parametrize(
    ("flags", "day", "risk"),
    [
        ([], 0, ("HIGH", "MODEL")),
        (["SMALL_SAMPLE"], 0, ("HIGH", "SILENCE")),
        (["SEASON_RISK"], 360, ("LOW", "MODEL")),
    ],
)
async def test_where_losses_cannot_be_told_silence_tells_the_risk(ask, given, flags, day, risk):
    ask.now = NOW
    await given.business()
    await add_model(given, trained_until=NOW, flags=flags)
    customer = await given.customer()
    for at_day in {0, day, day // 2}:
        await given.order(customer, 10, placed_at=at(at_day))
    found = await predicted(ask, customer)
    assert (found["churnRisk"]["band"], found["churnRisk"]["basis"]) == risk
    assert found["flags"] == flags


async def test_a_model_that_is_old_or_asked_too_far_ahead_says_so(ask, given):
    ask.now = NOW
    await given.business()
    long_ago = NOW - timedelta(days=61)
    await add_model(given, trained_from=long_ago - timedelta(days=300), trained_until=long_ago, recorded_at=long_ago)
    customer = await given.customer()
    await given.order(customer, 10, placed_at=at(0))
    assert (await predicted(ask, customer))["flags"] == ["STALE"]
    assert (await predicted(ask, customer, horizon="P3Y"))["flags"] == ["STALE", "EXTRAPOLATED"]
