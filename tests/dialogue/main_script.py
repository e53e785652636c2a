"""The script, the talks and the knowledge base that ship, read once for all tests of them."""

from datetime import date, datetime
from functools import cache

from callcenter.conducting.action_specs import ACTIONS, CATEGORY
from callcenter.conducting.knowledge_snapshot import open_interpreter, read_knowledge_snapshot
from callcenter.conducting.plain_actions import PlainActions
from callcenter.dialogue.interpretation.interpretation import Interpreter
from callcenter.dialogue.scripts.reader import read_script
from callcenter.dialogue.scripts.script import Script
from callcenter.dialogue.scripts.talks import Talk, find_talks_file, read_talks
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import TREE, CompanySettings

FILE = TREE / "ivr_scripts" / "main.yaml"
TODAY = date(2026, 11, 24)
KNOWLEDGE = read_knowledge(TREE / "knowledge_base")
ZONE = CompanySettings().zone


def read_main() -> Script:
    codes = [category.code for category in KNOWLEDGE.categories]
    script, problems = read_script(
        FILE, actions=ACTIONS, articles=KNOWLEDGE.answer_names, allowed_values={CATEGORY: codes}
    )
    assert script is not None, problems
    assert problems == []
    return script


MAIN = read_main()


def read_main_talks() -> tuple[Talk, ...]:
    talks, problems = read_talks(find_talks_file(FILE))
    assert problems == []
    return talks


TALKS = read_main_talks()
KNOWN, _ = read_knowledge_snapshot(TREE / "knowledge_base", KNOWLEDGE.categories, ZONE)
CARRY_OUT = PlainActions(lambda: KNOWN, ZONE).make_rehearsal_runner(now=datetime(2026, 11, 24, 12, 0, tzinfo=ZONE))


@cache
def shipped_mind() -> Interpreter:
    """Opened when a test first asks: it takes seconds, and every worker imports every file of tests."""
    mind, _ = open_interpreter(TREE / "knowledge_base", KNOWN, KNOWLEDGE.articles)
    return mind
