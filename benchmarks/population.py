"""The data that is measured on: made once, kept outside the repository, recognised by its stamp."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import asyncpg
from sqlalchemy import insert

from api.database import prepare
from api.embedded import start
from api.reads.json import parameter
from api.reads.product_pairs import counted_pairs
from api.reads.relation import Lens
from api.tables.product_pairs import product_pairs
from api.writes.newest import bring_to_newest
from api.writes.standing import bring_up_to_date, project

_HERE = Path(__file__).parent
_TOUCHED = (
    *("orders", "order_lines", "idempotency", "customer_standing", "customer_activity", "active_spans", "feedback"),
    *("loyalty_accounts", "loyalty_transactions", "loyalty_entries", "loyalty_lots", "loyalty_lot_uses"),
    "customer_costs",
)
"""Tables that measuring writes to."""
_PAIRS_AGE = timedelta(days=365)
"""How old the count of which products go together is: that of all purchases would take as long as all the rest."""
_COUNTED = counted_pairs(Lens(moment=parameter("moment", "moment"), as_of=parameter("moment", "moment")))
_PAIRS = prepare(insert(product_pairs).from_select(list(_COUNTED.selected_columns.keys()), _COUNTED))


def until() -> datetime:
    """Return the moment with which the data ends: the beginning of this month, so that much of it is recent."""
    return datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Size:
    """How much data there is: ten orders and 25 order lines for each customer."""

    customers: int
    products: int

    making: ClassVar[Sequence[str]] = (
        *("unchecked.sql", "population.sql", "members.sql", "voices.sql", "checked.sql"),
        "computed_columns.sql",
    )
    has_facts: ClassVar[bool] = True
    """Whether there is more than the projection of how customers stand, so that it can be made from the facts."""
    prefix: ClassVar[str] = ""
    """How the names of folders with such data begin."""

    @property
    def orders(self) -> int:
        """Number of orders."""
        return 10 * self.customers

    @property
    def lines(self) -> int:
        """Number of order lines."""
        return 25 * self.customers

    @property
    def stamp(self) -> str:
        """Name of exactly this data: its size, and a digest of its month and of the statements that make it."""
        statements = b"".join((_HERE / name).read_bytes() for name in self.making)
        digest = hashlib.sha256(statements + f"{self.products} {until()}".encode()).hexdigest()
        return f"{self.prefix}{self.customers}-{digest[:10]}"

    def __str__(self) -> str:
        """Return what there is in words."""
        return f"{self.customers:,} customers, {self.orders:,} orders and {self.lines:,} lines"


@dataclass(frozen=True, slots=True)
class Projection(Size):
    """How many customers there are of whom nothing is known but how they stand."""

    products: int = 0

    making: ClassVar[Sequence[str]] = ("projection.sql",)
    has_facts: ClassVar[bool] = False
    prefix: ClassVar[str] = "projection-"

    def __str__(self) -> str:
        """Return what there is in words."""
        return f"how {self.customers:,} customers stand"


FULL = Size(customers=100_000, products=5_000)
SMALL = Size(customers=2_000, products=500)
FULL_PROJECTIONS = Projection(10_000), Projection(1_000_000)
SMALL_PROJECTIONS = Projection(10_000), Projection(100_000)
"""A few and many customers, between whose pages there should be no difference."""


class OtherData(Exception):
    """The database of DATABASE_URL holds other data than the benchmark's."""


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where benchmark data is kept by default: the user's cache folder, or /var/cache for root."""
    if os.geteuid() == 0:  # the embedded server gives root's rights up and must still reach its data
        return Path("/var/cache/regulars/benchmarks")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "regulars" / "benchmarks"
    chosen = Path(environment.get("XDG_CACHE_HOME", ""))
    return (chosen if chosen.is_absolute() else Path.home() / ".cache") / "regulars" / "benchmarks"


def data_folder(parent: Path, size: Size) -> Path:
    """Return the folder of this size's data, after removing that of other versions of the same size."""
    wanted = parent / size.stamp
    for other in parent.glob(f"{size.prefix}{size.customers}-*"):
        if other != wanted:
            shutil.rmtree(other)
    return wanted


@contextmanager
def served(folder: Path, size: Size, tell: Callable[[str], None]) -> Iterator[str]:
    """Run the embedded PostgreSQL on a folder and yield its address; the data is made where it is missing."""
    with start(folder) as server:
        filled(server.dsn, size, tell)
        yield server.dsn


def filled(dsn: str, size: Size, tell: Callable[[str], None]) -> None:
    """Make the data in a database unless it is there; raise OtherData where the database is in use."""
    bring_to_newest(dsn)
    asyncio.run(_fill(dsn, size, tell))
    asyncio.run(_model(dsn))
    tidied(dsn)


def tidied(dsn: str) -> None:
    """Remove what an earlier run has recorded."""
    asyncio.run(_tidy(dsn))


async def _fill(dsn: str, size: Size, tell: Callable[[str], None]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        if await _stamp(connection) == size.stamp:
            return
        if await connection.fetchval("SELECT count(*) FROM business"):
            raise OtherData("DATABASE_URL names a database that holds other data; name an empty one.")
        # Compiling such statements costs more than it saves; Regulars turns it off itself, the others have it the same.
        await connection.execute(
            f'ALTER DATABASE "{await connection.fetchval("SELECT current_database()")}" SET jit = off'
        )
        tell(f"Making {size}, once this month")
        await _make(connection, size)
        tell("Collecting statistics about them")
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _tidy(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        if not await connection.fetchval("SELECT count(*) FROM idempotency"):
            return
        async with connection.transaction():
            await connection.execute(f"SET LOCAL benchmark.until = '{until().isoformat()}'")
            await connection.execute((_HERE / "tidy.sql").read_text(encoding="utf-8"))
            changed = await connection.fetch("SELECT customer_id FROM changed")
            await bring_up_to_date(connection, [row["customer_id"] for row in changed])
        for table in _TOUCHED:
            await connection.execute(f"VACUUM (ANALYZE) {table}")
    finally:
        await connection.close()


async def _model(dsn: str) -> None:
    """Keep a model by which values can be predicted: what is measured is what predicting costs, not what it says."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute((_HERE / "model.sql").read_text(encoding="utf-8"))
    finally:
        await connection.close()


async def _stamp(connection: asyncpg.Connection[asyncpg.Record]) -> str | None:
    if not await connection.fetchval("SELECT to_regclass('benchmark.population')"):
        return None
    stamp: str | None = await connection.fetchval("SELECT stamp FROM benchmark.population")
    return stamp


async def _make(connection: asyncpg.Connection[asyncpg.Record], size: Size) -> None:
    async with connection.transaction():
        await connection.execute(
            f"SET LOCAL benchmark.customers = {size.customers}; SET LOCAL benchmark.products = {size.products};"
            f" SET LOCAL benchmark.until = '{until().isoformat()}'"
        )
        for name in size.making:
            await connection.execute((_HERE / name).read_text(encoding="utf-8"))
        if size.has_facts:
            await connection.execute("ANALYZE")
            await project(connection)
            await connection.execute(_PAIRS.sql, *_PAIRS.values({"moment": until() - _PAIRS_AGE}))
        await connection.execute("CREATE SCHEMA benchmark; CREATE TABLE benchmark.population (stamp text NOT NULL)")
        await connection.execute("INSERT INTO benchmark.population VALUES ($1)", size.stamp)
