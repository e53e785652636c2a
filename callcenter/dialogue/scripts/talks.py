"""Test conversations of a script: reads `x.talks.yaml`, the talks file of a script `x.yaml`.

A talk does not depend on how it is run. A runner goes over `Talk.turns` and performs or expects each turn; rehearsal.py
does that on the engine alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from callcenter.core.problems import FileLocation, Problem
from callcenter.dialogue.scripts.nodes import (
    MappingNode,
    Node,
    ScalarNode,
    ScriptProblems,
    SequenceNode,
    hint,
    read_nodes,
)
from callcenter.dialogue.scripts.phrases import normalize_words
from callcenter.dialogue.scripts.script import KEYS
from callcenter.dialogue.scripts.table_reader import TableReader

TALKS, USUAL_OUTCOMES = "разговоры", "обычные исходы"
TALK, OUTCOMES, SILENT_ANSWERS, TURNS, END, SERVED = "разговор", "исходы", "нет ответов", "ход", "итог", "готово"
EAR = "слух"
OUTCOME, WITH = "исход", "с"


class TurnWord(StrEnum):
    """The key that a turn begins with."""

    ROBOT = "робот"
    ROBOT_ANSWERS = "робот отвечает"
    ROBOT_DOES = "робот делает"
    RESIDENT = "житель"
    RESIDENT_INTERRUPTED = "житель перебил"
    RESIDENT_SILENT = "житель молчит"
    RECOGNITION_LOST = "робот оглох"
    PRESSED = "нажал"
    INTERRUPTED = "перебил"
    HUNG_UP = "повесил трубку"


_TURN_WORDS = tuple(word.value for word in TurnWord)
_TURNS_WITHOUT_VALUE = (TurnWord.RESIDENT_SILENT, TurnWord.RECOGNITION_LOST, TurnWord.HUNG_UP)


class End(StrEnum):
    """How a conversation may end."""

    PUT_THROUGH = "соединён"
    PUT_THROUGH_IN_DANGER = "соединён без очереди"
    GOODBYE = "попрощались"
    HUNG_UP = "повесил трубку"


@dataclass(frozen=True, slots=True)
class RobotSays:
    """The robot plays a prompt that contains these words; other prompts may come before it."""

    text: str
    position: FileLocation


@dataclass(frozen=True, slots=True)
class RobotAnswers:
    """The robot tells this article."""

    article: str
    position: FileLocation


@dataclass(frozen=True, slots=True)
class RobotDoes:
    """The robot runs an action with at least these arguments."""

    action: str
    arguments: Mapping[str, str]
    position: FileLocation


@dataclass(frozen=True, slots=True)
class CallerPresses:
    """The caller presses keys when the robot waits for input, or during the playback if `interrupting`."""

    keys: str
    position: FileLocation
    interrupting: bool = False


@dataclass(frozen=True, slots=True)
class CallerSpeaks:
    """The caller says something when the robot waits for input, or during the playback if `interrupting`."""

    text: str
    position: FileLocation
    interrupting: bool = False


@dataclass(frozen=True, slots=True)
class CallerIsSilent:
    """The robot waits for input, and its timeout expires."""

    position: FileLocation


@dataclass(frozen=True, slots=True)
class EarFails:
    """Speech recognition is lost for the rest of the talk."""

    position: FileLocation


@dataclass(frozen=True, slots=True)
class CallerHangsUp:
    """The caller hangs up at once, without waiting for the end of a prompt."""

    position: FileLocation


Turn = RobotSays | RobotAnswers | RobotDoes | CallerPresses | CallerSpeaks | CallerIsSilent | EarFails | CallerHangsUp


@dataclass(frozen=True, slots=True)
class GivenOutcome:
    """The outcome of an action in a talk, and the facts it gives."""

    outcome: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Talk:
    """One test conversation."""

    name: str
    position: FileLocation
    turns: tuple[Turn, ...]
    end: End
    served: bool | None
    """Whether the caller must have been served («готово»); None: not checked."""
    outcomes: Mapping[str, tuple[GivenOutcome, ...]]
    """Action -> its outcome the first time, the second …; the last one holds for all later times."""
    unavailable_articles: frozenset[str]
    """Articles that may not be spoken in this talk."""
    speech_declared: bool = False
    """«слух: да»: speech recognition works, even if this caller only presses keys."""

    @property
    def uses_speech(self) -> bool:
        """Whether speech recognition works in this talk; it does whenever the caller speaks."""
        return self.speech_declared or any(isinstance(turn, CallerSpeaks) for turn in self.turns)


def find_talks_file(script_file: Path) -> Path:
    """Returns the path of a script's talks file: `main.yaml` -> `main.talks.yaml`."""
    return script_file.with_name(f"{script_file.stem}.talks.yaml")


