"""`callcenter check`: reports every problem of the files that people edit, in one run, without a running centre.

Checks the scripts with their test talks, the dialplan's texts, the knowledge base, the phrases, the settings, and the
rendered Asterisk configuration, toll fraud included. Exit code 1 when a problem is fatal. `callcenter run` calls
`find_problems` before a start.
"""

import argparse
import re
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

from callcenter.asterisk import configuration
from callcenter.commands.settings_problems import name_settings
from callcenter.conducting.action_specs import ACTIONS, CATEGORY
from callcenter.conducting.knowledge_snapshot import open_interpreter, read_knowledge_snapshot
from callcenter.conducting.plain_actions import PlainActions
from callcenter.core.clock import SystemClock
from callcenter.core.errors import CallcenterError
from callcenter.core.problems import FileLocation, Problem
from callcenter.dialogue.interpretation.interpretation import Interpreter
from callcenter.dialogue.scripts.reader import read_script
from callcenter.dialogue.scripts.rehearsal import GetOutcome, run_talks
from callcenter.dialogue.scripts.talks import find_talks_file, read_talks
from callcenter.hearing.address import read_address
from callcenter.hearing.server.engine import find_engine
from callcenter.hearing.server.engines.vosk_model import read_vosk_model
from callcenter.houses.houses import read_houses
from callcenter.instance.instance import Instance, find_home
from callcenter.instance.secrets import ensure_secrets
from callcenter.knowledge.base import KnowledgeBase, read_knowledge
from callcenter.layout import Layout, Ports
from callcenter.settings import TREE, VOSK, BrokenSettings, CompanySettings, Settings, read_settings, settings_file
from callcenter.speech.dialplan_sounds import DialplanTextsUnreadable, read_dialplan_texts
from callcenter.speech.prompt_recordings.catalogue import find_recording_problems, list_recordable_texts, read_edition
from callcenter.speech.voices import configured_voice
from callcenter.understanding.phrases.checks import find_phrase_problems
from callcenter.understanding.understanding import Understanding, read_phrases

SCRIPTS = TREE / "ivr_scripts"
KNOWLEDGE = TREE / "knowledge_base"
HOUSES, PHRASES = "houses.csv", "phrases"
DIALPLAN_WORDS = "dialplan.yaml"
_TALKS_SUFFIX = ".talks.yaml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="only what would stop a start, not what is merely silent")


def run(arguments: argparse.Namespace) -> int:
    """Prints the problems sorted by file and line. Returns 0 when none of them is fatal, else 1."""
    problems: list[Problem] = []
    settings: Settings | None = None
    try:
        settings = read_settings()
    except BrokenSettings as error:
        problems += name_settings(error)
    problems = sorted({*problems, *find_problems(settings)})
    if settings is not None and not any(problem.fatal for problem in problems):
        problems = sorted({*problems, *find_recordings_unheard(settings)})
    if not any(problem.fatal for problem in problems):
        problems = sorted({*problems, *find_understanding_problems(KNOWLEDGE)})
    fatal = [problem for problem in problems if problem.fatal]
    for problem in fatal if arguments.quiet else problems:
        print(f"{_relative_to_cwd(problem)}{'' if problem.fatal else ' — не мешает запуску'}")
    if settings is not None and not fatal and not arguments.quiet:
        print(describe_ear(settings))
    print(f"Ошибок: {len(fatal)}, замечаний: {len(problems) - len(fatal)}.")
    return 1 if fatal else 0


