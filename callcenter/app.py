"""The composition root: builds the objects of the controller, the clerk and the web desk, and runs each program."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache, lru_cache
from threading import Lock, Thread

import structlog

from callcenter.calls.live_speech import LiveSpeech
from callcenter.conducting.knowledge_snapshot import PHRASES
from callcenter.conducting.ports import CallMetrics, Recognition
from callcenter.conducting.register import DatabaseAlarms, DatabaseTicketRegister
from callcenter.conducting.scripts import ScriptEditions, edition_reader
from callcenter.core.clock import Clock, SystemClock
from callcenter.core.database import Database
from callcenter.core.errors import CallcenterError
from callcenter.dialogue.scripts.phrases import normalize_words
from callcenter.dialogue.scripts.script import Phrase
from callcenter.instance.instance import Instance
from callcenter.intake.applying import apply_notes
from callcenter.intake.asterisk_log import AsteriskLogReader
from callcenter.intake.journal_watch import watch_journal
from callcenter.intake.lost_calls import LostCalls
from callcenter.intake.note_applier import NoteApplier
from callcenter.journal.notes import Journal
from callcenter.journal.tape_recorder import TapeRecorder
from callcenter.knowledge.base import read_knowledge
from callcenter.knowledge.categories import Categories
from callcenter.knowledge.pronunciation import FILE as PRONUNCIATION
from callcenter.measuring.metrics import Metrics
from callcenter.operations.postgres import PostgresCluster
from callcenter.operations.prompt_studio import PromptStudio
from callcenter.recordings.filing import RecordingFiler
from callcenter.recordings.tape_filing import TapeFiler
from callcenter.schedule.ticks import Ticks
from callcenter.settings import TREE, Settings
from callcenter.speech.dialplan_sounds import write_sounds
from callcenter.speech.prompt_recordings.catalogue import read_edition
from callcenter.speech.prompt_recordings.takes import TakeCollector
from callcenter.speech.prompts import PromptCache
from callcenter.speech.pronouncing import make_text_converter
from callcenter.speech.voices import configured_voice
from callcenter.telephony.ari.switch import AriStateReader
from callcenter.telephony.controller import AsteriskAccess, Controller
from callcenter.understanding.dangers.finder import DangerFinder
from callcenter.understanding.phrases.misrecognitions import Misrecognitions
from callcenter.understanding.understanding import read_phrases
from callcenter.web.app import create_app, serve
from callcenter.web.plumbing.app_state import FindDangers

log = structlog.get_logger()

KNOWLEDGE = TREE / "knowledge_base"
RESTART_PAUSE = 2.0
"""Seconds before a background task is restarted."""


class BrokenKnowledge(CallcenterError):
    """The knowledge base cannot be used."""


def run_controller(instance: Instance) -> None:
    """Handles calls until SIGTERM or SIGINT. Raises BrokenScript before the first call."""
    asyncio.run(_run_controller(instance))


def run_clerk(instance: Instance) -> None:
    """Builds call records from the journal, Asterisk's files and raw recordings until SIGTERM or SIGINT (ADR 13)."""
    asyncio.run(_run_clerk(instance))


def run_desk(instance: Instance) -> None:
    """Serves the web desk until SIGTERM or SIGINT."""
    asyncio.run(_run_desk(instance))


async def _run_controller(instance: Instance) -> None:
    settings, layout, ports = instance.settings, instance.layout, instance.ports
    clock, zone = SystemClock(), settings.company.zone
    script = TREE / "ivr_scripts" / f"{settings.script}.yaml"
    database = Database(PostgresCluster(layout, ports).address(), node_id=settings.node_id)
    voice, words = configured_voice(settings), make_text_converter(KNOWLEDGE / PRONUNCIATION)
    ari_address = f"http://127.0.0.1:{ports.asterisk_http}"
    metrics = Metrics(database, layout.journal, clock=clock)
    notes, spoken = Journal(layout.journal), LiveSpeech()
    prompts = PromptCache(layout.prompts, voice, to_words=words)
    alarms = DatabaseAlarms(database, clock)
    shelf = ScriptEditions(
        edition_reader(script, KNOWLEDGE, recognition_enabled=settings.callers_are_heard, zone=zone),
        watched=(script, KNOWLEDGE, KNOWLEDGE / PHRASES),
        subject=script.name,
        prompts=prompts,
        alarms=alarms,
        clock=clock,
        zone=zone,
    )
    tapes = TapeRecorder(
        layout.tape_spool,
        clock=clock,
        get_edition=lambda: shelf.edition.stored_edition,
        lease_seconds=settings.telephony.lease_seconds,
    )
    controller = Controller(
        AsteriskAccess(
            ari_address=ari_address,
            ami_host="127.0.0.1",
            ami_port=ports.ami,
            user="callcenter",
            ari_password=instance.secrets.ari_password,
            ami_password=instance.secrets.ami_password,
        ),
        database=database,
        script_store=shelf,
        prompts=prompts,
        notes=notes,
        register=DatabaseTicketRegister(database, categories=lambda: shelf.edition.categories, zone=zone),
        alarms=alarms,
        clock=clock,
        zone=zone,
        lease_seconds=settings.telephony.lease_seconds,
        wrap_up_seconds=settings.queue.wrap_up_seconds,
        extensions={device.interface: device.extension for device in instance.secrets.devices},
        tape=tapes,
        metrics_recorder=metrics.counters,
        recognition=_open_recognition(instance, notes, spoken, clock, metrics.counters),
    )
    takes = TakeCollector(
        layout,
        edition=lambda: replace(shelf.edition, recognition_enabled=True),  # the same texts as in desk and commands
        alarms=alarms,
        renew=lambda: write_sounds(layout, voice, words=words, progress=lambda _: None),
    )
    _on_signal(controller.stop)
    try:
        async with metrics.serve(ports.metrics), asyncio.TaskGroup() as group:
            beside = [
                group.create_task(_restart_on_failure(name, work), name=name)
                for name, work in (
                    ("journal", lambda: watch_journal(notes, database, clock)),
                    ("words being said", lambda: spoken.run(database)),
                    ("takes of the studio", takes.run),
                )
            ]
            await controller.run()
            for task in beside:
                task.cancel()
    finally:
        notes.close()
        tapes.close()
        await voice.close()
        await database.close()


