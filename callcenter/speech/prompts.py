"""The prompt cache: every text of the robot is a WAV file, rendered once, replaceable by a person's recording.

For each text, one directory holds
- `<stem>.wav`, rendered by the voice;
- `<stem>.human.wav`, a person's recording, which takes precedence; the recording of a single sentence is used in
  every text that contains the sentence;
- a line `stem <tab> voice <tab> text <tab> words` in `index.tsv`, which also lists the texts for recording.

The stem depends on the written text, not on the voice, so a recording survives a change of voice. The index holds
the name of the voice and the words of each rendered file; when either changes, the file is rendered again.

A text that belongs to one call (a ticket number, a telephone number) is deleted a day after its last use, because it
is personal data and the number of such texts is unlimited.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakValueDictionary

import structlog

from callcenter.speech.prompt_recordings.recording_check import UnusableRecording, convert_recording
from callcenter.speech.pronouncing import TextConverter
from callcenter.speech.sentence_sounds import (
    RECORDING_SUFFIX,
    file_stem,
    find_recorded,
    join_sentences,
    normalize_text,
    recordings_version,
    split_sentences,
)
from callcenter.speech.voice import Voice, VoiceFailed
from callcenter.wording.spoken import normalize_for_speech

log = structlog.get_logger()

INDEX = "index.tsv"
_HEADER = "stem\tvoice\ttext\twords"
_FIELDS = 4
UNUSED_LIFETIME = 24 * 3600.0
"""Seconds from the last use of a text to its deletion, for texts that were not given to `prepare`."""

Progress = Callable[[int, int, str], None]
"""Called after each prompt with the number of prompts done, their total number, and the text."""


@dataclass(slots=True)
class PreparedCounts:
    """Result of `prepare`, counted in texts."""

    rendered: int = 0
    kept: int = 0
    human: int = 0
    unusable: list[str] = field(default_factory=list)
    """One error message for each recording that cannot be played; the voice speaks instead."""


@dataclass(frozen=True, slots=True)
class _IndexEntry:
    voice: str
    text: str
    words: str


class PromptCache:
    """Stores the sounds of texts in `directory`, which several processes may share."""

    def __init__(
        self,
        directory: Path,
        voice: Voice,
        *,
        to_words: TextConverter = normalize_for_speech,
        limit_seconds: float = 5.0,
    ) -> None:
        """`to_words` converts a text to the words that the voice reads; `limit_seconds` is the time limit of
        `get_sound_path`, for which a caller waits."""
        self.directory = directory
        self.voice = voice
        self._words = to_words
        self._limit_seconds = limit_seconds
        self._index: dict[str, _IndexEntry] = {}
        self._index_version = (0, 0)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def make_file_stem(self, text: str) -> str:
        """See stem_of."""
        return file_stem(text)

    async def get_sound_path(self, text: str) -> str:
        """Returns the path of the text's sound without the suffix `.wav`, as Asterisk expects it.

        Renders the sound when it is missing or out of date. Raises VoiceMissing, and VoiceFailed, also after
        `limit_seconds`.
        """
        try:
            async with asyncio.timeout(self._limit_seconds):
                path, _ = await self._find_or_render(text)
        except TimeoutError as error:
            raise VoiceFailed(f"«{normalize_text(text)[:60]}» не озвучено за {self._limit_seconds:g} с") from error
        return str(path.with_suffix(""))

    async def prepare(self, texts: Iterable[str], *, progress: Progress | None = None) -> PreparedCounts:
        """Renders all `texts` that have no current sound, and deletes other texts whose last use is a day ago.

        Texts are rendered one at a time, so that a text for a live call does not wait for the whole list.
        """
        wanted = list(dict.fromkeys(normalize_text(text) for text in texts))
        done = PreparedCounts()
        for number, text in enumerate(wanted, start=1):
            path, fresh = await self._find_or_render(text, unusable=done.unusable)
            if path.stem != self.make_file_stem(text):
                done.human += 1
            elif fresh:
                done.rendered += 1
            else:
                done.kept += 1
            if progress is not None:
                progress(number, len(wanted), text)
        self._delete_unused({self.make_file_stem(text) for text in wanted})
        self._write_index()
        return done

    async def _find_or_render(self, text: str, *, unusable: list[str] | None = None) -> tuple[Path, bool]:
        text = normalize_text(text)
        stem = self.make_file_stem(text)
        recording = self.directory / f"{stem}{RECORDING_SUFFIX}"
        if recording.exists():
            try:
                fitted = await asyncio.to_thread(convert_recording, recording)
            except UnusableRecording as error:
                log.warning("human recording cannot be played", file=recording.name, why=str(error))
                if unusable is not None:
                    unusable.append(str(error))
            else:
                self._append_to_index(stem, _IndexEntry(self.voice.name, text, self._words(text)))
                return fitted, False
        lock = self._locks.setdefault(stem, asyncio.Lock())
        async with lock:  # of two calls that need the same text, the second finds the file of the first
            file = self.directory / f"{stem}.wav"
            sentences = split_sentences(text)
            recorded = find_recorded(self.directory, sentences) if len(sentences) > 1 else {}
            voice = f"{self.voice.name}+{recordings_version(recorded)}" if recorded else self.voice.name
            entry = _IndexEntry(voice, text, self._words(text))
            if file.exists() and self._find_entry(stem) == entry:
                with contextlib.suppress(PermissionError):  # the file may belong to the user who ran the set-up
                    os.utime(file)
                return file, False
            self.directory.mkdir(parents=True, exist_ok=True)
            draft = self.directory / f".{stem}.{os.getpid()}.wav"
            try:
                if recorded:
                    await join_sentences(self.voice, self._words, sentences, recorded, draft)
                else:
                    await self.voice.render(entry.words, draft)
                draft.chmod(0o644)  # Asterisk runs as another user
                draft.replace(file)
            finally:
                draft.unlink(missing_ok=True)
            self._append_to_index(stem, entry)
            return file, True

    def _find_entry(self, stem: str) -> _IndexEntry | None:
        self._read_index()
        return self._index.get(stem)

    def _read_index(self) -> None:
        file = self.directory / INDEX
        try:
            state = file.stat()
        except FileNotFoundError:
            return
        stamp = (state.st_mtime_ns, state.st_size)
        if stamp == self._index_version:
            return
        self._index_version = stamp
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines()[1:]:
            fields = line.split("\t")
            if len(fields) == _FIELDS:  # a line truncated by a crash is skipped, and its text rendered again
                self._index[fields[0]] = _IndexEntry(*fields[1:])

    def _append_to_index(self, stem: str, entry: _IndexEntry) -> None:
        """Appends a line in one write, so that lines of two processes never mix."""
        if self._find_entry(stem) == entry:
            return
        self._index[stem] = entry
        self.directory.mkdir(parents=True, exist_ok=True)
        line = "\t".join((stem, entry.voice, entry.text, entry.words)) + "\n"
        with (self.directory / INDEX).open("ab+") as index:
            if index.tell() == 0:
                line = f"{_HEADER}\n{line}"
            else:
                index.seek(-1, os.SEEK_END)
                if index.read(1) != b"\n":  # the last line was truncated by a crash: start a new line
                    line = f"\n{line}"
            index.write(line.encode())

    def _delete_unused(self, wanted: Collection[str]) -> None:
        self._read_index()
        for stem in self._index.keys() - wanted:
            if (self.directory / f"{stem}{RECORDING_SUFFIX}").exists():
                continue
            file = self.directory / f"{stem}.wav"
            with contextlib.suppress(FileNotFoundError, PermissionError):
                if time.time() - file.stat().st_mtime < UNUSED_LIFETIME:
                    continue
                file.unlink()
            del self._index[stem]

    def _write_index(self) -> None:
        """Rewrites the index with one line per text, sorted by stem."""
        self._read_index()
        if not self._index:
            return
        lines = [_HEADER, *("\t".join((s, e.voice, e.text, e.words)) for s, e in sorted(self._index.items()))]
        draft = self.directory / f".{INDEX}.{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):
            draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
            draft.replace(self.directory / INDEX)
