"""Documents made by dice: they fit the schema, with fragments, aliases, variables and abstract types."""

from __future__ import annotations

import random
import re
from typing import Any

from graphql import (
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    parse,
    validate,
)

COMPOSITES = ("Node", "Customer", "Order", "Company", "CustomerConnection", "OrderConnection", "OrderEdge", "Refund")
NODES = {"Node", "Customer", "Order", "Company", "Refund", "OrderLine", "Product", "Contract", "SupportPlanEnrollment"}
SIZES = ("n", "m", "k")
NEEDED = {
    "node": 'id: "x"',
    "nodes": "ids: IDS",
    "customer": 'by: {email: "a@example.com"}',
    "order": 'by: {number: "1"}',
    "product": 'sku: "x"',
    "recordPurchases": "input: BATCH",
    "recordPurchase": "input: $purchase",
    "setCustomer": "input: $customer",
    "recordRefund": "input: $refund",
    "enrollSupportPlan": "input: $enrolled",
    "useSupportAllowance": "input: $used",
    "cancelSupportPlan": "input: $cancelled",
    "signContract": "input: $signed",
    "renewContract": "input: $renewed",
    "terminateContract": "input: $terminated",
    "startSubscription": "input: $start",
    "renewSubscription": 'input: {idempotencyKey: "x", subscriptionId: "y"}',
    "pauseSubscription": 'input: {idempotencyKey: "x", subscriptionId: "y", pauseAt: null}',
    "resumeSubscription": 'input: {idempotencyKey: "x", subscriptionId: "y"}',
    "changeSubscription": 'input: {idempotencyKey: "x", subscriptionId: "y", interval: "P1M"}',
    "submitFeedback": "input: $told",
    "replyToFeedback": 'input: {idempotencyKey: "x", feedbackId: "y", text: "z"}',
    "resolveComplaint": 'input: {idempotencyKey: "x", feedbackId: "y"}',
    "createSurveyLink": 'input: {idempotencyKey: "x", survey: {customer: {id: "y"}, kind: NPS}}',
    "answerSurvey": 'input: {idempotencyKey: "x", token: "y", score: 9}',
    "cancelSubscription": 'input: {idempotencyKey: "x", subscriptionId: "y", reason: OTHER}',
}
DECLARED = {
    "n": "$n: Int",
    "m": "$m: Int = 7",
    "k": "$k: Int = 400",
    "ids": "$ids: [ID!]!",
    "batch": "$batch: RecordPurchasesInput!",
    "rows": "$rows: [PurchaseInput!]!",
    "purchase": "$purchase: RecordPurchaseInput!",
    "customer": "$customer: SetCustomerInput!",
    "refund": "$refund: RecordRefundInput!",
    "enrolled": "$enrolled: EnrollSupportPlanInput!",
    "used": "$used: UseSupportAllowanceInput!",
    "cancelled": "$cancelled: CancelSupportPlanInput!",
    "signed": "$signed: SignContractInput!",
    "renewed": "$renewed: RenewContractInput!",
    "terminated": "$terminated: TerminateContractInput!",
    "start": "$start: StartSubscriptionInput!",
    "told": "$told: SubmitFeedbackInput!",
    "people": "$people: CustomerFilterInput",
    "bought": '$bought: OrderFilterInput = {or: [{total: {gt: "1", lt: "2"}}, {status: [COMPLETED, REFUNDED]}, {}]}',
}
FILTERS = {
    "CustomerFilterInput": ["$people", "null", "{}", "{kind: CONSUMER, or: [{orderCount: {gte: 1}}, $people]}"],
    "OrderFilterInput": ["$bought", "{and: [], not: {placedAt: null}}", "{status: [COMPLETED, REFUNDED]}"],
    "SupportPlanFilterInput": ["{paid: true, endsBefore: null}", "{not: {status: [ACTIVE, EXPIRED]}}"],
    "ContractFilterInput": ['{endsBefore: "2026-01-31T09:30:00Z", or: [{}, {status: ACTIVE}]}', "{and: []}"],
    "SubscriptionFilterInput": ["null", "{status: [ACTIVE], or: [{kind: [PRODUCT]}, {endsBefore: null}]}"],
    "FeedbackFilterInput": ["{kind: [NPS], or: [{score: {gte: 9}}, {}]}", "{not: {status: OPEN}}"],
    "ReferralFilterInput": ["{status: [JOINED], or: [{heldForReview: true}, {}]}", "{not: {createdAt: null}}"],
    "LoyaltyEntryFilterInput": ["{kind: [EARN, REDEEM]}", "{or: [{}, {not: {occurredAt: null}}]}"],
    "ProductFilterInput": ['{sku: ["a", "b"], category: "c"}', "{or: [{}, {not: {sku: []}}]}"],
}