async def _run_clerk(instance: Instance) -> None:
    settings, layout, ports = instance.settings, instance.layout, instance.ports
    clock = SystemClock()
    database = Database(PostgresCluster(layout, ports).address(), node_id=settings.node_id)
    bookkeeper = NoteApplier(_read_categories(), settings.company.zone)
    truth = AsteriskLogReader(database, layout, clock=clock)
    switch = AriStateReader(f"http://127.0.0.1:{ports.asterisk_http}", password=instance.secrets.ari_password)
    stopping = asyncio.Event()
    _on_signal(stopping.set)
    try:
        async with asyncio.TaskGroup() as group:
            working = [
                group.create_task(_restart_on_failure(name, work), name=name)
                for name, work in (
                    ("notes", lambda: apply_notes(layout.journal, database, bookkeeper.apply)),
                    ("truth", truth.run),
                    ("lost calls", LostCalls(database, truth, switch, clock=clock).run),
                    ("recordings", RecordingFiler(database, layout, settings, clock=clock).run),
                    ("tapes", TapeFiler(database, layout, layout.tape_spool, settings, clock=clock).run),
                    ("ticks", Ticks(database, settings, clock=clock).run),
                )
            ]
            await stopping.wait()
            for task in working:
                task.cancel()
    finally:
        await database.close()


def _on_signal(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


def _open_recognition(
    instance: Instance, notes: Journal, spoken: LiveSpeech, clock: Clock, measures: CallMetrics
) -> Recognition | None:
    """Connects to the recognition servers; None when none is configured. Raises BrokenAddress."""
    settings = instance.settings
    if not settings.callers_are_heard:
        return None
    from callcenter.hearing.address import read_address
    from callcenter.hearing.client.recognition import PooledRecognition
    from callcenter.hearing.client.server_pool import ServerPool

    addresses = [read_address(text) for text in settings.ear.addresses]
    if settings.own_ear:
        addresses.insert(0, instance.layout.recognizer_socket)
    return PooledRecognition(ServerPool(addresses, metrics_recorder=measures), notes=notes, spoken=spoken, clock=clock)


async def _restart_on_failure(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Runs background work and restarts it RESTART_PAUSE after its end or failure, which is logged."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("work failed and is begun anew", work=name)
        await asyncio.sleep(RESTART_PAUSE)


async def _run_desk(instance: Instance) -> None:
    settings, ports = instance.settings, instance.ports
    database = Database(PostgresCluster(instance.layout, ports).address(), node_id=settings.node_id)
    app = create_app(
        database=database,
        settings=settings,
        recordings_directory=settings.recordings_directory,
        clock=SystemClock(),
        categories=_read_categories(),
        find_dangers=danger_finder(settings),
        prompt_recordings=PromptStudio(instance.layout, lambda: read_edition(settings)),
    )
    try:
        await serve(app, host=str(settings.desk.bind_address), port=ports.desk)
    finally:
        await database.close()


def danger_finder(settings: Settings) -> FindDangers:
    """Returns a function that finds the words of dangers in an utterance, as the robot's alarm finds them.

    Searched are the phrases of the script and, by the same `DangerFinder` as the robot's, the phrases of the knowledge
    base and what was learned.

    Call the function in a thread, because the transcript of a one-hour call has about a thousand utterances. Reading
    the phrases takes seconds. With recognition enabled they are read in advance in a background thread; otherwise the
    first page with a transcript would wait for them.
    """
    script = TREE / "ivr_scripts" / f"{settings.script}.yaml"
    reading = Lock()

    @cache
    def read() -> tuple[tuple[Phrase, ...], DangerFinder]:
        edition, _ = edition_reader(script, KNOWLEDGE, zone=settings.company.zone)(SystemClock().now().date())
        answers = edition.script.dangers if edition is not None else ()
        phrases = read_phrases(KNOWLEDGE / PHRASES)
        own = tuple(phrase for answer in answers for phrase in answer.phrases)
        return own, DangerFinder(phrases.dangers, phrases.context, Misrecognitions())

    @lru_cache(maxsize=10_000)
    def find(text: str) -> tuple[str, ...]:
        with reading:  # otherwise parallel first calls would each read the phrases
            own, meant = read()
        said = normalize_words(text)
        matches = (phrase.pattern.search(said) for phrase in own)
        return (*(match[0] for match in matches if match), *(danger.words for danger in meant.find(text)))

    if settings.callers_are_heard:
        Thread(target=find, args=("",), daemon=True).start()
    return find


def _read_categories() -> Categories:
    knowledge = read_knowledge(KNOWLEDGE)
    fatal = [problem for problem in knowledge.problems if problem.fatal]
    if fatal:
        raise BrokenKnowledge("\n".join(str(problem) for problem in fatal))
    return knowledge.categories
