"""Work that takes long and waits for nothing, done beside the event loop so that other requests go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["aside"]

Result = TypeVar("Result")

# One at a time: more threads would take the loop's turns without getting any work done sooner.
_THREAD = ThreadPoolExecutor(1, "aside")


async def aside(work: Callable[[], Result]) -> Result:
    """Return the result of work that touches nothing which others change; raise what it raises."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, work)
