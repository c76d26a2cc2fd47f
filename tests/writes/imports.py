"""Imports for tests: files made of rows, and what became of them. As a program: one import that tells its chunks."""

from __future__ import annotations

import asyncio
import csv
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from api.reads.checks import findings
from api.writes.business import Business
from api.writes.importing import Format, ImportResult, Progress, Step
from api.writes.importing.run import import_file

DATA = Path(__file__).parents[3] / "shared" / "data"
ONLINE_RETAIL = DATA / "online_retail" / "online_retail_II_year2009_2010.parquet"
RENEWALS = DATA / "sbg_contractual" / "sbg_cohorts.csv"
CDNOW = DATA / "cdnow" / "CDNOW_master.txt"

SHOP = Business("Tea & Tools", "EUR", "Europe/Berlin")
_LINE = {"customer": "4711", "order": "A1", "placed_at": "2025-03-01T10:00:00Z", "sku": "TEA", "quantity": "1"}
_SUBSCRIPTION = {"customer": "4711", "subscription": "S1", "kind": "PRODUCT", "plan": "Tea of the month"}
_SUBSCRIPTION |= {"price": "12.50", "interval": "P1M", "started_at": "2024-01-31"}
_ENROLLMENT = {"customer": "4711", "enrollment": "E1", "plan": "Gold", "starts_at": "2024-01-31"}
_CONTRACT = {"customer": "4711", "contract": "C1", "name": "Care", "value": "1200"}
_CONTRACT |= {"starts_at": "2024-01-31", "ends_at": "2025-01-31"}
_RETAIL_LINE = {"Invoice": "500001", "StockCode": "TEA", "Description": "Green tea", "Quantity": 1}
_RETAIL_LINE |= {"InvoiceDate": "2010-03-01 10:00:00", "Price": 2.5, "Customer ID": 4711, "Country": "France"}


def line(**changed: object) -> dict[str, object]:
    """Return a row of a table of order lines: one tea for 2.50 unless something else is said."""
    return {**_LINE, "unit_price": "2.50", **changed}


def retail(**changed: object) -> dict[str, object]:
    """Return a row of Online Retail; names of columns with a blank are given with an underscore."""
    return {**_RETAIL_LINE, **{name.replace("_", " "): value for name, value in changed.items()}}


def subscription(**changed: object) -> dict[str, object]:
    """Return a row of a table of subscriptions: to goods, monthly from the last of January 2024 on, and not ended."""
    return {**_SUBSCRIPTION, **changed}


def enrollment(**changed: object) -> dict[str, object]:
    """Return a row of a table of support plans: a free one without an end."""
    return {**_ENROLLMENT, **changed}


def contract(**changed: object) -> dict[str, object]:
    """Return a row of a table of contracts: one over a year, at the end of which it is over."""
    return {**_CONTRACT, **changed}


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """Write rows as CSV; a row without a column of another has a blank cell there."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


@dataclass(slots=True)
class Imports:
    """Imports into one database, and questions to it."""

    dsn: str
    folder: Path
    connection: Any

    @classmethod
    async def into(cls, dsn: str, folder: Path) -> Imports:
        return cls(dsn, folder, await asyncpg.connect(dsn))

    @property
    def rejects(self) -> Path:
        return self.folder / "rejects.csv"

    async def table(self, *rows: Mapping[str, object], **options: Any) -> ImportResult:
        """Import rows of a table of order lines for the shop."""
        return await self.file(write_csv(self.folder / "table.csv", rows), "table", **({"business": SHOP} | options))

    async def retail(self, *rows: Mapping[str, object], **options: Any) -> ImportResult:
        """Import rows of Online Retail."""
        return await self.file(write_csv(self.folder / "retail.csv", rows), "online-retail", **options)

    async def rates(self, *rows: tuple[str, str, str], **options: Any) -> ImportResult:
        """Import exchange rates for the shop: day, currency, rate."""
        named = [dict(zip(("date", "currency", "rate"), row, strict=True)) for row in rows]
        return await self.file(write_csv(self.folder / "rates.csv", named), "rates", **({"business": SHOP} | options))

    async def terms(self, format: Format, *rows: Mapping[str, object], **options: Any) -> ImportResult:  # noqa: A002
        """Import rows of a table of things with a term for the shop."""
        return await self.file(write_csv(self.folder / f"{format}.csv", rows), format, **({"business": SHOP} | options))

    async def file(self, path: Path, format: Format, **options: Any) -> ImportResult:  # noqa: A002
        """Import a file."""
        return await import_file(self.dsn, path, format=format, rejects=self.rejects, **options)

    def rejected(self) -> list[tuple[int, str]]:
        """Return number and reason of the rows in the rejects file."""
        return [(int(row["row"]), row["reason"]) for row in self.rejected_rows()]

    def rejected_rows(self) -> list[dict[str, str]]:
        """Return the rows of the rejects file."""
        with self.rejects.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    async def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return what a query finds."""
        return [tuple(record) for record in await self.connection.fetch(query, *values)]

    async def one(self, query: str, *values: object) -> Any:
        """Return the one value that a query finds."""
        return await self.connection.fetchval(query, *values)

    async def is_sound(self) -> bool:
        """Return whether `regulars check` would find that all figures agree."""
        return not any(finding.broken for finding in await findings(self.connection))

    async def is_empty(self) -> bool:
        """Return whether nothing at all was recorded."""
        facts = ("customers", "companies", "products", "orders", "refunds", "exchange_rates")
        terms = ("subscriptions", "support_plans", "support_usages", "contracts")
        tables = ("business", *facts, *terms)
        return not any([await self.one(f"SELECT count(*) FROM {table}") for table in tables])


def _tell(progress: Progress) -> None:
    if progress.step is Step.RECORDING:
        sys.stdout.write(f"{progress.done}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _dsn, _path, _format, _rejects, _lines = sys.argv[1:]
    _chosen = {"rejects": Path(_rejects), "report": _tell, "lines_a_chunk": int(_lines)}
    asyncio.run(import_file(_dsn, Path(_path), format=_format, **_chosen))  # type: ignore[arg-type]
