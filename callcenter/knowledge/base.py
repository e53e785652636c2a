"""Reads the whole knowledge base and gives the dialogue the texts that may be spoken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from callcenter.core.problems import Problem
from callcenter.knowledge.articles import Article, find_unspoken_articles, read_articles
from callcenter.knowledge.categories import Categories
from callcenter.knowledge.categories_file import read_categories
from callcenter.knowledge.facts import CompanyFacts, Law, read_company, read_law
from callcenter.knowledge.pronunciation import FILE, read_pronunciation

SAFETY = "безопасность:"
"""Prefix of a category code in the mapping of answers: «безопасность:GAS_SMELL» -> safety warning of GAS_SMELL."""


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """The content of `knowledge_base/` and the problems of its files."""

    articles: tuple[Article, ...]
    categories: Categories
    company: CompanyFacts
    legal_values: Law
    problems: tuple[Problem, ...]
    """Faults of the files. Answers that are only not spoken today are not included: see `find_unspoken`."""

    def render_answers(self, on: date) -> Mapping[str, str]:
        """Returns what the robot may say on the day `on`: article id -> answer, `безопасность:<CODE>` -> warning.

        An article that may not be spoken is left out; a caller who asks for it is put through to a person.
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
        """Every name that «ответ» of a script may refer to, even if its text may not be spoken today."""
        spoken = {f"{SAFETY}{category.code}" for category in self.categories if category.safety_spoken}
        return frozenset({article.id for article in self.articles} | spoken)

    def find_unspoken(self, on: date) -> list[Problem]:
        """Returns a non-fatal problem for each article and fact that may not be spoken on the day `on`."""
        return find_unspoken_articles(
            self.articles, self.company.list_valid_facts(on), on
        ) + self.company.find_unspoken_facts(on)


def read_knowledge(directory: Path) -> KnowledgeBase:
    """Reads all files of `directory`. Their faults are listed in `problems`, never raised."""
    articles, problems = read_articles(directory)
    categories, found = read_categories(directory / "categories.yaml")
    company, of_company = read_company(directory / "company.yaml")
    law, of_law = read_law(directory / "law.yaml")
    _, of_words = read_pronunciation(directory / FILE)
    faults = tuple([*problems, *found, *of_company, *of_law, *of_words])
    return KnowledgeBase(articles, categories, company, law, faults)
