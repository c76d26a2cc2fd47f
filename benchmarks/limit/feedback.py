"""The bare transaction of feedback: the statements that cannot be left out, and nothing checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from benchmarks.limit.keys import answer, once

_CUSTOMER = "SELECT customer_id FROM customers WHERE customer_id = $1"
_ADD = """
INSERT INTO feedback (customer_id, feedback_id, kind, score, comment, submitted_at) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def submit(connection: Any, given: Mapping[str, Any]) -> bytes:
    """Record the feedback of an input of submitFeedback in one transaction and return the answer."""
    said, feedback = given["feedback"], uuid7()
    customer = UUID(said["customer"]["id"][4:])
    words = {name: said[name] for name in ("kind", "score", "comment")}
    async with once(connection, given["idempotencyKey"], "submitFeedback", {"feedback": feedback.hex}):
        await connection.fetchval(_CUSTOMER, customer)
        at = datetime.fromisoformat(said["submittedAt"])
        await connection.execute(_ADD, customer, feedback, *words.values(), at)
    shown = {"id": f"fbk_{feedback.hex}", **words, "submittedAt": said["submittedAt"]}
    return answer("submitFeedback", "feedback", shown)
