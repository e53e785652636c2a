"""The whole knowledge base read together, and the texts it gives to the talk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from callcenter.core.problems import Problem
from callcenter.knowledge.articles import Article, find_silent_articles, read_articles
from callcenter.knowledge.categories import Categories
from callcenter.knowledge.categories_file import read_categories
from callcenter.knowledge.facts import CompanyFacts, Law, read_company, read_law
from callcenter.knowledge.pronunciation import FILE, read_pronunciation

SAFETY = "безопасность:"
"""What the answers' mapping puts before a category's code for its safety words."""


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """Everything in `knowledge_base/`, and what is wrong with it."""

    articles: tuple[Article, ...]
    categories: Categories
    company: CompanyFacts
    legal_values: Law
    problems: tuple[Problem, ...]
    """Faults of the files; not the answers that are merely silent today: see `find_unspoken`."""

    def render_answers(self, on: date) -> Mapping[str, str]:
        """What the robot may say on a day: article id -> answer, `безопасность:<CODE>` -> safety words.

        An article that may not be spoken is not there: its caller gets a person.
        """
        facts = self.company.list_valid_facts(on)
        spoken = {article.id: article.render_answer(facts, on) for article in self.articles}
        texts = {name: answer for name, answer in spoken.items() if answer is not None}
        texts |= {
            f"{SAFETY}{category.code}": category.safety_spoken for category in self.categories if category.safety_spoken
        }
        return texts

    @property
    def answer_names(self) -> frozenset[str]:
        """Every name a script may refer to, whether it may be spoken today or not."""
        spoken = {f"{SAFETY}{category.code}" for category in self.categories if category.safety_spoken}
        return frozenset({article.id for article in self.articles} | spoken)

    def find_unspoken(self, on: date) -> list[Problem]:
        """Answers and facts that are not spoken on a day, none of them fatal."""
        return find_silent_articles(
            self.articles, self.company.list_valid_facts(on), on
        ) + self.company.find_unspoken_facts(on)


def read_knowledge(directory: Path) -> KnowledgeBase:
    """Reads all files of `directory`; their faults are listed in the answer, never raised."""
    articles, problems = read_articles(directory)
    categories, found = read_categories(directory / "categories.yaml")
    company, of_company = read_company(directory / "company.yaml")
    law, of_law = read_law(directory / "law.yaml")
    _, of_words = read_pronunciation(directory / FILE)
    faults = tuple([*problems, *found, *of_company, *of_law, *of_words])
    return KnowledgeBase(articles, categories, company, law, faults)
