"""The benchmarks compare like with like: every system gives our answers, and the report says what was measured."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from api.database import LARGEST_KEPT, prepare
from api.reads.loyalty_checks import LAWS
from api.tables.standing import REASONS
from benchmarks import load
from benchmarks.answers import AnswersDiffer, plain, require_same
from benchmarks.contenders import Contender, contenders, require_same_answers
from benchmarks.extras import Extras, Memory, fields_query, level_queries
from benchmarks.limit.statements import Call, calls
from benchmarks.load import LoadFailed, Measured, measured, typical
from benchmarks.model_peer import LIFETIMES, ModelSpeed, Told, customers, require_close, simulated
from benchmarks.pages import Comparison, far_page, request
from benchmarks.picks import picks
from benchmarks.population import FULL, OtherData, Projection, Size, data_folder, filled, tidied
from benchmarks.report import Findings, markdown, missed, written
from benchmarks.rounds import FULL_EFFORT
from benchmarks.systems import IDIOMATIC, KEY, LIMIT, POSTGRAPHILE, POSTGRAPHILE_5, REGULARS
from benchmarks.workloads import (
    ACTIVE_STATUS,
    MEMBERS,
    ONE_CUSTOMER,
    ORDERS_AND_LINES,
    RECOMMENDATIONS,
    RECORD_PURCHASE,
    REDEEM_POINTS,
    SATISFACTION,
    SEGMENT_MEMBERS,
    SUBMIT_FEEDBACK,
    WITH_PREDICTION,
    WITH_SUMMARY,
)

TINY = Size(customers=300, products=20)
SOME = range(6)
STANDING = """
SELECT (SELECT sum(hashtext((to_jsonb(standing) - 'agreed_during')::text)) FROM customer_standing AS standing)
  + (SELECT sum(hashtext(spans::text)) FROM active_spans AS spans)
"""
POINTS = """
SELECT (SELECT sum(hashtext(accounts::text)) FROM loyalty_accounts AS accounts)
  + (SELECT sum(hashtext(lots::text)) FROM loyalty_lots AS lots)
"""
WHOLE = (ORDERS_AND_LINES, WITH_SUMMARY, ACTIVE_STATUS, MEMBERS, SATISFACTION, RECOMMENDATIONS, SEGMENT_MEMBERS)
"""Pages that one statement answers."""
INSTALLED = (POSTGRAPHILE / "node_modules" / ".package-lock.json").exists()


def silent(message: str) -> None:
    """Tell nobody."""


def scalar(dsn: str, query: str) -> Any:
    async def fetched() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(fetched())


@pytest.fixture(scope="module")
def data(module_database_url: str) -> str:
    """Address of a database with a little of the benchmarks' data."""
    filled(module_database_url, TINY, silent)
    return module_database_url


@pytest.fixture(scope="module")
def running(data: str) -> Iterator[dict[str, Contender]]:
    """Every system that is installed, running, by name."""
    systems = [REGULARS, IDIOMATIC, *([POSTGRAPHILE_5] if INSTALLED else [])]
    with contenders(systems, data, picks(data, len(SOME))) as started:
        yield {contender.name: contender for contender in started}


def test_there_is_as_much_data_as_the_size_says(data):
    for table, count in (("customers", TINY.customers), ("orders", TINY.orders), ("order_lines", TINY.lines)):
        assert scalar(data, f"SELECT count(*) FROM {table}") == count
    assert (FULL.customers, FULL.orders, FULL.lines) == (100_000, 1_000_000, 2_500_000)


def test_the_data_keeps_the_rules_that_are_not_checked_while_it_is_made(data):
    wrong = (
        "SELECT count(*) FROM orders WHERE gross <> (SELECT sum(total) FROM order_lines"
        " WHERE order_lines.customer_id = orders.customer_id AND order_lines.order_id = orders.order_id)"
    )
    early = "SELECT count(*) FROM orders JOIN customers USING (customer_id) WHERE placed_at < created_at"
    assert (scalar(data, wrong), scalar(data, early)) == (0, 0)
    assert scalar(data, "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated") == 0
    assert scalar(data, "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'") == 0
    assert broken_laws(data) == []


def broken_laws(data: str) -> list[str]:
    """Return what does not hold of the ledger of points."""
    return [law for law, counting in LAWS.items() if scalar(data, prepare(counting).sql)]


