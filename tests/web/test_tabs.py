"""Every document that stands ready in the explorer has one answer on the made-up population, kept in `golden/`.

`RecordPurchase.graphql` with its variables is answered by `golden/RecordPurchase.json`, sent again by
`golden/RecordPurchaseAgain.json`. UPDATE_GOLDEN=1 writes them anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from api.web.explorer import Tab, load_tabs
from tests.web.demo_app import GOLDEN, UNTIL, demo_app, golden
from tests.web.live_server import serving

TABS = {tab.name: tab for tab in load_tabs()}
CHANGES = ["RecordPurchase", "RecordRefund", "Feedback", "RedeemPoints", "MarketingConsent"]
ANSWERS = [*TABS, "PageThroughNext", *(f"{name}Again" for name in CHANGES)]


@dataclass
class Visitor:
    """Runs the tabs as the page does: from the first to the last, with words in variables turned into values."""

    address: str
    answers: dict[str, Any] = field(default_factory=dict)
    latest: str | None = None

    def run_all(self) -> None:
        for name, tab in TABS.items():
            self.run(name, tab, tab.variables)
            if name in CHANGES:
                self.run(f"{name}Again", tab, tab.variables)
        cursor = self.answers["PageThrough"]["data"]["customers"]["pageInfo"]["endCursor"]
        pages = TABS["PageThrough"]
        self.run("PageThroughNext", pages, {**(pages.variables or {}), "after": cursor})

    def run(self, name: str, tab: Tab, variables: Mapping[str, Any] | None) -> None:
        self.answers[name] = self.ask(tab.query, self.filled(variables), tab.name)

    def ask(self, query: str, variables: Any = None, operation: str | None = None) -> Any:
        body = {"query": query, "variables": variables, "operationName": operation}
        return httpx2.post(f"{self.address}/graphql", json=body, timeout=60).json()

    def filled(self, value: Any) -> Any:
        """Return variables with values in place of words, as `explorer/src/fill.js` puts them in."""
        if isinstance(value, Mapping):
            return {name: self.filled(part) for name, part in value.items()}
        if isinstance(value, list):
            return [self.filled(part) for part in value]
        return self.filled_text(value) if isinstance(value, str) else value

    def filled_text(self, text: str) -> str:
        if text == "a key of this visit":
            return "visit-of-a-test-0001"
        # The day after is long past here: `test_page_tabs.py` looks at a shop where it is not.
        text = text.replace("now, or the day after", "1 day after")
        if days := re.fullmatch(r"(\d+) days? (before|after) the latest order", text):
            far = timedelta(days=int(days[1])) * (1 if days[2] == "after" else -1)
            return (self.latest_order().astimezone(UTC) + far).strftime("%Y-%m-%dT00:00:00Z")
        if number := re.fullmatch(r"id of the order (\S+)", text):
            found = self.ask("query ($n: String!) { order(by: {number: $n}) { id } }", {"n": number[1]})
            return str(found["data"]["order"]["id"])
        return text

    def latest_order(self) -> datetime:
        """Return when the latest order was placed, asked once: what the visitor records makes no difference."""
        if self.latest is None:
            found = self.ask("{ orders(first: 1) { nodes { placedAt } } }")["data"]["orders"]["nodes"]
            self.latest = str(found[0]["placedAt"])
        return datetime.fromisoformat(self.latest)

    def shown(self, name: str) -> Any:
        """Return what the tab's first root field answered."""
        return next(iter(self.answers[name]["data"].values()))


@pytest.fixture(scope="module")
def visitor(shop_url: str) -> Iterator[Visitor]:
    with serving(demo_app(shop_url)) as address:
        visitor = Visitor(address)
        visitor.run_all()
        yield visitor


@pytest.mark.parametrize("name", ANSWERS)
def test_a_tab_answers_this(visitor: Visitor, name: str) -> None:
    told = json.dumps(visitor.answers[name], indent=2, ensure_ascii=False)
    assert "errors" not in visitor.answers[name]
    assert told == golden(name, told)


def test_every_golden_answer_belongs_to_a_tab() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.json" for name in ANSWERS}


