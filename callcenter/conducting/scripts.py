"""Keeps the dialogue script in force and reloads it when its files change.

A new edition takes effect for new calls once it has no errors and all its prompts are rendered. A broken edition never
takes effect: the last good one stays, and an alarm is raised.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from callcenter.alarms.models import AlarmKind
from callcenter.conducting.action_specs import ACTIONS, CATEGORY
from callcenter.conducting.knowledge_snapshot import KnowledgeSnapshot, open_interpreter, read_knowledge_snapshot
from callcenter.conducting.ports import Alarms, Prompts
from callcenter.conducting.texts import texts
from callcenter.core.clock import Clock
from callcenter.core.errors import CallcenterError
from callcenter.core.problems import Problem
from callcenter.dialogue.engine.conversation import Conversation
from callcenter.dialogue.interpretation.interpretation import Interpreter, NullInterpreter
from callcenter.dialogue.scripts.reader import read_script
from callcenter.dialogue.scripts.script import Script, list_fixed_prompts
from callcenter.journal.editions import StoredEdition
from callcenter.knowledge.base import read_knowledge
from callcenter.knowledge.categories import Categories
from callcenter.settings import CompanySettings

log = structlog.get_logger()

POLL_SECONDS = 1.0
"""Seconds between two checks of the watched files for changes."""
RENDER_RETRY_SECONDS = 30.0
"""Seconds after a failed rendering of the prompts until the next attempt."""


class BrokenScript(CallcenterError):
    """The script has errors and cannot be used for calls."""


@dataclass(frozen=True, slots=True)
class ScriptEdition:
    """Everything a conversation needs, read from the files at one moment."""

    script: Script
    answers: Mapping[str, str]
    """Article id -> spoken text, for the articles that may be spoken on the day of reading."""
    categories: Categories
    stored_edition: StoredEdition | None = None
    """The serializable form, stored beside the recordings of the calls that used the edition; see docs/tapes.md."""
    recognition_enabled: bool = False
    """Whether callers' speech is recognized."""
    interpreter: Interpreter = field(default_factory=NullInterpreter)
    """Interprets callers' utterances."""
    centre_knowledge: KnowledgeSnapshot = field(default_factory=KnowledgeSnapshot)
    """Houses, categories and outages read with the script."""

    @property
    def prompts(self) -> tuple[str, ...]:
        """Every prompt text that is known before a call, for rendering in advance."""
        return list_fixed_prompts(self.script, self.answers, with_speech=self.recognition_enabled)


ReadEdition = Callable[[date], tuple[ScriptEdition | None, Sequence[Problem]]]
"""Reads the files for a date. Returns the edition, or None when they are broken, and the problems found."""


def edition_reader(
    script: Path, knowledge_directory: Path, *, recognition_enabled: bool = False, zone: ZoneInfo | None = None
) -> ReadEdition:
    """Returns a reader that checks `script` against the knowledge base and the known actions.

    `recognition_enabled`: whether callers' speech is recognized. `zone`: time zone of the dates and times in the files,
    by default the default zone of `CompanySettings`.
    """

    def read(on: date) -> tuple[ScriptEdition | None, Sequence[Problem]]:
        knowledge = read_knowledge(knowledge_directory)
        found, problems = read_script(
            script,
            actions=ACTIONS,
            articles=knowledge.answer_names,
            allowed_values={CATEGORY: frozenset(category.code for category in knowledge.categories)},
        )
        known, of_known = read_knowledge_snapshot(
            knowledge_directory, knowledge.categories, zone or CompanySettings().zone
        )
        problems = [*problems, *knowledge.problems, *of_known]
        mind: Interpreter = NullInterpreter()
        if recognition_enabled:
            mind, of_mind = open_interpreter(knowledge_directory, known, knowledge.articles)
            problems += of_mind
        if found is None:
            return None, problems
        answers = knowledge.render_answers(on)
        kept = StoredEdition(
            script.stem,
            script.read_text(encoding="utf-8"),
            tuple(sorted(knowledge.answer_names)),
            tuple(sorted(category.code for category in knowledge.categories)),
            dict(answers),
        )
        return ScriptEdition(found, answers, knowledge.categories, kept, recognition_enabled, mind, known), problems

    return read


