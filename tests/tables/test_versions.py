"""What the database itself refuses of things with a term: a second open version, and versions that are rewritten."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from api.domain.calendar import Duration
from tests.given import NEW_YEAR

pytestmark = pytest.mark.anyio

TABLES = {"support_plans": "support_plan_id", "contracts": "contract_id"}
LATER = NEW_YEAR + timedelta(days=1)


async def first_version(given, table):
    """Make one thing with one version."""
    customer = await given.customer()
    await (given.support_plan(customer) if table == "support_plans" else given.contract(customer))


async def add_version(connection, table, version, **columns):
    """Add the first version once more, under another number and with other values."""
    first = dict(await connection.fetchrow(f"SELECT * FROM {table}"))
    for name in ("held", "renewal_interval", "notice"):
        first.pop(name, None)
    if table == "contracts":
        columns |= {"renewal_interval": timedelta(days=365), "notice": timedelta(0)}
    values = first | {"version": version} | columns
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values())


@pytest.mark.parametrize("table", TABLES)
async def test_a_second_open_version_is_refused(connection, given, table):
    await first_version(given, table)
    with pytest.raises(asyncpg.UniqueViolationError, match=f"uq_{table}_open"):
        await add_version(connection, table, 2)
    await add_version(connection, table, 2, replaced_at=LATER, superseded_at=LATER)
    assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 2


CHANGES = {
    "changed": "UPDATE {table} SET change = change || ''",
    "given another end": "UPDATE {table} SET ends_at = ends_at + interval '1 day'",
    "changed while it is closed": "UPDATE {table} SET superseded_at = now(), replaced_at = now(), version = 7",
    "deleted": "DELETE FROM {table}",
    "truncated": "TRUNCATE {table} CASCADE",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("table", TABLES)
async def test_a_version_is_never_rewritten(connection, given, table, change):
    await first_version(given, table)
    before = await connection.fetch(f"SELECT * FROM {table}")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never changed or deleted"):
        await connection.execute(change.format(table=table))
    assert await connection.fetch(f"SELECT * FROM {table}") == before


@pytest.mark.parametrize("table", TABLES)
async def test_a_version_is_closed_once(connection, given, table):
    await first_version(given, table)
    close = f"UPDATE {table} SET superseded_at = recorded_at, replaced_at = changed_at"
    await connection.execute(close)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only closed"):
        await connection.execute(close)


async def test_what_renews_by_itself_does_so_for_a_day_at_least(given):
    customer = await given.customer()
    with pytest.raises(asyncpg.CheckViolationError, match="renews_for_a_day"):
        await given.contract(customer, auto_renew=True, renewal_interval=Duration(minutes=1439))
    await given.contract(customer, auto_renew=True, renewal_interval=Duration(minutes=1440))