def test_data_is_made_once_and_other_data_is_left_alone(data):
    said: list[str] = []
    filled(data, TINY, said.append)
    assert said == []
    with pytest.raises(OtherData):
        filled(data, replace(TINY, products=21), silent)


def test_customers_stand_as_their_facts_say(data):
    """Among so few there are some whom each rule makes active, and some whom it does not."""
    for reason in REASONS:
        counts = "ARRAY[count(*) FILTER (WHERE {0} @> now()), count(*) FILTER (WHERE NOT {0} @> now())]"
        holding, not_holding = scalar(data, f"SELECT {counts.format(reason)} FROM customer_activity")
        assert holding > 0, reason
        assert not_holding > 0, reason
    active = scalar(data, "SELECT count(*) FROM active_spans WHERE starts_at <= now() AND ends_at > now()")
    assert TINY.customers / 2 < active < TINY.customers


@pytest.mark.parametrize("workload", WHOLE, ids=lambda workload: workload.name)
def test_a_page_takes_one_statement_of_which_the_plan_is_kept(data, workload):
    (call,) = asyncio.run(calls(data, workload.document(REGULARS.name), [{}]))
    assert len(call.sql) <= LARGEST_KEPT


def test_every_kind_of_evidence_is_compared(running):
    kinds = {
        each["__typename"]
        for number in SOME
        for customer in running[IDIOMATIC.name].answer(ACTIVE_STATUS, number)["customers"]
        for rule in customer["activeStatus"]["evaluations"]
        for each in rule["evidence"]
    }
    assert kinds == {"Order", "CustomerSubscription", "SupportPlanEnrollment", "Contract"}


def test_members_and_what_customers_said_differ_in_all_that_is_compared(running):
    """Where all had nothing, or the same, equal answers would show nothing."""
    pages = [[running[LIMIT].answer(workload, number) for number in SOME] for workload in (MEMBERS, SATISFACTION)]
    members, customers = ([node for page in pages_of for node in page["customers"]] for pages_of in pages)
    accounts = [member["loyaltyAccount"] for member in members]
    assert {account["tier"]["code"] for account in accounts} == {"BRONZE", "SILVER", "GOLD"}
    assert {None} < {account["tierUntil"] for account in accounts}
    assert {account["nextTier"] is None for account in accounts} == {True, False}
    assert {entry["kind"] for account in accounts for entry in account["entries"]} == {"EARN", "REDEEM"}
    assert any(account["expiring"] for account in accounts)
    said = [customer["satisfaction"] for customer in customers]
    assert {each["nps"] for each in said} == {"PROMOTER", "PASSIVE", "DETRACTOR", None}
    assert all({None, 1} <= {each[name] and 1 for each in said} for name in ("averageCsat", "averageCes"))
    assert {each["openComplaints"] > 0 for each in said} == {True, False}


def test_recommendations_and_segments_say_why(running):
    ours = running[REGULARS.name]
    recommended = [
        each
        for number in SOME
        for customer in ours.answer(RECOMMENDATIONS, number)["customers"]
        for each in customer["recommendations"]
    ]
    assert {each["kind"] for each in recommended} >= {"SERVICE_RECOVERY", "WIN_BACK", "REFERRAL_ASK"}
    assert any(each["blockedBy"] for each in recommended)
    members = ours.answer(SEGMENT_MEMBERS, 0)["segment"]["members"]
    assert len(members) == 50
    assert all(each["because"] for member in members for each in member["segments"])


def test_every_system_answers_as_we_do(running):
    """PostGraphile takes part where it is installed, which `make bench` does."""
    assert set(running) >= {REGULARS.name, IDIOMATIC.name, LIMIT}
    require_same_answers(list(running.values()), SOME)


def test_what_customers_are_expected_to_bring_is_measured_beside_the_same_question_without_it(running):
    with_it, without = (running[REGULARS.name].answer(each, 2) for each in (WITH_PREDICTION, ORDERS_AND_LINES))
    predicted = [node.pop("lifetimeValue")["predicted"] for node in with_it["customers"]]
    assert with_it == without
    assert all(each["expectedPurchases"] > 0 for each in predicted if each)
    assert any(predicted)