def find_problems(
    centre: Instance | Settings | None,
    *,
    scripts: Path = SCRIPTS,
    knowledge: Path = KNOWLEDGE,
    today: date | None = None,
) -> list[Problem]:
    """Returns the problems that are checked before a start, sorted by file and line.

    `centre`: an instance or its settings; None when the settings are invalid: the checks that need them are skipped.
    Reads and writes nothing of an instance: the configuration is rendered with temporary passwords. `today` is the day
    on which answers must be valid, by default the current day in the company's time zone.
    """
    settings = centre.settings if isinstance(centre, Instance) else centre
    zone = (settings.company if settings else CompanySettings()).zone
    base = read_knowledge(knowledge)
    problems = [*base.problems, *base.find_unspoken(today or SystemClock().now().astimezone(zone).date())]
    problems += read_houses(knowledge / HOUSES)[1]
    known, of_known = read_knowledge_snapshot(knowledge, base.categories, zone)
    mind, of_mind = open_interpreter(knowledge, known, base.articles)
    carry_out = PlainActions(lambda: known, zone).make_rehearsal_runner(now=SystemClock().now())
    problems += [*of_known, *of_mind, *find_script_problems(scripts, base, mind, carry_out)]
    problems += find_word_problems(scripts / DIALPLAN_WORDS)
    if settings is not None:
        problems += _find_unknown_script(settings, scripts)
        problems += find_configuration_problems(settings)
        problems += find_ear_problems(settings)
        problems += find_voice_problems(settings)
    return sorted(set(problems))


def find_understanding_problems(directory: Path) -> list[Problem]:
    """Returns the problems of the house list, the phrase files and the lines of their test files.

    The test lines are checked only when nothing else is fatal. Takes some seconds, so it is not part of a start.
    """
    base = read_knowledge(directory)
    phrases = read_phrases(directory / PHRASES)
    houses, problems = read_houses(directory / HOUSES)
    problems += phrases.problems
    if any(problem.fatal for problem in problems):
        return problems
    codes = [category.code for category in base.categories]
    understanding = Understanding(phrases, houses, base.categories, base.articles)
    ids = [article.id for article in base.articles]
    return [*problems, *find_phrase_problems(directory / PHRASES, phrases, understanding, codes=codes, articles=ids)]


def find_script_problems(
    directory: Path, base: KnowledgeBase, interpreter: Interpreter | None = None, run_action: GetOutcome | None = None
) -> list[Problem]:
    """Returns the problems of the scripts of a directory, and their differences from their talks files.

    `interpreter` interprets the caller's utterances; `run_action` gives the outcome of an action if the talk gives
    none.
    """
    problems: list[Problem] = []
    codes = frozenset(category.code for category in base.categories)
    for file in _list_scripts(directory):
        script, found = read_script(file, actions=ACTIONS, articles=base.answer_names, allowed_values={CATEGORY: codes})
        talks, of_talks = read_talks(find_talks_file(file))
        problems += [*found, *of_talks]
        if script is not None:
            problems += run_talks(script, talks, interpreter=interpreter, get_outcome=run_action)
    for twin in sorted(directory.glob(f"*{_TALKS_SUFFIX}")):
        script_name = twin.name.removesuffix(_TALKS_SUFFIX) + ".yaml"
        if not (directory / script_name).exists():
            message = f"разговоры без сценария: рядом нет файла {script_name}; переименуйте или удалите"
            problems.append(Problem(FileLocation(twin), "CHK002", message))
    return problems


def find_word_problems(file: Path) -> list[Problem]:
    """Returns a problem for an unreadable file of dialplan texts, and for each text with digits or Latin letters."""
    try:
        words = read_dialplan_texts(file)
    except DialplanTextsUnreadable as error:
        return [Problem(FileLocation(file), "CHK003", f"слова номерного плана не читаются: {error}")]
    lines = file.read_text(encoding="utf-8").splitlines()
    problems = []
    for name, text in words.items():
        if found := re.search(r"[0-9A-Za-z]+", text):
            line = next((at for at, written in enumerate(lines, 1) if written.startswith(f"{name}:")), 0)
            message = f"«{name}»: «{found[0]}» голос пропустит; напишите русскими словами"
            problems.append(Problem(FileLocation(file, line), "CHK004", message))
    return problems


