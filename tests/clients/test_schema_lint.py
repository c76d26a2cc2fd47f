"""The schema before the rules that Relay and its like rely on, as @graphql-eslint knows them."""

import json
from pathlib import Path

from tests.clients.workshop import Workshop


def test_the_schema_keeps_relays_rules(workshop: Workshop):
    assert workshop.run("eslint", "--max-warnings", "0", "schema.graphql") == ""


def test_the_linter_sees_what_breaks_them(workshop: Workshop, tmp_path: Path):
    broken = workshop.copy(tmp_path / "broken")
    broken.rewrite_schema("type Order implements Node {", "type Order {")
    broken.rewrite_schema("  startCursor: String\n", "  firstCursor: String\n")
    broken.rewrite_schema("    before: String\n", "    until: String\n")
    [found] = json.loads(broken.run("eslint", "--format", "json", "schema.graphql", fails=True))
    rules = {message["ruleId"].removeprefix("@graphql-eslint/") for message in found["messages"]}
    assert rules == {"relay-edge-types", "relay-page-info", "relay-arguments"}
