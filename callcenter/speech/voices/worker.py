"""A synthesizer process that is kept running because its model takes seconds to load.

The caller writes one request line and reads output lines until one of them is the answer.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog

from callcenter.speech.voice import VoiceFailed, VoiceMissing

log = structlog.get_logger()

_ATTEMPTS = 2
"""Attempts for one request, the first included."""
T = TypeVar("T")


class VoiceWorker:
    """One child process that handles requests one at a time; its standard error is merged into its standard output.

    A process that exits or hangs is replaced.
    """

    def __init__(self, command: Sequence[str], *, seconds: float) -> None:
        """`seconds` is the time limit for one answer, loading of the model included."""
        self._command = list(command)
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, line: str, answer: Callable[[str], T | None]) -> T:
        """Sends a request line; returns the first result of `answer` that is not None.

        `answer` is called with each output line and may raise VoiceFailed. A process that exits or hangs is replaced,
        and the request is sent once more. Raises VoiceMissing when the program cannot be started, VoiceFailed when
        the last attempt fails.
        """
        async with self._turn:
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    return await self._ask(line, answer)
                except _WorkerLost as error:
                    await self._kill_process()
                    log.warning("a voice's program is replaced", program=self._command[0], why=str(error))
                    if attempt == _ATTEMPTS:
                        raise VoiceFailed(str(error)) from error
                except BaseException:
                    # After a cancellation, the pending answer would be taken for the answer to the next request.
                    await self._kill_process()
                    raise
        raise AssertionError("unreachable")

    async def close(self) -> None:
        async with self._turn:
            await self._kill_process()

    async def _ask(self, line: str, answer: Callable[[str], T | None]) -> T:
        process = self._process = self._process or await self._start()
        if process.stdin is None or process.stdout is None:
            raise _WorkerLost(f"«{self._command[0]}» запущена без каналов")
        last = "без объяснений"
        try:
            async with asyncio.timeout(self._seconds):
                process.stdin.write(f"{line}\n".encode())
                await process.stdin.drain()
                while told := await process.stdout.readline():
                    last = told.decode(errors="replace").strip() or last
                    found = answer(last)
                    if found is not None:
                        return found
        except TimeoutError as error:
            raise _WorkerLost(f"«{self._command[0]}» не ответила за {self._seconds:g} с: {last}") from error
        except (ConnectionError, ValueError) as error:
            raise _WorkerLost(f"канал к «{self._command[0]}» оборвался: {error}; {last}") from error
        raise _WorkerLost(f"«{self._command[0]}» завершилась: {last}")

    async def _start(self) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal must not end the child before its parent
            )
        except OSError as error:
            raise VoiceMissing(f"программа «{self._command[0]}» не запускается: {error.strerror or error}") from error

    async def _kill_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()  # drains and closes the pipes


class _WorkerLost(Exception):
    """The child process has exited, hung or closed its pipes."""