def test_the_second_page_begins_where_the_first_one_ends(visitor: Visitor) -> None:
    first, second = (visitor.shown(name)["nodes"] for name in ("PageThrough", "PageThroughNext"))
    assert len(first) == len(second) == 5
    days = [customer["createdAt"] for customer in first + second]
    assert days == sorted(days, reverse=True)
    assert len({customer["displayName"] for customer in first + second}) == 10


def test_the_filter_finds_whom_it_describes(visitor: Visitor) -> None:
    since = visitor.filled((TABS["Filter"].variables or {})["since"])
    for customer in visitor.shown("Filter")["nodes"]:
        historic = customer["lifetimeValue"]["historic"]
        assert float(historic["net"]["amount"]) >= 100
        assert historic["orderCount"] >= 5 or customer["kind"] == "BUSINESS"
        assert historic["lastPurchaseAt"] < since
    assert len(visitor.shown("Filter")["nodes"]) == 10


def test_net_is_gross_less_discounts_refunds_and_costs_and_the_sum_of_streams(visitor: Visitor) -> None:
    for customer in visitor.shown("NetValue")["nodes"]:
        historic = customer["lifetimeValue"]["historic"]
        cents = {name: in_cents(historic[name]) for name in ("gross", "discounts", "refunds", "costs", "net")}
        assert cents["net"] == cents["gross"] - cents["discounts"] - cents["refunds"] - cents["costs"]
        assert cents["net"] == sum(in_cents(part["net"]) for part in historic["byStream"])


def in_cents(money: Any) -> int:
    """Return an amount in cents."""
    return round(float(money["amount"]) * 100)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_sent_twice_is_made_once(visitor: Visitor, name: str) -> None:
    first, second = visitor.shown(name), visitor.shown(f"{name}Again")
    assert (first["idempotency"].pop("replayed"), second["idempotency"].pop("replayed")) == (False, True)
    assert first == second
    assert first["userErrors"] == []


def test_a_purchase_moves_points_tier_referral_and_status_at_once(visitor: Visitor) -> None:
    answer = visitor.shown("RecordPurchase")
    before, after = answer["loyaltyAccountBefore"], answer["customer"]["loyaltyAccount"]
    pairs = {
        "points": (before["balance"], after["balance"]),
        "tier": (before["tier"], after["tier"]),
        "referral": (answer["referralBefore"], answer["referral"]),
        "status": (answer["activeStatusBefore"], answer["customer"]["activeStatus"]),
    }
    assert [what for what, pair in pairs.items() if None in pair or pair[0] == pair[1]] == []
    assert (pairs["referral"][0]["status"], pairs["referral"][1]["status"]) == ("JOINED", "QUALIFIED")
    assert [each["isActive"] for each in pairs["status"]] == [False, True]
    assert len(answer["referral"]["rewards"]) == 2


def test_an_account_has_something_of_all_that_the_tab_promises(visitor: Visitor) -> None:
    account = visitor.shown("Loyalty")["loyaltyAccount"]
    assert [name for name, points in account["balance"].items() if points <= 0] == []
    assert [name for name in ("tierUntil", "nextTier", "expiring") if not account[name]] == []
    entries = account["entries"]["nodes"]
    assert {"EARN", "REDEEM", "EXPIRE"} <= {entry["kind"] for entry in entries}
    assert all(entry["consumed"] for entry in entries if entry["kind"] in ("REDEEM", "EXPIRE"))


def test_a_score_moves_the_band_and_the_stage(visitor: Visitor) -> None:
    answer = visitor.shown("Feedback")
    moved = [
        (each["satisfaction"]["nps"], each["lifecycle"]["stage"])
        for each in (answer["customerBefore"], answer["customer"])
    ]
    assert moved == [("PASSIVE", "RETENTION"), ("PROMOTER", "ADVOCACY")]


def test_the_past_differs_from_now_and_from_what_was_reported_then(visitor: Visitor) -> None:
    counts = {
        time: customer["lifetimeValue"]["historic"]["orderCount"]
        for time, customer in visitor.answers["BackInTime"]["data"].items()
    }
    assert counts["reported"] < counts["then"] < counts["now"]


