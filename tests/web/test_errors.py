"""What is not ours to show reaches neither the client nor the log."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx2
import pytest
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route

from api.errors import BusinessNotSet, IdempotencyInFlight
from api.web.documents import Limits
from api.web.view import GraphQLView, Wire
from tests.web.live_server import serving

SECRET = "postgresql://regulars:open-sesame@db/x row (ada@example.com)"


class Unlucky(Exception):
    """An error whose very class holds nothing, and whose text holds everything."""


class _Thing:
    def __str__(self) -> str:
        raise Unlucky(SECRET)


@strawberry.type
class Query:
    @strawberry.field
    def unlucky(self) -> str | None:
        raise Unlucky(SECRET)

    @strawberry.field
    async def required(self) -> str:
        try:
            raise ConnectionResetError(SECRET)
        except ConnectionResetError as error:
            raise Unlucky(SECRET) from error

    @strawberry.field
    def driver(self) -> str | None:
        raise asyncpg.NumericValueOutOfRangeError(SECRET)

    @strawberry.field
    def unwritable(self) -> int | None:
        return 2**40

    @strawberry.field
    def echo(self, text: str = "") -> str | None:
        return text

    @strawberry.field
    def many(self) -> list[str | None]:
        return [_Thing() for _ in range(30)]  # type: ignore[misc]  # what is no text fails, each by itself

    @strawberry.field
    def missing(self) -> str | None:
        raise BusinessNotSet("Set the business first.")

    @strawberry.field
    def busy(self) -> str | None:
        raise IdempotencyInFlight("Wait a moment.")


@pytest.fixture
def view() -> GraphQLView:
    schema = strawberry.Schema(Query)
    view = GraphQLView(schema._schema, limits=Limits(), wire=Wire(answer_limit=10_000))
    view.database = None  # type: ignore[assignment]  # these fields ask no database
    return view


@pytest.fixture
def client(view: GraphQLView) -> Iterator[httpx2.Client]:
    with serving(Starlette(routes=[Route("/graphql", view)])) as address, httpx2.Client(base_url=address) as client:
        yield client


def ask(client: httpx2.Client, query: str, **variables: Any) -> httpx2.Response:
    return client.post("/graphql", json={"query": query, "variables": variables})


@pytest.mark.parametrize("field", ["unlucky", "required", "driver"])
def test_an_unexpected_error_is_masked_for_the_client_and_in_the_log(
    client: httpx2.Client, field: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    answer = ask(client, f"{{ {field} }}")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["message"], error["path"]) == (200, "Internal error", [field])
    assert error["extensions"] == {"code": "INTERNAL", "requestId": answer.headers["x-request-id"]}
    told = answer.text + caplog.text + "".join(capfd.readouterr())
    assert "sesame" not in told
    assert "ada@" not in told


def test_the_log_has_the_kind_the_place_and_the_state_under_the_requests_id(
    client: httpx2.Client, caplog: pytest.LogCaptureFixture
):
    answer = ask(client, "{ driver }")
    [record] = caplog.records
    assert (record.name, record.levelno) == ("regulars", logging.ERROR)
    entry = json.loads(record.getMessage())
    assert entry["requestId"] == answer.headers["x-request-id"]
    [error] = entry["errors"]
    assert (error["kind"], error["sqlstate"]) == ("asyncpg.exceptions.NumericValueOutOfRangeError", "22003")
    assert error["at"].startswith("test_errors.py:")


def test_the_log_names_causes_too(client: httpx2.Client, caplog: pytest.LogCaptureFixture):
    ask(client, "{ required }")
    [record] = caplog.records
    kinds = [error["kind"].rpartition(".")[2] for error in json.loads(record.getMessage())["errors"]]
    assert kinds == ["Unlucky", "ConnectionResetError"]


def test_errors_of_ours_keep_their_words_and_stay_out_of_the_log(
    client: httpx2.Client, caplog: pytest.LogCaptureFixture
):
    errors = ask(client, "{ missing busy }").json()["errors"]
    assert [(error["message"], error["extensions"]) for error in errors] == [
        ("Set the business first.", {"code": "BUSINESS_NOT_SET"}),
        ("Wait a moment.", {"code": "IDEMPOTENCY_IN_FLIGHT", "retryable": True}),
    ]
    assert caplog.records == []


def test_a_value_that_does_not_fit_its_type_is_a_bug_of_ours(client: httpx2.Client):
    [error] = ask(client, "{ unwritable }").json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"


def test_twenty_errors_are_told_and_logged_however_many_there_are(
    client: httpx2.Client, caplog: pytest.LogCaptureFixture
):
    answer = ask(client, "{ many }").json()
    assert answer["data"] == {"many": [None] * 30}
    assert len(answer["errors"]) == len(caplog.records) == 20


def test_an_answer_too_large_is_replaced_by_one_that_says_so(client: httpx2.Client):
    fields = " ".join(f'a{number}: echo(text: "{"x" * 600}")' for number in range(20))
    answer = ask(client, f"{{ {fields} }}")
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    [error] = answer.json()["errors"]
    assert error["extensions"] == {"code": "RESPONSE_TOO_LARGE"}
    assert answer.headers["x-request-cost"] == "0"
    assert error["message"] == "The answer would have 12,180 bytes; 10,000 are the most. Ask for less."


def test_what_graphql_says_of_an_argument_reaches_its_caller(client: httpx2.Client):
    query = "query A($text: String) { echo(text: $text) }"
    [error] = client.post("/graphql", json={"query": query, "variables": {"text": None}}).json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "text" in error["message"]


def test_an_error_outside_of_graphql_is_masked_as_well(
    view: GraphQLView, client: httpx2.Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    def fail(*given: Any) -> None:
        raise Unlucky(SECRET)

    monkeypatch.setattr(view._documents, "find", fail)
    answer = ask(client, "{ missing }")
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "sesame" not in answer.text + caplog.text
    assert len(caplog.records) == 1


def test_what_no_task_waits_for_is_logged_without_its_text(caplog: pytest.LogCaptureFixture, database_url: str):
    from api.app import build_app  # noqa: PLC0415
    from api.settings import Settings  # noqa: PLC0415

    app = build_app(Settings(), dsn=database_url)

    async def stray() -> None:
        async with app.router.lifespan_context(app):
            lost = asyncio.get_running_loop().create_future()
            lost.set_exception(Unlucky(SECRET))
            del lost
            await asyncio.sleep(0)

    asyncio.run(stray())
    [record] = caplog.records
    assert "Unlucky" in record.getMessage()
    assert "sesame" not in caplog.text