def read_usual_outcomes(file: Path) -> Mapping[str, tuple[GivenOutcome, ...]]:
    """Returns the «обычные исходы» of a talks file: action -> outcomes; empty if there is no such file."""
    root = read_nodes(ScriptProblems(file)) if file.exists() else None
    node = root.get(USUAL_OUTCOMES) if isinstance(root, MappingNode) else None
    return _read_outcomes(ScriptProblems(file), node)


def read_talks(file: Path) -> tuple[tuple[Talk, ...], list[Problem]]:
    """Returns the valid talks of `file`, and all problems."""
    findings = ScriptProblems(file)
    root = read_nodes(findings)
    if root is None:
        return (), findings.problems
    top = TableReader(findings, root, known=(USUAL_OUTCOMES, TALKS))
    usual = _read_outcomes(findings, top.get_node(USUAL_OUTCOMES))
    rows = top.require_node(TALKS)
    talks: list[Talk] = []
    if rows is not None and not isinstance(rows, SequenceNode):
        findings.add(rows.position, "IVR103", f"«{TALKS}»: нужен список, каждый разговор с «- »")
    elif rows is not None:
        read = (_read_script_test(findings, item, usual) for item in rows.items)
        talks = [talk for talk in read if talk is not None]
    seen: dict[str, Talk] = {}
    for talk in talks:
        if talk.name in seen:
            message = f"разговор «{talk.name}» уже есть в строке {seen[talk.name].position.line}"
            findings.add(talk.position, "IVR404", message)
        seen[talk.name] = talk
    return tuple(talks), sorted(set(findings.problems))


def _read_script_test(
    findings: ScriptProblems, node: Node, usual: Mapping[str, tuple[GivenOutcome, ...]]
) -> Talk | None:
    sheet = TableReader(findings, node, known=(TALK, OUTCOMES, SILENT_ANSWERS, EAR, TURNS, END, SERVED))
    name, end, rows = sheet.read_string(TALK), sheet.read_string(END), sheet.require_node(TURNS)
    turns: list[Turn | None] = []
    if isinstance(rows, SequenceNode):
        turns = [_read_turn(findings, item) for item in rows.items]
    elif rows is not None:
        findings.add(rows.position, "IVR103", f"«{TURNS}»: нужен список, каждая реплика с «- »")
    if end is not None and end.text not in tuple(End):
        findings.add(end.position, "IVR402", f"нет итога «{end.text}»{hint(end.text, tuple(End))}")
        end = None
    outcomes = {**usual, **_read_outcomes(findings, sheet.get_node(OUTCOMES))}
    silent = sheet.get_node(SILENT_ANSWERS)
    items = silent.items if isinstance(silent, SequenceNode) else (silent,) if silent is not None else ()
    articles = [sheet.to_string(item) for item in items]
    whole = [turn for turn in turns if turn is not None]
    if name is None or end is None or not isinstance(rows, SequenceNode) or len(whole) < len(turns):
        return None
    return Talk(
        name=name.text,
        position=name.position,
        turns=tuple(whole),
        end=End(end.text),
        served=sheet.read_flag(SERVED) if SERVED in sheet else None,
        outcomes=MappingProxyType(outcomes),
        unavailable_articles=frozenset(article.text for article in articles if article is not None),
        speech_declared=sheet.read_flag(EAR),
    )