def test_a_customer_is_active_by_the_rules_that_hold(visitor: Visitor) -> None:
    for name in ("WhyActive", "WhyActiveAYearAgo"):
        status = visitor.shown(name)["activeStatus"]
        codes = [reason["code"] for reason in status["reasons"]]
        assert codes == [rule["code"] for rule in status["evaluations"] if rule["holds"]]
        assert status["isActive"] is bool(codes)
        assert status["history"][0]["reasons"] == codes


def test_a_year_ago_ada_was_active_for_fewer_reasons(visitor: Visitor) -> None:
    reasons = {
        name: [reason["code"] for reason in visitor.shown(name)["activeStatus"]["reasons"]]
        for name in ("WhyActive", "WhyActiveAYearAgo")
    }
    assert reasons == {
        "WhyActive": ["RECENT_PURCHASE", "LOYAL", "SERVICE_SUBSCRIPTION"],
        "WhyActiveAYearAgo": ["RECENT_PURCHASE"],
    }


def test_those_who_are_active_until_soon_come_soonest_first(visitor: Visitor) -> None:
    variables = visitor.filled(TABS["ActiveOnlyUntilSoon"].variables)
    ends = [node["activeStatus"]["activeUntil"] for node in visitor.shown("ActiveOnlyUntilSoon")["nodes"]]
    assert ends == sorted(ends)
    assert variables["asOf"] < ends[0] < ends[-1] < variables["soon"]


def test_the_filter_that_the_tab_suggests_finds_darios_contract(visitor: Visitor) -> None:
    tab = TABS["ActiveOnlyUntilSoon"]
    query = tab.query.replace("isActive: true,", "isActive: true, activeBecause: [CONTRACT],")
    answer = visitor.ask(query, visitor.filled(tab.variables))
    found = {node["displayName"]: node["activeStatus"]["reasons"] for node in answer["data"]["customers"]["nodes"]}
    assert [reason["code"] for reason in found["Dario Conti"]] == ["CONTRACT"]


def test_a_stricter_policy_makes_nobody_active(visitor: Visitor) -> None:
    preview = visitor.shown("StricterPolicy")
    assert preview["becomeActive"] == 0
    assert preview["becomeInactive"] == preview["activeNow"] - preview["activeThen"] > 0


STANDING = """
query ($customer: String!, $asOf: DateTime!) {
  customer(by: { externalId: { source: "shop", value: $customer } }, asOf: $asOf) {
    activeStatus { reasons { code evidence(first: 9) { nodes { ... on Order { number } } } } }
    supportPlans(first: 1) { nodes { status } }
  }
}"""


@pytest.mark.parametrize(
    ("customer", "as_of", "reasons"),
    [
        ("1002", UNTIL, []),
        ("1002", UNTIL - timedelta(days=40), ["RECENT_PURCHASE"]),
        ("1002", datetime(2024, 9, 20, tzinfo=UTC), ["RECENT_PURCHASE", "PAID_SUPPORT_PLAN", "PRODUCT_SUBSCRIPTION"]),
        ("1003", UNTIL, ["RECENT_PURCHASE"]),
        ("1004", UNTIL, ["CONTRACT"]),
    ],
)
def test_characters_stand_as_their_stories_say(
    visitor: Visitor, customer: str, as_of: datetime, reasons: list[str]
) -> None:
    answer = visitor.ask(STANDING, {"customer": customer, "asOf": as_of.isoformat()})
    assert [reason["code"] for reason in answer["data"]["customer"]["activeStatus"]["reasons"]] == reasons


def test_a_tool_kept_ben_active_for_longer_than_other_goods_would_have(visitor: Visitor) -> None:
    answer = visitor.ask(STANDING, {"customer": "1002", "asOf": (UNTIL - timedelta(days=40)).isoformat()})
    (reason,) = answer["data"]["customer"]["activeStatus"]["reasons"]
    # The one after it is newer, and was a gift.
    assert [order["number"] for order in reason["evidence"]["nodes"]] == ["D-1002-2"]


def test_a_free_plan_runs_and_makes_nobody_active(visitor: Visitor) -> None:
    answer = visitor.ask(STANDING, {"customer": "1003", "asOf": UNTIL.isoformat()})
    assert answer["data"]["customer"]["supportPlans"]["nodes"] == [{"status": "ACTIVE"}]