class Dice:
    """Throws one document after the other."""

    def __init__(self, schema: GraphQLSchema, seed: int) -> None:
        self.schema = schema
        self.random = random.Random(seed)
        self.fragments: dict[str, str] = {}
        self.aliases = 0

    def document(self) -> str:
        """Return a document with one operation that fits the schema."""
        while True:
            text = self._document()
            if not validate(self.schema, parse(text), max_errors=1, hide_suggestions=True):
                return text

    def variables(self) -> dict[str, Any]:
        """Return values for the sizes of a document, some of them of no use."""
        sizes = [0, 1, 2, 5, 20, 99, 100, 101, 5_000, -3, None, "many", 2.5, True, [1]]
        found = {name: self.random.choice(sizes) for name in SIZES if self.random.random() < 0.7}
        items: list[Any] = [["x"] * self.random.choice([0, 1, 3, 250, 300]), "x", None]
        found |= {"ids": self.random.choice(items), "rows": self.random.choice(items)}
        filters: list[Any] = [{}, {"or": [{}, {"a": 1, "b": [1, 2]}, {"not": {"c": None}}]}, [[1], {"a": []}, 2], "x"]
        found |= {name: self.random.choice(filters) for name in ("people", "bought") if self.random.random() < 0.7}
        return found | {"batch": self.random.choice([{"purchases": self.random.choice(items)}, {}, None, "x"])}

    def _document(self) -> str:
        self.fragments = {}
        for number in reversed(range(self.random.randint(0, 4))):
            type_ = self.random.choice(COMPOSITES)
            self.fragments[f"F{number}"] = f"fragment F{number} on {type_} {self._set(type_, 3)}"
        kind = "mutation" if self.random.random() < 0.2 else "query"
        body = self._set("Mutation" if kind == "mutation" else "Query", 5)
        used = self._reachable(body)
        text = " ".join([body, *(self.fragments[name] for name in used)])
        names = [name for name in DECLARED if re.search(rf"\${name}\b", text)]
        head = f"({', '.join(DECLARED[name] for name in names)})" if names else ""
        return f"{kind} Q{head} {text}"

    def _reachable(self, body: str) -> list[str]:
        found: list[str] = []
        waiting = re.findall(r"\.\.\.(F\d)", body)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.append(name)
                waiting += re.findall(r"\.\.\.(F\d)", self.fragments[name])
        return found

    def _set(self, type_: str, depth: int) -> str:
        return "{" + " ".join(self._selection(type_, depth) for _ in range(self.random.randint(1, 4))) + "}"

    def _selection(self, type_: str, depth: int) -> str:
        dice = self.random.random()
        fitting = [name for name, text in self.fragments.items() if self._fits(text.split()[3], type_)]
        if dice < 0.2 and fitting:
            return f"...{self.random.choice(fitting)}{self._directive()}"
        if 0.2 <= dice < 0.4 and depth > 0:
            condition = self._condition(type_)
            on = f" on {condition}" if condition else ""
            return f"...{on}{self._directive()} {self._set(condition or type_, depth - 1)}"
        return self._field(type_, depth)

    def _fits(self, condition: str, type_: str) -> bool:
        return condition == type_ or ("Node" in (condition, type_) and {condition, type_} <= NODES)

    def _condition(self, type_: str) -> str | None:
        named = self.schema.get_type(type_)
        if is_abstract_type(named):
            return self.random.choice([one.name for one in self.schema.get_possible_types(named)])
        return self.random.choice([None, type_])

    def _field(self, type_: str, depth: int) -> str:
        fields = getattr(self.schema.get_type(type_), "fields", {})
        leaves = [name for name, field in fields.items() if is_leaf_type(get_named_type(field.type))]
        deeper = [name for name in fields if name not in leaves]
        if not deeper or (leaves and (depth <= 0 or self.random.random() < 0.3)):
            return f"{self._alias(0.3)}{self.random.choice([*leaves, '__typename'])}{self._directive()}"
        name = self.random.choice(deeper)
        below = self._set(get_named_type(fields[name].type).name, depth - 1) if depth > 0 else "{__typename}"
        arguments = self._arguments(name, fields[name].args)
        # Fields of one name and different arguments would be refused; without arguments they are one field.
        return f"{self._alias(0.97 if arguments else 0.3)}{name}{arguments}{self._directive()} {below}"

    def _alias(self, likely: float) -> str:
        self.aliases += 1
        return f"a{self.aliases}: " if self.random.random() < likely else ""

    def _directive(self) -> str:
        return self.random.choice([" @include(if: true)", " @skip(if: false)"]) if self.random.random() < 0.1 else ""

    def _arguments(self, name: str, known: Any) -> str:
        ids = self.random.choice(["$ids", '["a", "b", "c"]', '"a"', "[]"])
        rows = self.random.choice(["$batch", '{idempotencyKey: "x", purchases: $rows}'])
        needed = NEEDED.get(name, "")
        given = [needed.replace("IDS", ids).replace("BATCH", rows)] if needed.split(":")[0] in known else []
        if "first" in known and self.random.random() < 0.8:
            size = self.random.choice(["$n", "$m", "$k", "1", "3", "100", "4000", "null", "0"])
            given.append(f"{self.random.choice(['first', 'last'])}: {size}")
        if "query" in known and self.random.random() < 0.3:
            given.append(self.random.choice(["query: null", 'query: "abc"']))
        if "filter" in known and self.random.random() < 0.4:
            given.append(f"filter: {self.random.choice(FILTERS[get_named_type(known['filter'].type).name])}")
        return f"({', '.join(given)})" if given else ""
