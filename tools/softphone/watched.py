"""Tasks that somebody answers for: a failure in one is raised where their owner is closed.

A TaskGroup must be left by the task that entered it; a telephone opened in a test's fixture and closed in its
tear-down is not. So the owner keeps its tasks here.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any


class WatchedTasks:
    """A set of running tasks; `close` cancels them, waits, and raises the first failure any of them had."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs `work` until it ends or `close`. Must be called in a running loop."""
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
            await asyncio.sleep(0)  # the callbacks of ended tasks run now
        if self._failures:
            failure, self._failures = self._failures[0], []
            raise failure

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failures.append(failure)