class ScriptEditions:
    """Holds the newest good edition. `subject` names the script in alarms."""

    def __init__(
        self,
        read: ReadEdition,
        *,
        watched: Iterable[Path],
        subject: str,
        prompts: Prompts,
        alarms: Alarms,
        clock: Clock,
        zone: ZoneInfo,
        look_every: float = POLL_SECONDS,
    ) -> None:
        """`watched`: files, and directories whose direct files are watched. Loads nothing: call `open` next."""
        self._read = read
        self._watched = tuple(watched)
        self._subject = subject
        self._prompts = prompts
        self._alarms = alarms
        self._clock = clock
        self._zone = zone
        self._look_every = look_every
        self._edition: ScriptEdition | None = None
        self._seen: object = None
        self._render_retry_at: float | None = None

    @property
    def edition(self) -> ScriptEdition:
        """The edition in force. Raises BrokenScript before a successful `open`."""
        if self._edition is None:
            raise BrokenScript
        return self._edition

    def start_conversation(self) -> Conversation:
        """Creates the conversation of a new call from the edition in force. Raises BrokenScript before `open`."""
        return Conversation(self.edition.script, self.edition.answers, {}, self.edition.interpreter)

    async def open(self) -> None:
        """Reads the first edition.

        Raises BrokenScript with the list of fatal problems, because there is no earlier edition to fall back on. A
        failed rendering of prompts raises an alarm only.
        """
        self._seen = self._fingerprint_files()
        edition, problems = await asyncio.to_thread(self._read, self._today())
        fatal = [problem for problem in problems if problem.fatal]
        if edition is None or fatal:
            raise BrokenScript("\n".join(str(problem) for problem in fatal or problems))
        self._edition = edition
        try:
            await self._prompts.prepare(edition.prompts)
        except Exception as error:  # not worth a failed start: a call that needs a missing prompt goes to the queue
            log.exception("prompts are not prepared")
            await self._report_voice_failure(texts().alarms["voice"].format(error=error))
        else:
            await self._alarms.clear_alarm(AlarmKind.SCRIPT, self._subject)

    async def run(self) -> None:
        """Checks the files for changes every `look_every` seconds until cancelled. A failed check is logged."""
        while True:
            await asyncio.sleep(self._look_every)
            try:
                seen = self._fingerprint_files()
                if seen != self._seen or self._is_render_retry_due():
                    self._seen = seen
                    await self._reload()
            except Exception:
                log.exception("no look at the script")

    def _is_render_retry_due(self) -> bool:
        return self._render_retry_at is not None and self._clock.monotonic() >= self._render_retry_at

    async def _reload(self) -> None:
        self._render_retry_at = None
        try:
            edition, problems = await asyncio.to_thread(self._read, self._today())
        except Exception as error:
            log.exception("the script could not be read")
            await self._replace_alarm(texts().alarms["script"].format(first=error, more=""))
            return
        fatal = [problem for problem in problems if problem.fatal]
        if edition is None or fatal:
            log.warning("the script is broken, the last good one stays", problems=[str(problem) for problem in fatal])
            more = texts().alarms["more"].format(count=len(fatal)) if len(fatal) > 1 else ""
            first = str(fatal[0]) if fatal else ""
            await self._replace_alarm(texts().alarms["script"].format(first=first, more=more))
            return
        try:
            await self._prompts.prepare(edition.prompts)  # first, so that no caller waits for the rendering
        except Exception as error:
            log.exception("the new script could not be spoken, the last good one stays")
            await self._report_voice_failure(texts().alarms["prompts"].format(error=error))
            return
        self._edition = edition
        log.info("a new edition of the script is in force", script=edition.script.name)
        await self._alarms.clear_alarm(AlarmKind.SCRIPT, self._subject)

    async def _report_voice_failure(self, message: str) -> None:
        self._render_retry_at = self._clock.monotonic() + RENDER_RETRY_SECONDS
        await self._replace_alarm(message)

    async def _replace_alarm(self, message: str) -> None:
        # An alarm already raised for the subject keeps its old message, so it is cleared first.
        await self._alarms.clear_alarm(AlarmKind.SCRIPT, self._subject)
        await self._alarms.raise_alarm(AlarmKind.SCRIPT, self._subject, message)

    def _fingerprint_files(self) -> object:
        """A value that changes with any watched file, and with the date, because an answer may expire at midnight."""
        files: list[tuple[str, int, int]] = []
        for place in self._watched:
            try:
                for file in sorted(place.iterdir()) if place.is_dir() else [place]:
                    state = file.stat()
                    files.append((str(file), state.st_mtime_ns, state.st_size))
            except OSError:
                continue  # removed before or during the check: the next fingerprint differs again
        return self._today(), tuple(files)

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()