def test_answers_are_not_the_same_from_request_to_request(running):
    ours = running[REGULARS.name]
    for workload in (*WHOLE, WITH_PREDICTION, ONE_CUSTOMER):
        assert len({repr(ours.answer(workload, number)) for number in SOME}) == len(SOME)


@pytest.mark.parametrize("name", [REGULARS.name, IDIOMATIC.name, LIMIT])
def test_a_recorded_purchase_is_one_order_with_three_lines_until_it_is_tidied_away(running, data, name):
    tidied(data)
    before = scalar(data, STANDING)
    running[name].answer(RECORD_PURCHASE, 3)
    counts = "SELECT ARRAY[(SELECT count(*) FROM orders), (SELECT count(*) FROM order_lines)]"
    assert scalar(data, counts) == [TINY.orders + 1, TINY.lines + 3]
    earned = "SELECT count(*) FROM loyalty_entries WHERE recorded_at > now() - interval '1 hour'"
    assert scalar(data, earned) == 0, "only Regulars would work out the points of a member"
    assert (scalar(data, STANDING) != before) == (name != IDIOMATIC.name)
    tidied(data)
    assert scalar(data, counts) == [TINY.orders, TINY.lines]
    assert scalar(data, STANDING) == before


@pytest.mark.parametrize("name", [REGULARS.name, IDIOMATIC.name, LIMIT])
def test_spent_points_and_feedback_are_tidied_away_like_purchases(running, data, name):
    tidied(data)
    before = [scalar(data, query) for query in (STANDING, POINTS)]
    counts = "SELECT ARRAY[(SELECT count(*) FROM loyalty_entries), (SELECT count(*) FROM feedback)]"
    entries, said = scalar(data, counts)
    net = "SELECT sum(historic_net) FROM customer_standing"
    brought = scalar(data, net)
    for workload in (REDEEM_POINTS, SUBMIT_FEEDBACK):
        running[name].answer(workload, 3)
    assert scalar(data, counts) == [entries + 2, said + 1]
    assert brought - scalar(data, net) == (0 if name == IDIOMATIC.name else Decimal("0.01"))
    assert broken_laws(data) == []
    tidied(data)
    assert scalar(data, counts) == [entries, said]
    assert [scalar(data, query) for query in (STANDING, POINTS)] == before


def test_a_far_page_is_met_by_paging(running):
    ours = running[REGULARS.name].server
    number, cursor = far_page(ours)
    nodes = ours.ask(REGULARS.path, request(cursor))["data"]["customers"]["nodes"]
    assert (number, len(nodes)) == (5, 50), "the last of the full ones"


def test_an_index_leads_to_every_page_of_active_customers(new_database):
    """The far page reads no more of the index than the first one, whatever lies between them."""
    with new_database() as dsn:
        filled(dsn, Projection(20_000), silent)
        document, far = (
            json.loads(request())["query"],
            "SELECT ends_at FROM active_spans ORDER BY 1 DESC OFFSET 500 LIMIT 1",
        )
        moment = scalar(dsn, far).isoformat()
        after = urlsafe_b64encode(json.dumps(["customers +stands_until_order", moment, str(uuid4())]).encode()).decode()
        found = asyncio.run(calls(dsn, document, [{"first": 50}, {"first": 50, "after": after}]))
        first, last = (blocks_of_index(dsn, call, "ix_active_spans_ends_at") for call in found)
    assert 0 < last <= 1.5 * first


def blocks_of_index(dsn: str, call: Call, index: str) -> int:
    """Return how many blocks a statement reads of an index and the rows that it leads to."""
    (scan,) = [node for node in plan_nodes(dsn, call) if node.get("Index Name") == index]
    return int(scan["Shared Hit Blocks"] + scan["Shared Read Blocks"])


def plan_nodes(dsn: str, call: Call) -> list[dict[str, Any]]:
    """Return the steps in which PostgreSQL has run a statement."""

    async def explained() -> Any:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {call.sql}", *call.parameters)
        finally:
            await connection.close()

    def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for below in node.get("Plans", ()):
            yield from nodes(below)

    return list(nodes(json.loads(asyncio.run(explained()))[0]["Plan"]))


