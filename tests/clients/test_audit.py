"""GraphQL over HTTP as the audit suite of the npm package graphql-http understands it, against a running server."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import build_app
from api.settings import Settings
from tests.clients.server import serving
from tests.clients.workshop import Workshop
from tests.web.live_server import serving as serving_app

AUDITS = 61
# Three audits ask for queries by GET, which stay off unless somebody wants them.
BY_GET = {"5A70", "D6D5", "6A70"}


def audited(workshop: Workshop, address: str) -> list[dict[str, Any]]:
    """Return every audit with its id, name, status and, unless that is ok, the reason."""
    found: list[dict[str, Any]] = workshop.tell("audit.mjs", address)
    assert len(found) == AUDITS
    return found


def not_ok(found: list[dict[str, Any]]) -> dict[str, str]:
    return {audit["id"]: audit["status"] for audit in found if audit["status"] != "ok"}


def test_nothing_is_found_but_that_queries_by_get_are_off(
    workshop: Workshop, address: str, report: Callable[[str], None]
):
    found = not_ok(audited(workshop, address))
    report(f"graphql-http: {AUDITS - len(found)} of {AUDITS} audits ok; {found or 'nothing found'}")
    assert found == dict.fromkeys(BY_GET, "notice")


def test_every_audit_is_ok_where_queries_by_get_are_on(
    workshop: Workshop, module_database_url: str, report: Callable[[str], None]
):
    with serving(module_database_url, REGULARS_GET_QUERIES="open") as address:
        found = audited(workshop, address)
    report(f"graphql-http: {AUDITS - len(not_ok(found))} of {AUDITS} audits ok with queries by GET")
    assert [audit for audit in found if audit["status"] != "ok"] == []


def test_the_draft_of_2026_differs_in_the_status_of_what_cannot_be_executed(
    workshop: Workshop, module_database_url: str
):
    draft = {"REGULARS_GET_QUERIES": "open", "REGULARS_HTTP_STATUS_PROFILE": "draft-2026"}
    with serving(module_database_url, **draft) as address:
        found = audited(workshop, address)
    assert [audit["id"] for audit in found if audit["status"] in ("warn", "error")] == ["86EE"]


def mumbling(app: ASGIApp) -> ASGIApp:
    """Return the application as a server that never says what its answers are."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() != b"content-type"]
            await send({**message, "headers": kept} if message["type"] == "http.response.start" else message)

        await app(scope, receive, sent)

    return answered


@pytest.mark.parametrize(("audit", "status"), [("4655", "error"), ("22EB", "warn")])
def test_the_suite_hears_a_server_that_does_not_say_what_it_sends(
    workshop: Workshop, module_database_url: str, audit: str, status: str
):
    with serving_app(mumbling(build_app(Settings(), dsn=module_database_url))) as address:
        assert not_ok(audited(workshop, f"{address}/graphql"))[audit] == status
