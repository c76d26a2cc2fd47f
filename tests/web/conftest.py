"""Databases with the shop's customers: they are made up once in a process, and copied for those who change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from urllib.parse import urlsplit

import pytest

from tests.postgresql import fresh_database
from tests.web.demo_app import fill


@pytest.fixture(scope="session")
def new_shop(
    server_url: str, new_database: Callable[[], AbstractContextManager[str]], worker: str
) -> Iterator[Callable[[], AbstractContextManager[str]]]:
    """Makes databases with the customers of `demo_app` for as long as a block lasts."""
    numbers = count(1)
    with new_database() as filled:
        fill(filled)
        template = urlsplit(filled).path.removeprefix("/")
        yield lambda: fresh_database(server_url, f"shop_{worker}_{next(numbers)}", template)


@pytest.fixture(scope="module")
def shop_url(new_shop: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """Address of a database of this module's own with the shop's customers."""
    with new_shop() as address:
        yield address
