"""The panes around the editor: documentation, query builder, history, headers."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.web.page.visit import NEEDS_CHROMIUM, PATIENCE_MILLISECONDS, Visit

pytestmark = NEEDS_CHROMIUM

HEADERS = ".graphiql-editor-tool .graphiql-editor:not(.hidden)"


def test_a_field_is_found_by_its_name_and_explained(visit: Visit) -> None:
    visit.button("Show Documentation Explorer").click()
    pane = visit.page.locator(".graphiql-doc-explorer")
    expect(pane).to_contain_text("PurchaseSummary", timeout=PATIENCE_MILLISECONDS)
    visit.page.get_by_role("combobox").fill("averageOrder")
    expect(visit.page.get_by_role("option")).to_have_count(2)
    visit.page.get_by_role("option", name="PurchaseSummary.averageOrderValue").click()
    expect(pane).to_contain_text("Net divided by the number of orders; null without orders.")
    visit.was_quiet()


def test_the_documentation_begins_with_what_this_api_is_for(visit: Visit) -> None:
    visit.button("Show Documentation Explorer").click()
    expect(visit.page.locator(".graphiql-doc-explorer")).to_contain_text("Customers, what they bought")


def test_the_builder_adds_a_field_to_the_query(visit: Visit) -> None:
    visit.write(".graphiql-query-editor", 'query Ada { customer(by: {email: "ada@example.com"}) { displayName } }')
    visit.button("Show GraphiQL Explorer").click()
    visit.page.locator('.graphiql-explorer-customer [data-field-name="firstName"]').click()
    expect(visit.page.locator(".graphiql-query-editor .view-lines")).to_contain_text("firstName")
    visit.page.locator(".graphiql-execute-button").click()
    visit.sees_text('"firstName": "Ada"')
    visit.was_quiet()


def test_what_was_run_is_in_the_history(visit: Visit) -> None:
    visit.run("FindCustomer")
    visit.sees_text("Ada Berger")
    visit.button("Show History").click()
    expect(visit.page.locator(".graphiql-history")).to_contain_text("FindCustomer")


def test_a_header_typed_into_the_editor_is_sent_and_not_kept(visit: Visit) -> None:
    visit.page.locator(".graphiql-editor-tools").get_by_role("button", name="Headers").click()
    visit.write(HEADERS, '{"Authorization": "Bearer open-sesame"}')
    with visit.page.expect_request("**/graphql") as sent:
        visit.page.locator(".graphiql-execute-button").click()
    assert sent.value.headers["authorization"] == "Bearer open-sesame"
    visit.sees_text("Ada Berger")
    visit.page.wait_for_timeout(800)  # longer than the editors wait before they keep anything
    assert "open-sesame" not in visit.page.evaluate("() => JSON.stringify(localStorage)")


def test_a_query_can_be_prettified(visit: Visit) -> None:
    visit.write(".graphiql-query-editor", "query Short{customers(first:1){nodes{email}}}")
    visit.page.get_by_role("button", name=re.compile("Prettify")).click()
    expect(visit.page.locator(".graphiql-query-editor .view-line")).to_have_count(8)
    visit.was_quiet()
