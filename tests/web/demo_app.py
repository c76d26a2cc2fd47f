"""The application on a made-up population, and what each of the explorer's tabs shows there."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from starlette.applications import Starlette

from api.app import build_app
from api.settings import Settings
from api.writes.demo import write_demo
from tests.postgresql import outside_any_loop

SHOWN = {
    "Customers": re.compile(r'"displayName": "\w'),
    "OneCustomer": re.compile('"displayName": "Ada Berger"'),
    "RecordPurchase": re.compile(r'"replayed": (true|false)'),
    "BackInTime": re.compile(r'"asOf": "2026-01-01T00:00:00.000000Z"'),
}


def demo_app(dsn: str) -> Starlette:
    """Return the application on a small made-up population that ends today."""
    outside_any_loop(lambda: write_demo(dsn, customers=20, seed=1, until=datetime.now(UTC)))
    return build_app(Settings(), dsn=dsn)
