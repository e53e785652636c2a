"""A timeout that holds even when the cancelled code is slow to end.

`asyncio.timeout` waits until the cancelled code has ended. A database driver that reports the cancellation to a frozen
server takes seconds to end, and the caller hears silence meanwhile.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

log = structlog.get_logger()

Result = TypeVar("Result")

_abandoned: set[asyncio.Task[Any]] = set()


async def run_within(seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
    """Returns the result of `work` or raises its exception.

    After `seconds`, cancels `work` and raises TimeoutError without waiting for `work` to end.
    """
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
    _abandoned.add(task)  # the event loop keeps only weak references to tasks
    task.add_done_callback(_log_failure)
    task.cancel()


def _log_failure(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("abandoned work failed", error=repr(error))
