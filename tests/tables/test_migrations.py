"""Migrations: from nothing to just the metadata, once, however often and by however many they are run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from api.tables import metadata
from api.tables.migration import config, current, head, upgrade
from tests.postgresql import execute, outside_any_loop


def test_there_is_one_newest_revision():
    assert ScriptDirectory.from_config(config()).get_heads() == [head()]


def test_a_database_made_from_nothing_is_what_the_metadata_says(empty_url):
    assert current(empty_url) is None
    assert upgrade(empty_url) == head() == current(empty_url)
    assert outside_any_loop(lambda: differences(empty_url)) == []


def test_a_difference_from_the_metadata_is_noticed(empty_url):
    upgrade(empty_url)
    outside_any_loop(lambda: execute(empty_url, "ALTER TABLE products DROP COLUMN category"))
    ((kind, _, table, column),) = outside_any_loop(lambda: differences(empty_url))
    assert (kind, table, column.name) == ("add_column", "products", "category")


def test_upgrading_again_changes_nothing(empty_url):
    upgrade(empty_url)
    outside_any_loop(
        lambda: execute(empty_url, "INSERT INTO business (name, currency, time_zone) VALUES ('A','B','C')")
    )
    assert upgrade(empty_url) == head()
    assert outside_any_loop(lambda: count(empty_url, "business")) == 1


def test_several_may_upgrade_at_once(empty_url):
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(upgrade, [empty_url] * 4)) == [head()] * 4
    assert outside_any_loop(lambda: count(empty_url, "alembic_version")) == 1


async def differences(address: str) -> list[Any]:
    """Return what is different between a database and the metadata."""

    async def connect() -> Any:
        return await asyncpg.connect(address)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect)
    try:
        async with engine.connect() as connection:
            options = {"compare_type": True, "target_metadata": metadata}
            return list(
                await connection.run_sync(
                    lambda link: compare_metadata(MigrationContext.configure(link, opts=options), metadata)
                )
            )
    finally:
        await engine.dispose()


async def count(address: str, table: str) -> int:
    connection = await asyncpg.connect(address)
    try:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
    finally:
        await connection.close()


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_the_data_of_a_customer_can_be_distributed_by_customer(table):
    owned = "customer_id" in table.c and table.name not in ("customers", "demo_truth")
    assert not owned or next(iter(table.primary_key)).name == "customer_id"
