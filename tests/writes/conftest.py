"""A database to import into, with what is asked about it afterwards."""

import pytest

from tests.writes.imports import Imports


@pytest.fixture
async def imports(database_url, tmp_path):
    """Imports files into the test's database."""
    opened = await Imports.into(database_url, tmp_path)
    yield opened
    await opened.connection.close()
