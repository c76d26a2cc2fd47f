"""What is asked: the workloads, in the words of each system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CONNECTIONS = 8
_QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True, eq=False, slots=True)
class Workload:
    """A question and how fast Regulars is meant to answer it.

    required  per other system the least ratio of our requests a second to its; where none is, ratios are shown alone
    aims      the ratio that is aimed at where less is required
    wanted    what every good answer holds as text
    longer    who is measured how many times longer, because requests under way at the end count where there are few
    instead   who is asked something else, which takes less
    records   of what is recorded, the mutation and the field of its answer that shows it
    at_once   requests that are under way at a time
    """

    name: str
    title: str
    required: Mapping[str, float] = field(default_factory=dict)
    aims: Mapping[str, float] = field(default_factory=dict)
    wanted: str = '"data":'
    longer: Mapping[str, int] = field(default_factory=dict)
    instead: Mapping[str, Workload] = field(default_factory=dict)
    records: tuple[str, str] | None = None
    at_once: int = CONNECTIONS

    def asked(self, system: str) -> Workload:
        """Return what a system is asked for this."""
        return self.instead.get(system, self)

    def document(self, system: str) -> str:
        """Return the question in the words of a system."""
        return self._file(system).read_text(encoding="utf-8")

    def suits(self, system: str) -> bool:
        """Return whether a system can be asked this at all."""
        return self._file(system).exists()

    def _file(self, system: str) -> Path:
        return _QUERIES / self.name / f"{system}.graphql"


ORDERS_AND_LINES = Workload(
    "orders_and_lines",
    "50 customers × 5 latest orders × lines",
    {"idiomatic": 20, "postgraphile": 2.5, "limit": 0.85},
    aims={"postgraphile": 3},
    longer={"idiomatic": 3},
)
WITH_SUMMARY = Workload(
    "with_summary",
    "the same, with each customer's purchase summary",
    {"idiomatic": 12, "postgraphile": 2, "limit": 0.6},
    longer={"idiomatic": 3},
)
ACTIVE_STATUS = Workload(
    "active_status",
    "50 customers × whether they are active: six rules, why, 3 pieces of evidence each",
    {"idiomatic": 15},
    longer={"idiomatic": 3},
)
WITH_PREDICTION = Workload(
    "with_prediction",
    "50 customers × 5 latest orders × lines, with what each is expected to bring; the limit without it",
    {"limit": 0.6},
    wanted='"expectedPurchases":',
    instead={"limit": ORDERS_AND_LINES},
)
ONE_CUSTOMER = Workload(
    "one_customer", "one customer by id, 5 fields", {"idiomatic": 2, "postgraphile": 1, "limit": 0.5}
)
MEMBERS = Workload(
    "members",
    "50 members × points, tier, the next one, what expires, 5 latest movements",
    longer={"idiomatic": 3},
)
SATISFACTION = Workload(
    "satisfaction",
    "50 customers × satisfaction within 12 months, 3 latest pieces of feedback",
    longer={"idiomatic": 3},
)
RECOMMENDATIONS = Workload(
    "recommendations", "20 customers × up to 5 recommendations: reason, expected value, what stands in the way"
)
SEGMENT_MEMBERS = Workload(
    "segment_members", "50 members of a saved segment, of each all segments and why", wanted='"because":'
)
RECORD_PURCHASE = Workload(
    "record_purchase",
    "recordPurchase, 3 lines",
    {"idiomatic": 1.5, "limit": 0.5},
    wanted='"order":{"id":"',
    records=("recordPurchase", "order"),
)
ONE_BY_ONE = Workload(
    "one_by_one",
    "the same, one after another",
    wanted=RECORD_PURCHASE.wanted,
    instead=dict.fromkeys(("regulars", "idiomatic", "limit"), RECORD_PURCHASE),
    at_once=1,
)
REDEEM_POINTS = Workload("redeem_points", "redeemPoints", wanted='"entry":{"id":"', records=("redeemPoints", "entry"))
SUBMIT_FEEDBACK = Workload(
    "submit_feedback", "submitFeedback", wanted='"feedback":{"id":"', records=("submitFeedback", "feedback")
)
WORKLOADS = (
    *(ORDERS_AND_LINES, WITH_SUMMARY, ACTIVE_STATUS, WITH_PREDICTION, ONE_CUSTOMER),
    *(MEMBERS, SATISFACTION, RECOMMENDATIONS, SEGMENT_MEMBERS),
    *(RECORD_PURCHASE, ONE_BY_ONE, REDEEM_POINTS, SUBMIT_FEEDBACK),
)
