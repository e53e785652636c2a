"""Reads the global answers («на любой вопрос») of a script file. Called by reader.py."""

from callcenter.dialogue.scripts import vocabulary as words
from callcenter.dialogue.scripts.lexicon import ScriptLexicon
from callcenter.dialogue.scripts.nodes import Node, ScriptProblems, SequenceNode
from callcenter.dialogue.scripts.script import Again, Aside, Target, Text, Wait
from callcenter.dialogue.scripts.step_reader import StepReader
from callcenter.dialogue.scripts.table_reader import TableReader

MAX_PAUSE_SECONDS = 60
"""Seconds: the longest pause that «подожди» may give a caller."""
_RESPONSE_KEYWORDS = (words.AGAIN, words.HOLD, words.REPLY, words.THEN)


def read_asides(findings: ScriptProblems, node: Node, lexicon: ScriptLexicon, steps: StepReader) -> tuple[Aside, ...]:
    """Returns the valid global answers of a script. An invalid one is reported and left out."""
    if not isinstance(node, SequenceNode) or not node.items:
        findings.add(node.position, "IVR103", f"«{words.ANYTIME}»: нужен список, каждая строка с «- »")
        return ()
    return tuple(
        aside for item in node.items if (aside := _read_global_answer(findings, item, lexicon, steps)) is not None
    )


def _read_global_answer(
    findings: ScriptProblems, node: Node, lexicon: ScriptLexicon, steps: StepReader
) -> Aside | None:
    sheet = TableReader(findings, node, known=words.ASIDE_WORDS)
    heard = sheet.get_node(words.HEARD) if words.UNDERSTOOD in sheet else sheet.require_node(words.HEARD)
    phrases = lexicon.compile_phrases(heard) if heard is not None else ()
    meanings = steps.read_meanings(sheet, words.MEANINGS)
    does = _read_response(findings, sheet, steps)
    if not (phrases or meanings) or does is None:
        return None
    return Aside(node.position, does, phrases, meanings)


def _read_response(
    findings: ScriptProblems, sheet: TableReader, steps: StepReader
) -> Again | Wait | Text | Target | None:
    named = [name for name in _RESPONSE_KEYWORDS if name in sheet]
    if len(named) != 1:
        findings.add(sheet.position, "IVR105", f"здесь нужно одно из: {', '.join(_RESPONSE_KEYWORDS)}")
        return None
    match named[0]:
        case words.AGAIN:
            return Again() if sheet.read_flag(words.AGAIN) else None
        case words.HOLD:
            seconds, said = (
                sheet.read_integer(words.HOLD, least=3, most=MAX_PAUSE_SECONDS),
                sheet.read_template(words.SAYING),
            )
            return Wait(said, float(seconds)) if seconds is not None and said is not None else None
        case words.REPLY:
            return sheet.read_template(words.REPLY)
    return steps.read_target(sheet, words.THEN)
