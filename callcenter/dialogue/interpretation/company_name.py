"""The company's name in the phrases by which callers ask whom they have reached."""

import re
from functools import cache
from pathlib import Path

from callcenter.knowledge.facts import read_company
from callcenter.settings import TREE

_FACT = "COMPANY"
_PLACE = "{company}"


def with_company_name(file: Path) -> str:
    """The text of a word file with the company's name put in. Without the name, a phrase with it matches nothing."""
    return file.read_text(encoding="utf-8").replace(_PLACE, _read_name() or _PLACE)


@cache
def _read_name() -> str:
    """The fact COMPANY of `company.yaml` as it is spoken: «Северный берег» -> `северный берег`."""
    company, _ = read_company(TREE / "knowledge_base" / "company.yaml")  # `callcenter check` reports its problems
    name = next((fact.value for fact in company.facts if fact.name == _FACT), "")
    return " ".join(re.findall(r"[\w-]+", name.lower().replace("ё", "е")))