def test_a_page_of_members_reads_no_other_accounts(data):
    (call,) = asyncio.run(calls(data, MEMBERS.document(REGULARS.name), [{}]))
    scans = [node for node in plan_nodes(data, call) if node.get("Relation Name") == "loyalty_accounts"]
    assert scans
    assert {scan["Node Type"] for scan in scans} <= {"Index Scan", "Index Only Scan"}


@pytest.mark.parametrize("workload", [RECORD_PURCHASE, REDEEM_POINTS, SUBMIT_FEEDBACK], ids=lambda each: each.name)
def test_the_idiomatic_server_records_what_is_repeated_once(running, workload):
    idiomatic, (mutation, made) = running[IDIOMATIC.name], workload.records
    body = idiomatic.bodies[workload.name][0].replace(KEY.encode(), uuid4().hex.encode())
    first, second = (idiomatic.server.ask("/", body)["data"][mutation][made]["id"] for _ in range(2))
    assert first == second


def test_what_is_swept_stays_within_the_limits_of_an_operation(running):
    ours = running[REGULARS.name].server
    for query in (fields_query(40), *(query for _, query in level_queries())):
        assert "errors" not in ours.ask(REGULARS.path, json.dumps({"query": query}).encode())


def test_answers_in_other_shapes_are_made_comparable():
    ours = {
        "id": "cus_0192000000007000800000000000000a",
        "orders": {"nodes": [{"total": {"amount": "1.50", "currencyCode": "EUR"}}]},
    }
    flat = {"customerId": "01920000-0000-7000-8000-00000000000a", "orders": [{"total": "1.5", "currency": "EUR"}]}
    assert (
        plain(ours)
        == plain(flat)
        == {
            "id": "0192000000007000800000000000000a",
            "orders": [{"total": (Decimal("1.5"), "EUR")}],
        }
    )


def test_a_difference_is_named_by_its_place():
    one, other = ({"nodes": [{"net": amount}, {"net": "2"}]} for amount in ("1", "3"))
    with pytest.raises(AnswersDiffer, match=r"another answers otherwise at data\[0\]\.net"):
        require_same(plain(one), plain(other), "another")
    with pytest.raises(AnswersDiffer):
        require_same([1], [1, 1], "another")


@pytest.mark.skipif(load.wrk() is None, reason="wrk is not installed")
def test_wrong_answers_under_load_are_no_speed(running):
    server = running[REGULARS.name].server
    good, bad = (json.dumps({"query": query}).encode() for query in ("{ __typename }", "{ nonsense }"))
    assert measured(server.url("/graphql"), [good], wanted='"__typename"', seconds=1).rate > 1
    for body, wanted in ((bad, "data"), (good, "elephant")):
        with pytest.raises(LoadFailed):
            measured(server.url("/graphql"), [body], wanted=wanted, seconds=1)


def figures(rate: float) -> Measured:
    return Measured(rate, p50=1000 / rate, p99=2000 / rate, requests=int(rate), cpu=500 / rate)


def rounds(**rates: tuple[float, ...]) -> dict[str, list[Measured]]:
    return {name: [figures(rate) for rate in each] for name, each in rates.items()}


@pytest.fixture
def findings() -> Findings:
    table = {
        ORDERS_AND_LINES: rounds(regulars=(400, 200, 300), idiomatic=(20, 11, 14), limit=(500, 250, 300)),
        ONE_CUSTOMER: rounds(regulars=(1000,), idiomatic=(250,), postgraphile=(900,)),
    }
    costs = {1: 0.5, 5: 0.9, 10: 1.4}
    extras = Extras(3.2, Memory(80, 95), {ONE_CUSTOMER: (figures(1000), figures(1500))}, costs, {"customers": 0.5}, 1.2)
    pages = [Comparison("the first", 1.5, "the 7th", 1.8), Comparison("few", 1, "many", 4)]
    models = [ModelSpeed("fit", 0.05, 0.4, required=5), ModelSpeed("score", 0.5, 0.6, required=2)]
    day = datetime(2026, 1, 2, tzinfo=UTC)
    return Findings(TINY, FULL_EFFORT, table, extras, pages, ["A notice."], day, models=models)


