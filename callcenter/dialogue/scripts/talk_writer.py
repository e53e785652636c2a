"""Writes a played talk in the format of the talks file (talks.py), for `callcenter talk --save`."""

import json
from collections.abc import Mapping

from callcenter.dialogue.scripts import talks as words
from callcenter.dialogue.scripts.talks import (
    CallerHangsUp,
    CallerIsSilent,
    CallerPresses,
    CallerSpeaks,
    EarFails,
    GivenOutcome,
    RobotAnswers,
    RobotDoes,
    RobotSays,
    Talk,
    Turn,
    TurnWord,
)


def write_talk(test: Talk) -> str:
    """Returns the talk as a YAML item of the list «разговоры», indented so that it can be appended to the file."""
    lines = [f"  - {words.TALK}: {_quote(test.name)}"]
    if test.outcomes:
        lines.append(f"    {words.OUTCOMES}:")
        for action, outcomes in test.outcomes.items():
            lines.append(f"      {action}:")
            lines += [f"        - {_write_table(_tell_outcome(outcome))}" for outcome in outcomes]
    if test.unavailable_articles:
        lines.append(f"    {words.SILENT_ANSWERS}: [{', '.join(map(_quote, sorted(test.unavailable_articles)))}]")
    if test.speech_declared:
        lines.append(f"    {words.EAR}: да")
    lines.append(f"    {words.TURNS}:")
    lines += [f"      - {_write_turn(turn)}" for turn in test.turns]
    lines.append(f"    {words.END}: {test.end}")
    if test.served is not None:
        lines.append(f"    {words.SERVED}: {'да' if test.served else 'нет'}")
    return "\n".join(lines) + "\n"


def _write_turn(turn: Turn) -> str:
    match turn:
        case RobotSays(text):
            line = f"{TurnWord.ROBOT}: {_quote(text)}"
        case RobotAnswers(article):
            line = f"{TurnWord.ROBOT_ANSWERS}: {_quote(article)}"
        case RobotDoes(action, arguments):
            known = f", {words.WITH}: {_write_table(arguments)}" if arguments else ""
            line = f"{{{TurnWord.ROBOT_DOES}: {_quote(action)}{known}}}"
        case CallerPresses(keys, interrupting=interrupting):
            line = f"{TurnWord.INTERRUPTED if interrupting else TurnWord.PRESSED}: {_quote(keys)}"
        case CallerSpeaks(text, interrupting=interrupting):
            line = f"{TurnWord.RESIDENT_INTERRUPTED if interrupting else TurnWord.RESIDENT}: {_quote(text)}"
        case CallerIsSilent():
            line = TurnWord.RESIDENT_SILENT.value
        case EarFails():
            line = TurnWord.RECOGNITION_LOST.value
        case CallerHangsUp():
            line = TurnWord.HUNG_UP.value
    return line


def _tell_outcome(outcome: GivenOutcome) -> dict[str, str]:
    return {words.OUTCOME: outcome.outcome, **outcome.facts}


def _write_table(facts: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{name}: {_quote(value)}' for name, value in facts.items())}}}"


def _quote(text: str) -> str:
    """Returns a double-quoted YAML scalar; YAML understands the escapes of JSON."""
    return json.dumps(text, ensure_ascii=False)
