"""Reads a script file into the model (script.py), or lists everything that is wrong with it.

A mistake is reported and then read as what was probably meant, so that one run shows all mistakes and no follow-up
errors. An unknown name is taken as the closest known one; a step that cannot be built keeps its targets.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from callcenter.core.problems import Problem
from callcenter.dialogue.scripts import vocabulary as words
from callcenter.dialogue.scripts.aside_reader import read_asides
from callcenter.dialogue.scripts.asides import add_asides
from callcenter.dialogue.scripts.checks import ScriptDraft, check_draft
from callcenter.dialogue.scripts.lexicon import ScriptLexicon
from callcenter.dialogue.scripts.nodes import MappingNode, Node, ScriptProblems, SequenceNode, read_nodes
from callcenter.dialogue.scripts.script import ActionSpec, Script, Step
from callcenter.dialogue.scripts.step_reader import StepReader
from callcenter.dialogue.scripts.table_reader import TableReader


def read_script(
    file: Path,
    *,
    actions: Mapping[str, ActionSpec],
    articles: Collection[str],
    allowed_values: Mapping[str, Collection[str]] = MappingProxyType({}),
    initial_facts: Collection[str] = (),
    allow_missing_outcomes: bool = False,
) -> tuple[Script | None, list[Problem]]:
    """Returns the script of `file` and all its problems in file order; no script when a problem is fatal.

    `articles`: the ids that «ответ» may name. `allowed_values`: fact -> the values «запомни» may give it (категория
    -> codes). `initial_facts`: the facts known when a conversation starts. `allow_missing_outcomes`: for the replay of
    old scripts; an unhandled outcome (IVR208) is not fatal, because the action may have got it later.
    """
    findings = ScriptProblems(file)
    root = read_nodes(findings)
    script = None
    if root is not None:
        draft = _read_draft(
            TableReader(findings, root, known=words.TOP_WORDS), actions, allowed_values, kept=allow_missing_outcomes
        )
        findings.problems += check_draft(draft, articles=articles, initial_facts=initial_facts)
        if draft.start and not draft.broken_step_targets and not any(problem.fatal for problem in findings.problems):
            steps = MappingProxyType(dict(draft.steps))
            script = Script(
                draft.name, draft.start, steps, draft.dangers, tuple(sorted(articles)), draft.global_answers
            )
    return script, sorted(set(findings.problems))


def _read_draft(
    top: TableReader, actions: Mapping[str, ActionSpec], values: Mapping[str, Collection[str]], *, kept: bool
) -> ScriptDraft:
    findings = top.findings
    title = top.read_string(words.SCRIPT)
    lexicon = ScriptLexicon(findings, top.get_node(words.WORDS))
    usual = top.get_node(words.DEFAULTS)
    table = top.require_node(words.STEPS)
    entries = table.entries if isinstance(table, MappingNode) else ()
    if table is not None and not entries:
        findings.add(table.position, "IVR103", f"«{words.STEPS}»: здесь нужны шаги, у каждого имя и двоеточие")
    reader = StepReader(
        findings,
        names=[key.text for key, _ in entries],
        actions=actions,
        allowed_values=values,
        lexicon=lexicon,
        defaults=TableReader(findings, usual, known=words.USUAL_WORDS) if usual is not None else None,
        allow_missing_outcomes=kept,
        shared_answers=_read_shared_answers(findings, top.get_node(words.SHARED_ANSWERS)),
    )
    steps: dict[str, Step] = {}
    broken: dict[str, frozenset[str]] = {}
    for key, value in entries:
        step = reader.read(key, value)
        if step is None:
            broken[key.text] = frozenset(reader.targets)
        else:
            steps[key.text] = step
    said_anytime = top.get_node(words.ANYTIME)
    asides = read_asides(findings, said_anytime, lexicon, reader) if said_anytime is not None else ()
    steps = {name: add_asides(step, asides) for name, step in steps.items()}
    spoken_of = top.get_node(words.DANGERS)
    dangers = reader.read_dangers(spoken_of) if spoken_of is not None else ()
    lexicon.report_unused()
    places = {key.text: key.position for key, _ in entries}
    start = reader.read_target(top, words.START)
    return ScriptDraft(
        title.text if title else "",
        start,
        steps,
        broken,
        places,
        dangers,
        asides,
        has_unknown_targets=reader.has_unknown_targets,
    )


def _read_shared_answers(findings: ScriptProblems, node: Node | None) -> Mapping[str, SequenceNode]:
    """Returns the lists of «общие ответы» by name."""
    if node is None:
        return {}
    lists: dict[str, SequenceNode] = {}
    for key, value in node.entries if isinstance(node, MappingNode) else ():
        if isinstance(value, SequenceNode):
            lists[key.text] = value
    if not isinstance(node, MappingNode) or len(lists) < len(node.entries):
        findings.add(
            node.position, "IVR103", f"«{words.SHARED_ANSWERS}»: нужны строки «имя:» и под каждой список ответов с «- »"
        )
    return lists
