"""The Russian voice of festival and festvox-ru, spoken by one long-lived child process over pipes.

Festival executes the Scheme code it reads from standard input, and Scheme code can run programs. Therefore only the
letters and a few marks of a text are sent to it, and `festival --server`, which accepts Scheme from the network, is
never used.

Protocol: two expressions per sentence. The first synthesizes and saves the sound; when it fails, festival reports on
standard error and continues. The second prints the number of the request, so that answers cannot be mixed up.
"""

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Self

import structlog

from callcenter.speech.sound import join_parts
from callcenter.speech.voice import VoiceChoice, VoiceFailed, VoiceMissing
from callcenter.speech.voices.plain import split_into_pieces

log = structlog.get_logger()

_SPEAKERS = Path("/usr/share/festival/voices/russian")
_SPEAKER = "msu_ru_nsh_clunits"
_RENDER_SECONDS = 3.0
"""Time limit for one sentence."""
_START_SECONDS = 15.0
"""Time limit for loading the voice."""
_ATTEMPTS = 2
"""Attempts for one text, the first included."""
_STDERR_KEPT = 2000
"""The last bytes of standard error, kept for error messages."""


class FestivalVoice:
    """Sends texts one at a time to one long-lived festival process."""

    def __init__(
        self,
        *,
        program: str = "festival",
        speaker: str = _SPEAKER,
        speakers: Path = _SPEAKERS,
        render_seconds: float = _RENDER_SECONDS,
    ) -> None:
        """`speakers` is the directory of festival's Russian voices.

        `render_seconds` is the time limit for one sentence; a process that exceeds it counts as hung and is replaced.
        """
        self._program = program
        self._speaker = speaker
        self._speakers = speakers
        self._render_seconds = render_seconds
        self._turn = asyncio.Lock()
        self._child: _Child | None = None

    @classmethod
    def from_options(cls, choice: VoiceChoice) -> Self:
        return cls(speaker=choice.speaker or _SPEAKER)

    @property
    def name(self) -> str:
        return f"festival-{self._speaker}-1"

    async def render(self, text: str, file: Path) -> None:
        """See Voice. A process that exits or hangs is replaced, and the text is tried once more."""
        pieces = split_into_pieces(text)
        self.check_installed()
        with tempfile.TemporaryDirectory(prefix="callcenter-voice-") as directory:
            async with self._turn:
                parts = await self._synthesise(pieces, Path(directory))
            if not await asyncio.to_thread(join_parts, parts, file):
                raise VoiceFailed(f"festival сказал «{text[:60]}» одной тишиной")

    async def close(self) -> None:
        async with self._turn:
            await self._drop_child()

    def check_installed(self) -> None:
        """See Voice."""
        if shutil.which(self._program) is None:
            raise VoiceMissing(f"не установлена программа «{self._program}»; установите: apt-get install festival")
        if not (self._speakers / self._speaker).is_dir():
            raise VoiceMissing(
                f"у festival нет голоса «{self._speaker}» в {self._speakers}; установите: apt-get install festvox-ru"
            )

    async def _synthesise(self, pieces: list[str], directory: Path) -> list[Path]:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                if self._child is None:
                    self._child = await _Child.start(self._program, self._speaker)
                files = []
                for number, piece in enumerate(pieces):
                    part = directory / f"{number}.wav"
                    await self._child.save(piece, part, seconds=self._render_seconds)
                    files.append(part)
                return files
            except VoiceFailed as error:
                log.warning("festival is replaced", attempt=attempt, why=str(error))
                await self._drop_child()
                if attempt == _ATTEMPTS:
                    raise
            except BaseException:
                # After a cancellation, the process is still busy with the old request: start anew for the next text.
                await self._drop_child()
                raise
        raise AssertionError("unreachable")

    async def _drop_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.end()


class _Child:
    """A festival process and the number of its last request."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        stdin: asyncio.StreamWriter,
        stdout: asyncio.StreamReader,
        stderr: asyncio.StreamReader,
    ) -> None:
        self._process = process
        self._stdin = stdin
        self._stdout = stdout
        self._last = 0
        self._complaints = b""
        # Kept here and awaited in end(). Without a reader, standard error would fill its pipe and block festival.
        self._listener = asyncio.ensure_future(self._read_complaints(stderr))

    @classmethod
    async def start(cls, program: str, speaker: str) -> "_Child":
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                "--pipe",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in the terminal must not end the child before its parent
            )
        except OSError as error:
            raise VoiceMissing(f"программа «{program}» не запускается: {error.strerror or error}") from error
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise VoiceFailed("festival запущен без каналов")
        child = cls(process, process.stdin, process.stdout, process.stderr)
        try:
            await child._ask(f"(voice_{speaker})", seconds=_START_SECONDS)
        except BaseException:
            await child.end()
            raise
        return child

    async def save(self, words: str, file: Path, *, seconds: float) -> None:
        await self._ask(
            f'(utt.save.wave (utt.synth (Utterance Text "{words}")) "{file}" \'riff)',
            seconds=seconds,
        )
        if not await asyncio.to_thread(file.exists):
            raise VoiceFailed(f"festival не сказал «{words[:60]}»: {self._last_complaint()}")

    async def _ask(self, expression: str, *, seconds: float) -> None:
        """Sends an expression and waits until festival has evaluated it, successfully or not.

        Raises VoiceFailed when festival does not answer within `seconds` or exits.
        """
        self._last += 1
        done = f"done {self._last}"
        try:
            async with asyncio.timeout(seconds):
                self._stdin.write(f'{expression}\n(format t "{done}\\n")\n(fflush nil)\n'.encode())
                await self._stdin.drain()
                while line := await self._stdout.readline():
                    if line.strip().decode(errors="replace") == done:
                        return
        except TimeoutError as error:
            raise VoiceFailed(f"festival не ответил за {seconds:g} с") from error
        except (ConnectionError, ValueError) as error:
            raise VoiceFailed(f"канал к festival оборвался: {error}; {self._last_complaint()}") from error
        raise VoiceFailed(f"festival завершился: {self._last_complaint()}")

    async def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._listener
        self._stdin.close()
        with contextlib.suppress(ConnectionError):
            await self._stdin.wait_closed()

    async def _read_complaints(self, stderr: asyncio.StreamReader) -> None:
        while piece := await stderr.read(4096):
            self._complaints = (self._complaints + piece)[-_STDERR_KEPT:]

    def _last_complaint(self) -> str:
        lines = self._complaints.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "без объяснений"
