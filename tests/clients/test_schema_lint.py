"""The schema before the rules that Relay and its like rely on, as @graphql-eslint knows them."""

import json
from pathlib import Path

from tests.clients.workshop import Workshop

SCHEMA = Path(__file__).parents[2] / "schema.graphql"


def test_the_schema_keeps_relays_rules_but_for_one_edge(workshop: Workshop):
    # A place in a segment is worked out, not kept: it has no identifier by which anybody could ask for it again.
    [found] = json.loads(workshop.run("eslint", "--format", "json", "schema.graphql", fails=True))
    [message] = found["messages"]
    assert message["message"] == "Edge type's field `node` must implement `Node` interface."
    lines = SCHEMA.read_text(encoding="utf-8").splitlines()[: message["line"]]
    assert [line for line in lines if line.startswith("type ")][-1].startswith("type SegmentMembershipEdge ")


def test_the_linter_sees_what_breaks_them(workshop: Workshop, tmp_path: Path):
    broken = workshop.copy(tmp_path / "broken")
    broken.rewrite_schema("type Order implements Node {", "type Order {")
    broken.rewrite_schema("  startCursor: String\n", "  firstCursor: String\n")
    broken.rewrite_schema("    before: String\n", "    until: String\n")
    [found] = json.loads(broken.run("eslint", "--format", "json", "schema.graphql", fails=True))
    rules = {message["ruleId"].removeprefix("@graphql-eslint/") for message in found["messages"]}
    assert rules == {"relay-edge-types", "relay-page-info", "relay-arguments"}