def _read_turn(findings: ScriptProblems, node: Node) -> Turn | None:
    if isinstance(node, ScalarNode):  # «- житель молчит», without a colon
        if node.text in _TURNS_WITHOUT_VALUE:
            return _build_bare_turn(node.text, node.position)
        findings.add(node.position, "IVR401", f"нет реплики «{node.text}»{hint(node.text, _TURN_WORDS)}")
        return None
    sheet = TableReader(findings, node, known=(*_TURN_WORDS, WITH))
    kinds = [word for word in _TURN_WORDS if word in sheet]
    if len(kinds) != 1:
        findings.add(node.position, "IVR401", f"в реплике должно быть одно из: {', '.join(_TURN_WORDS)}")
        return None
    kind = kinds[0]
    if kind in _TURNS_WITHOUT_VALUE:
        return _build_bare_turn(kind, node.position)
    word = sheet.read_string(kind)
    return None if word is None else _build_turn(findings, kind, word, sheet)


def _build_bare_turn(kind: str, place: FileLocation) -> Turn:
    match kind:
        case TurnWord.RESIDENT_SILENT:
            return CallerIsSilent(place)
        case TurnWord.RECOGNITION_LOST:
            return EarFails(place)
    return CallerHangsUp(place)


def _build_turn(findings: ScriptProblems, kind: str, word: ScalarNode, sheet: TableReader) -> Turn | None:
    match kind:
        case TurnWord.ROBOT if normalize_words(word.text):
            return RobotSays(word.text, word.position)
        case TurnWord.ROBOT_ANSWERS:
            return RobotAnswers(word.text, word.position)
        case TurnWord.ROBOT_DOES:
            return RobotDoes(word.text, _read_facts(findings, sheet.get_node(WITH)), word.position)
        case TurnWord.RESIDENT | TurnWord.RESIDENT_INTERRUPTED:
            return CallerSpeaks(word.text, word.position, interrupting=kind == TurnWord.RESIDENT_INTERRUPTED)
        case TurnWord.PRESSED | TurnWord.INTERRUPTED if set(word.text) <= set(KEYS):
            return CallerPresses(word.text, word.position, interrupting=kind == TurnWord.INTERRUPTED)
    if kind == TurnWord.ROBOT:
        findings.add(word.position, "IVR106", "здесь нет ни одного слова, а нужны слова робота")
    else:
        findings.add(word.position, "IVR403", f"«{word.text}»: бывают кнопки 0-9, * и #, подряд и без пробелов")
    return None


def _read_outcomes(findings: ScriptProblems, node: Node | None) -> dict[str, tuple[GivenOutcome, ...]]:
    if node is None:
        return {}
    if not isinstance(node, MappingNode):
        findings.add(node.position, "IVR103", "здесь нужны строки «действие: {исход: …}»")
        return {}
    outcomes = {}
    for action, value in node.entries:
        items = value.items if isinstance(value, SequenceNode) else (value,)
        facts = [_read_facts(findings, item) for item in items]
        if any(OUTCOME not in one for one in facts):
            findings.add(value.position, "IVR102", f"нет обязательного слова «{OUTCOME}»")
            continue
        outcomes[action.text] = tuple(
            GivenOutcome(one[OUTCOME], {name: text for name, text in one.items() if name != OUTCOME}) for one in facts
        )
    return outcomes


def _read_facts(findings: ScriptProblems, node: Node | None) -> dict[str, str]:
    if node is None:
        return {}
    if not isinstance(node, MappingNode):
        findings.add(node.position, "IVR103", "здесь нужно {имя: значение}")
        return {}
    facts = {}
    for name, value in node.entries:
        if isinstance(value, ScalarNode):
            facts[name.text] = " ".join(value.text.split())
        else:
            findings.add(value.position, "IVR103", "здесь нужен текст")
    return facts
