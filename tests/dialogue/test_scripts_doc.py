"""docs/scripts.md tells the truth: its example runs, its talks pass, no word and no rule is missing."""

import re
from pathlib import Path

import pytest

from callcenter.commands.check import find_script_problems
from callcenter.conducting.action_specs import ACTIONS
from callcenter.dialogue.scripts import talks, vocabulary
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import TREE
from tests.dialogue.main_script import KNOWLEDGE
from tests.dialogue.script_mistakes import SLIPS

DOC = (TREE / "docs" / "scripts.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOC, flags=re.DOTALL)
TABLE = dict(re.findall(r"^\| (IVR\d{3}) \| (.+) \|$", DOC, flags=re.MULTILINE))


def test_the_example_has_no_mistake_and_its_talks_enter_every_step(tmp_path: Path) -> None:
    script, twin = EXAMPLES
    (tmp_path / "example.yaml").write_text(script, encoding="utf-8")
    (tmp_path / "example.talks.yaml").write_text(twin, encoding="utf-8")
    assert find_script_problems(tmp_path, read_knowledge(TREE / "knowledge_base")) == []


def test_a_word_changed_in_the_example_is_noticed(tmp_path: Path) -> None:
    script, twin = EXAMPLES
    (tmp_path / "example.yaml").write_text(
        script.replace("Прорвало трубу: нажмите", "Течёт: нажмите"), encoding="utf-8"
    )
    (tmp_path / "example.talks.yaml").write_text(twin, encoding="utf-8")
    assert {problem.code for problem in find_script_problems(tmp_path, KNOWLEDGE)} >= {"IVR410"}


WORDS = (
    *vocabulary.TOP_WORDS,
    *vocabulary.STEP_WORDS,
    *(word for words in vocabulary.STEP_WORDS.values() for word in words),
    *vocabulary.ANSWER_WORDS,
    *vocabulary.DIGITS_WORDS,
    talks.EAR,
    talks.USUAL_OUTCOMES,
    talks.OUTCOMES,
    talks.SILENT_ANSWERS,
    talks.TALK,
    talks.TURNS,
    talks.END,
    talks.SERVED,
    *talks.TurnWord,
    *talks.End,
    *ACTIONS,
    *(outcome for spec in ACTIONS.values() for outcome in spec.outcomes),
)


@pytest.mark.parametrize("word", sorted(set(WORDS)))
def test_every_word_is_explained(word: str) -> None:
    prose = re.sub(r"```.*?```", "", DOC, flags=re.DOTALL)
    assert re.search(rf"`{re.escape(word)}\b", prose), f"«{word}» stands in no sentence of docs/scripts.md"


def test_every_rule_is_in_the_table() -> None:
    rooms = [file.read_text(encoding="utf-8") for file in (TREE / "callcenter" / "dialogue").rglob("*.py")]
    assert sorted(TABLE) == sorted(set(re.findall(r'"(IVR\d{3})"', "\n".join(rooms))))
    assert {slip.code for slip in SLIPS} <= set(TABLE)
