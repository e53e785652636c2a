"""docs/knowledge.md tells the truth: its article reads, its example of a recording is a file the cache looks for."""

import re
from pathlib import Path

from callcenter.dialogue.scripts.script import list_texts
from callcenter.knowledge.articles import LONGEST_ANSWER, read_articles
from callcenter.knowledge.categories_file import LONGEST_SAFETY_SPOKEN
from callcenter.settings import TREE
from callcenter.speech.prompts import PromptCache
from tests.dialogue.main_script import MAIN
from tests.stand_ins.voice import StandInVoice

DOC = (TREE / "docs" / "knowledge.md").read_text(encoding="utf-8")


def test_the_article_of_the_doc_is_a_good_article(tmp_path: Path) -> None:
    (article,) = re.findall(r"```markdown\n(.*?)```", DOC, flags=re.DOTALL)
    (tmp_path / "KB31-cleaning.md").write_text(article, encoding="utf-8")
    (read,), problems = read_articles(tmp_path)
    assert problems == []
    assert read.placeholders == ("CLEAN_SCHED",)


def test_the_lengths_of_the_doc_are_those_of_the_checker() -> None:
    assert f"at most {LONGEST_ANSWER} letters" in DOC
    assert f"at most {LONGEST_SAFETY_SPOKEN} letters" in DOC


def test_the_recording_of_the_doc_would_be_that_of_the_greeting(tmp_path: Path) -> None:
    (greeting, *_) = list_texts(MAIN.steps[MAIN.start.step])
    assert f"`{PromptCache(tmp_path, StandInVoice()).make_file_stem(str(greeting))}.human.wav`" in DOC


def test_every_mark_of_the_knowledge_base_has_its_source_in_the_doc() -> None:
    listed = set(re.findall(r"^\| (S\d+) \|", DOC, flags=re.MULTILINE))
    files = [*(TREE / "knowledge_base").glob("*.md"), *(TREE / "knowledge_base").glob("*.yaml")]
    cited = {mark for file in files for mark in re.findall(r"\b(S\d+)\b", file.read_text(encoding="utf-8"))}
    assert cited - listed == set()
