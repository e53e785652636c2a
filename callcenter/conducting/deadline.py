"""A deadline that holds even when what it bounds does not listen to being cancelled.

`asyncio.timeout` waits for the cancelled code to end; a database driver that tells a frozen server about the
cancellation makes it wait for seconds more, while a caller hears nothing.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

log = structlog.get_logger()

Result = TypeVar("Result")

_abandoned: set[asyncio.Task[Any]] = set()


async def run_within(seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
    """The work's result or exception. After `seconds` raises TimeoutError at once and cancels the work behind it."""
    task = asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        _abandon(task)
        raise
    if done:
        return task.result()
    _abandon(task)
    raise TimeoutError(f"not done within {seconds:g} s")


def _abandon(task: asyncio.Task[Any]) -> None:
    _abandoned.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(_log_failure)
    task.cancel()


def _log_failure(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("abandoned work failed", error=repr(error))
