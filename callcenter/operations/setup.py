"""Prepares an instance for running. Every step skips what is done already, and repeats what was interrupted.

The order matters: secrets before the files that contain them, the database before its accounts, sounds before the
Asterisk that plays them.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

from callcenter.asterisk.asterisk import Asterisk
from callcenter.companies.service import write_default_company
from callcenter.conducting.scripts import edition_reader
from callcenter.core.database import Database
from callcenter.core.errors import CallcenterError
from callcenter.core.progress import Progress
from callcenter.instance.instance import Instance, address_for_people
from callcenter.instance.secrets import write_accounts
from callcenter.knowledge.pronunciation import FILE as PRONUNCIATION
from callcenter.operations.migrate import migrate
from callcenter.operations.postgres import PostgresCluster
from callcenter.operations.speech_model import read_people, renew_model
from callcenter.settings import TREE, Settings
from callcenter.speech.dialplan_sounds import write_sounds
from callcenter.speech.prompt_recordings.catalogue import link_studio_sounds, list_recordable_texts
from callcenter.speech.prompts import PromptCache
from callcenter.speech.pronouncing import make_text_converter
from callcenter.speech.voices import configured_voice
from callcenter.staff.service import ensure_accounts

_UMASK = 0o022
"""Asterisk runs as another user and must be able to read its sounds, even when root's own umask is stricter. Private
files are protected by their own modes."""


class SetupFailed(CallcenterError):
    """The instance cannot be prepared."""


def set_up(instance: Instance, *, progress: Progress) -> None:
    """Prepares the instance for the start of its programs; afterwards Asterisk and PostgreSQL run.

    A running Asterisk or PostgreSQL is adopted; Asterisk reloads the configuration files that changed. Raises
    CallcenterError; its message names the remedy.
    """
    os.umask(_UMASK)
    with _step("учётные записи и пароли", progress):
        prepare_recordings(instance.settings)
        list_accounts(instance)
    cluster = PostgresCluster(instance.layout, instance.ports)
    with _step("PostgreSQL", progress):
        cluster.ensure_running()
        cluster.create_database("callcenter")
    with _step("таблицы базы", progress):
        migrate(cluster.address())
    with _step("сотрудники", progress):
        asyncio.run(_enter_employees(instance, cluster.address()))
    with _step("фразы", progress):
        asyncio.run(prepare_speech(instance, progress=progress))
    if instance.settings.own_model:
        with _step("слух", progress):
            _prepare_ear(instance, asyncio.run(read_people(cluster.address())), progress)
    with _step("Asterisk", progress):
        asterisk = Asterisk(instance, progress=progress)
        if not asterisk.ensure_running():
            changed = asterisk.refresh()
            if changed:
                progress(f"Asterisk: перечитал {', '.join(changed)}")


def set_up_for_tests(instance: Instance, *, progress: Progress) -> None:
    """Prepares what live tests would otherwise wait for: Asterisk's root, sounds, speech model. Starts no service.

    The three are independent and mostly wait for their child processes, so they are prepared in parallel.
    """
    os.umask(_UMASK)

    def speak() -> None:
        with _step("фразы для проверок", progress):
            asyncio.run(prepare_speech(instance, progress=progress))

    def hear() -> None:
        with _step("слух для проверок", progress):
            renew_model(instance.layout)

    def telephone() -> None:
        with _step("Asterisk для проверок", progress):
            way = Asterisk(instance, progress=progress).choose()
            progress(f"Asterisk: {way.version} ({way.name})")

    with ThreadPoolExecutor() as pool:
        for made in [pool.submit(make) for make in (telephone, hear, speak)]:
            made.result()


def _prepare_ear(instance: Instance, people: Sequence[str], progress: Progress) -> None:
    """Builds the speech model. A failure is only reported: the centre starts, and callers press keys."""
    try:
        renew_model(instance.layout, people)
    except CallcenterError as error:
        progress(f"слух не готов, звонящие нажимают кнопки: {error}")


def prepare_recordings(settings: Settings) -> None:
    """Creates the directory of the recordings with mode 0700: they are personal data. Raises SetupFailed."""
    try:
        settings.recordings_directory.mkdir(parents=True, exist_ok=True)
        settings.recordings_directory.chmod(0o700)
    except OSError as error:
        raise SetupFailed(f"recordings.directory = {settings.recordings_directory}: {error.strerror}") from error


def list_accounts(instance: Instance) -> None:
    """Writes the file with the accounts for people; see `secrets.write_accounts`."""
    write_accounts(
        instance.layout,
        instance.ports,
        instance.secrets,
        sip_address=address_for_people(instance.settings.telephony.bind_address),
        desk_address=address_for_people(instance.settings.desk.bind_address),
        resident=instance.settings.test_resident,
    )


async def prepare_speech(instance: Instance, *, progress: Progress) -> None:
    """Renders the dialplan's texts and the prompts of the current script, and writes the music on hold.

    Raises SetupFailed when the script is invalid; VoiceMissing, VoiceFailed, DialplanTextsUnreadable.
    """
    settings = instance.settings
    voice, words = configured_voice(settings), make_text_converter(TREE / "knowledge_base" / PRONUNCIATION)
    try:
        await write_sounds(instance.layout, voice, progress=progress, words=words)
        script = TREE / "ivr_scripts" / f"{settings.script}.yaml"
        read = edition_reader(script, TREE / "knowledge_base", recognition_enabled=settings.callers_are_heard)
        edition, problems = read(datetime.now(settings.company.zone).date())
        if edition is None:
            raise SetupFailed("\n".join(str(problem) for problem in problems if problem.fatal))

        def tell(number: int, count: int, text: str) -> None:
            if number % 20 == 0 or number == count:
                progress(f"фразы сценария: {number} из {count}")

        cache = PromptCache(instance.layout.prompts, voice, to_words=words)
        done = await cache.prepare(edition.prompts, progress=tell)
        for complaint in done.unusable:
            progress(f"фразы сценария: {complaint}; пока говорит синтезатор")
        link_studio_sounds(instance.layout, list_recordable_texts(instance.layout, edition))
    finally:
        await voice.close()


async def _enter_employees(instance: Instance, address: str) -> None:
    database = Database(address, connect_seconds=10)
    company = instance.settings.company
    try:
        async with database.begin() as session:
            await write_default_company(session, name=company.name, number=company.number, time_zone=company.time_zone)
            await ensure_accounts(session, instance.secrets.web_accounts, now=datetime.now(UTC))
    finally:
        await database.close()


@contextmanager
def _step(name: str, progress: Progress) -> Iterator[None]:
    """Reports a finished step with its duration; an exception is left to the caller."""
    begun = time.monotonic()
    yield
    progress(f"✓ {name} ({time.monotonic() - begun:.1f} с)")
