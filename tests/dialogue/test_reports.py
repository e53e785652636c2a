"""How much is understood of what is reported, and what a line reports beside what was said before."""

from datetime import UTC, datetime

import pytest

from callcenter.dialogue.reports import Reports
from callcenter.knowledge.base import read_knowledge
from callcenter.settings import TREE
from callcenter.understanding.houses import Houses
from callcenter.understanding.understanding import Meaning, Understanding, list_accidents, read_phrases
from callcenter.understanding.words import read_words

CATEGORIES = read_knowledge(TREE / "knowledge_base").categories
STORY = (
    "здравствуйте девушка у нас тут такое дело я живу на энгельса и вчера вечером пришёл домой а на кухне лужа воды"
    " и труба под раковиной капает я вызвал слесаря он обещал прийти но не пришёл и соседи снизу уже ругаются"
    " потому что у них потолок мокрый и лифт тоже стоит третий день и мусор не вывозят"
)


@pytest.mark.parametrize("times", [2, 5])
def test_a_long_story_is_not_understood_again_at_each_word(times: int) -> None:
    phrases = read_phrases(TREE / "knowledge_base" / "phrases")
    understanding = Understanding(phrases, Houses(()), list_accidents(CATEGORIES))
    asked: list[str] = []

    def understand(text: str) -> Meaning:
        asked.append(text)
        return understanding.understand(text, now=datetime(2026, 11, 24, tzinfo=UTC))

    text = " ".join([STORY] * times)
    assert dict(Reports(understand, CATEGORIES).find(text, read_words(text), {}, place=""))
    assert len(asked) <= 20
