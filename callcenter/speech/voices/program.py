"""A synthesizer program that is started once for each text: it reads the words and writes a WAV file."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import soundfile

from callcenter.speech.sound import join_parts
from callcenter.speech.voice import VoiceFailed, VoiceMissing

_MAX_CONCURRENT = 2
"""Programs that may run at once; more would only compete with each other, and with calls, for the CPU."""


class VoiceProgram:
    """Runs the command `make_command(file)` with the text on standard input; the program must write WAV to `file`."""

    def __init__(self, make_command: Callable[[Path], Sequence[str]], *, seconds: float) -> None:
        """`seconds` is the time limit for one text; a program that exceeds it counts as hung and is killed."""
        self._make_command = make_command
        self._seconds = seconds
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT)

    async def speak(self, text: str, file: Path) -> None:
        """Writes `text` as an 8 kHz prompt to `file`.

        Raises VoiceMissing when the program cannot be started, VoiceFailed when it fails, hangs or writes no speech.
        """
        with tempfile.TemporaryDirectory(prefix="callcenter-voice-") as directory:
            part = Path(directory) / "part.wav"
            async with self._slots:
                complaint = await self._run(text, part)
            try:
                if not await asyncio.to_thread(join_parts, [part], file):
                    raise VoiceFailed(f"«{text[:60]}»: вышла одна тишина; {complaint}")
            except (OSError, soundfile.LibsndfileError) as error:
                raise VoiceFailed(f"«{text[:60]}»: звука не вышло; {complaint}") from error

    async def _run(self, text: str, part: Path) -> str:
        """Runs the program; returns the last line of its standard error."""
        words = self._make_command(part)
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in the terminal must not end the child before its parent
            )
        except OSError as error:
            raise VoiceMissing(f"программа «{words[0]}» не запускается: {error.strerror or error}") from error
        try:
            async with asyncio.timeout(self._seconds):
                _, complaints = await process.communicate(f"{text}\n".encode())
        except TimeoutError as error:
            raise VoiceFailed(f"«{words[0]}» не успела за {self._seconds:g} с") from error
        finally:
            if process.returncode is None:  # timed out, or the task was canceled
                process.kill()
                await process.wait()
        lines = complaints.decode(errors="replace").strip().splitlines()
        complaint = lines[-1] if lines else f"«{words[0]}» ничего не объяснила"
        if process.returncode:
            raise VoiceFailed(f"«{words[0]}» завершилась с кодом {process.returncode}: {complaint}")
        return complaint