def test_the_report_shows_ratios_beside_what_is_required(findings):
    report = markdown(findings)
    cells = "20× (≥ 20×) ✓ | not measured (≥ 2.5×, aim 3×) | 0.80 (≥ 0.85) ✗"
    assert f"| 50 customers × 5 latest orders × lines | {cells} |" in report
    assert "| one customer by id, 5 fields | 4× (≥ 2×) ✓ | 1.11× (≥ 1×) ✓ | not measured (≥ 0.50) |" in report
    assert "| start to first answer, on existing data | 3.2 s (≤ 3 s) ✗ |" in report
    assert "| Python for the predicted values of 100 customers | 1.20 ms (≤ 1 ms) ✗ |" in report
    assert "| 50 customers × 5 latest orders × lines | the limit | 300.0 |" in report
    assert "| 10 | 1.40 | 100 |" in report
    assert "| the 7th | 1.80 | 1.2× (≤ 2×) ✓ |\n| few | 1.00 | – |\n| many | 4.00 | 4× (≤ 2×) ✗ |" in report
    assert "| fit | 50 | 400 | 8× (≥ 5×) ✓ |\n| score | 500 | 600 | 1.2× (≥ 2×) ✗ |" in report
    assert "2026-01-02" in report
    assert "A notice." in report


def test_a_missed_requirement_is_said(findings):
    assert missed(findings) == [
        "50 customers × 5 latest orders × lines: the limit 0.80 (≥ 0.85) ✗",
        "pages of active customers, many: 4× (≤ 2×) ✗",
        "start to first answer, on existing data: 3.2 s (≤ 3 s) ✗",
        "Python for the predicted values of 100 customers: 1.20 ms (≤ 1 ms) ✗",
        "score: lifetimes 1.2× (≥ 2×) ✗",
    ]


def test_models_that_were_not_measured_have_no_table(findings):
    assert "lifetimes" not in markdown(replace(findings, models=()))


MANY_TOTALS = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0)


def test_models_that_find_other_figures_are_not_compared():
    ours = Told({"fit": 0.1}, [0.25, 4.8, 0.7, 2.2], [*MANY_TOTALS, 40.0])
    require_close(ours, replace(ours, totals=[*MANY_TOTALS, 40.1]))
    others = [*MANY_TOTALS[:-1], 60.1, 40.0]
    for wrong in (replace(ours, parameters=[0.25, 4.8, 0.8, 2.2]), replace(ours, totals=others)):
        with pytest.raises(AnswersDiffer, match="lifetimes finds other"):
            require_close(ours, wrong)


def test_customers_of_the_models_are_as_many_as_cdnows_and_the_same_every_time():
    one, other = simulated(), simulated()
    for columns in (one, customers()):
        assert {name: values.shape for name, values in columns.items()} == dict.fromkeys(one, (23_570,))
        assert (columns["last"] <= columns["observed"]).all()
    assert all((one[name] == other[name]).all() for name in one)
    assert 0.2 < (one["repeats"] > 0).mean() < 0.6


def test_what_pip_installs_for_the_models_is_pinned_by_hash_without_an_address():
    text = (LIFETIMES / "requirements.txt").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert [
        block for block in blocks if not re.match(r"[a-z0-9-]+==[\w.]+ .*\\\n {4}--hash=sha256:[0-9a-f]{64}", block)
    ] == []
    assert "://" not in text
    assert "lifetimes==0.11.3" in text


def test_the_report_replaces_the_last_one_in_a_page(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nafter\n", encoding="utf-8")
    for report in ("newer", "newest"):
        written(page, report)
    text = "before\n<!-- measured: begin -->\n\nnewest\n\n<!-- measured: end -->\nafter\n"
    assert page.read_text(encoding="utf-8") == text


def test_the_median_of_rounds_is_typical():
    found = typical([figures(100), figures(400), figures(200)])
    assert (found.rate, found.p50, found.cpu) == (200, 5, 2.5)


def test_what_npm_installs_is_locked_by_hash_without_an_address():
    packages = json.loads((POSTGRAPHILE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert [name for name, package in installed.items() if "resolved" in package] == []
    assert [name for name, package in installed.items() if "integrity" not in package] == []


def test_data_of_another_version_makes_room(tmp_path: Path):
    for name in ("300-0000000000", "4000-0000000000"):
        (tmp_path / name).mkdir()
    wanted = data_folder(tmp_path, TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["4000-0000000000"]
    assert wanted == data_folder(tmp_path, TINY)
