"""Background tasks whose exceptions are raised when their owner is closed.

It replaces asyncio.TaskGroup, which must be entered and left in the same task; a softphone that a test fixture opens
and closes is not.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any


class WatchedTasks:
    """A set of running tasks. `close` cancels them, waits for their end, and raises the first exception of any task."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs `work` in a task, until its end or `close`. Must be called in a running loop."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        while self._running:
            running = list(self._running)
            for task in running:
                task.cancel()
            await asyncio.wait(running)
            await asyncio.sleep(0)  # lets the callbacks of ended tasks run
        if self._failures:
            failure, self._failures = self._failures[0], []
            raise failure

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failures.append(failure)
