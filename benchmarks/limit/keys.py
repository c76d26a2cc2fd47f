"""How every bare change begins and ends: a transaction that takes the key first and keeps the outcome under it last."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson

_PRINCIPAL = "limit"
# As Regulars begins: nothing is planned anew for each change, nor as if the table of keys were to stay empty.
_BEGIN = "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off"
_TAKE = """
INSERT INTO idempotency (principal, key, mutation, fingerprint) VALUES ($1, $2, $3, '')
ON CONFLICT DO NOTHING RETURNING created_at
"""
_SETTLE = "UPDATE idempotency SET outcome = $3 WHERE principal = $1 AND key = $2"


@asynccontextmanager
async def once(connection: Any, key: str, mutation: str, outcome: Mapping[str, str]) -> AsyncIterator[None]:
    """Do what is within in one transaction under a key; a key that was used before is not looked at further."""
    await connection.execute(_BEGIN)
    await connection.fetchval(_TAKE, _PRINCIPAL, key, mutation)
    yield
    await connection.execute(_SETTLE, _PRINCIPAL, key, orjson.dumps(outcome).decode())
    await connection.execute("COMMIT")


def answer(mutation: str, made: str, shown: Mapping[str, Any]) -> bytes:
    """Return the answer of a mutation that made something."""
    return orjson.dumps({"data": {mutation: {"userErrors": [], made: shown}}})
