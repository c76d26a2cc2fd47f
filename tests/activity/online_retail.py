"""Who of Online Retail's customers is active, counted from the file itself: by rows of invoices, without a database."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as parquet

LONDON = ZoneInfo("Europe/London")
Purchases = dict[int, dict[str, datetime]]


def purchases(path: Path) -> Purchases:
    """Return when each customer's invoices were made, in British wall-clock time; credit notes are none."""
    table = parquet.read_table(path, columns=["Invoice", "InvoiceDate", "Customer ID"])
    found: Purchases = defaultdict(dict)
    for invoice, moment, customer in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
        if customer is not None and not str(invoice).startswith("C"):
            of_customer = found[int(customer)]
            placed_at = datetime.fromisoformat(str(moment))
            of_customer[str(invoice)] = min(placed_at, of_customer.get(str(invoice), placed_at))
    return found


def active(bought: Purchases, paid_back: Mapping[str, datetime], at: datetime) -> dict[str, int]:
    """Return for how many customers either rule about purchases holds at a moment, and for how many any does.

    paid_back  when all of an invoice had been paid back, for those of which all was
    """
    recent, loyal = set(), set()
    for customer, invoices in bought.items():
        standing = [
            moment
            for invoice, moment in invoices.items()
            if _utc(moment) <= at and not (invoice in paid_back and paid_back[invoice] <= at)
        ]
        if any(at < _utc(_later(moment, 12)) for moment in standing):
            recent.add(customer)
        if sum(at < _utc(_later(moment, 6)) for moment in standing) >= 5:
            loyal.add(customer)
    return {"RECENT_PURCHASE": len(recent), "LOYAL": len(loyal), "active": len(recent | loyal)}


def _later(moment: datetime, months: int) -> datetime:
    count = moment.year * 12 + moment.month - 1 + months
    year, month = count // 12, count % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=LONDON).astimezone(UTC)