def find_configuration_problems(settings: Settings) -> list[Problem]:
    """Renders Asterisk's configuration for `settings` and returns its problems."""
    calls = settings.telephony.max_calls
    ports = Ports(5060, 8088, 5038, 8080, 54320, rtp_start=20000, rtp_end=20000 + 4 * calls - 1)
    with tempfile.TemporaryDirectory(prefix="callcenter-check-") as directory:
        layout = Layout(Path(directory))
        secrets = ensure_secrets(layout, dispatchers=settings.queue.dispatchers)
        try:
            files = configuration.render_configuration(
                settings,
                layout,
                ports,
                secrets,
                data_directory=layout.asterisk / "data",
                module_directory=layout.asterisk / "modules",
                system_name="check",
            )
        except configuration.BrokenConfiguration as error:
            return [Problem(FileLocation(settings_file()), "CHK005", str(error))]
    return configuration.find_problems(files, production=settings.production)


def find_ear_problems(settings: Settings) -> list[Problem]:
    """Returns a problem (CHK006) when speech recognition is configured but its address, engine or model is unusable."""
    ear, model = settings.ear, settings.speech_model
    try:
        for address in ear.addresses:
            read_address(address)
        if ear.engine != VOSK:
            find_engine(ear.engine)
        elif model is not None:
            read_vosk_model(model)
    except CallcenterError as error:
        return [Problem(FileLocation(settings_file()), "CHK006", f"[ear]: {error}")]
    return []


def find_voice_problems(settings: Settings) -> list[Problem]:
    """Returns a problem (CHK007) when the configured voice is unknown or not installed on this machine."""
    try:
        configured_voice(settings).check_installed()
    except CallcenterError as error:
        return [Problem(FileLocation(settings_file()), "CHK007", f"[voice]: {error}")]
    return []


def find_recordings_unheard(settings: Settings) -> list[Problem]:
    """Returns a problem for each recording of this instance whose text has changed or that cannot be played."""
    layout = Layout(find_home())
    if not layout.prompts.is_dir():
        return []
    edition = read_edition(settings)
    return list(find_recording_problems(layout, list_recordable_texts(layout, edition, keep=False), edition))


def describe_ear(settings: Settings) -> str:
    """One line in Russian about speech recognition: the local engine and model, and servers on other machines."""
    if not settings.callers_are_heard:
        return "звонящих не слышно: модель речи не задана, всё по кнопкам"
    elsewhere = f"слух на {', '.join(settings.ear.addresses)}" if settings.ear.addresses else ""
    if not settings.own_ear:
        return elsewhere
    own = settings.ear.engine
    if settings.own_model:
        built = Layout(find_home()).built_speech_model
        own = "своя модель: её сделает запуск"
        if built.is_dir():
            own = f"своя модель, {read_vosk_model(built).describe()}"
    elif settings.ear.engine == VOSK and settings.speech_model is not None:
        own = read_vosk_model(settings.speech_model).describe()
    return f"слух: {own}" + (f"; {elsewhere}" if elsewhere else "")


def _find_unknown_script(settings: Settings, scripts: Path) -> Iterable[Problem]:
    known = [file.stem for file in _list_scripts(scripts)]
    if settings.script not in known:
        message = f"script = «{settings.script}», а такого сценария нет; есть: {', '.join(known) or 'ни одного'}"
        yield Problem(FileLocation(settings_file()), "CHK001", message)


def _list_scripts(directory: Path) -> list[Path]:
    return [
        file
        for file in sorted(directory.glob("*.yaml"))
        if not file.name.endswith(_TALKS_SUFFIX) and file.name != DIALPLAN_WORDS
    ]


def _relative_to_cwd(problem: Problem) -> Problem:
    """The problem with its file relative to the current directory; unchanged when the file is outside."""
    file = problem.position.file
    if not file.is_relative_to(Path.cwd()):
        return problem
    return replace(problem, position=replace(problem.position, file=file.relative_to(Path.cwd())))
