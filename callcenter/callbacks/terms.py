"""How soon an unanswered call must be returned: `CALLBACK_WITHIN` of `knowledge_base/law.yaml`."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from callcenter.knowledge.facts import FigureNotFound, Law, read_law
from callcenter.settings import TREE

_WARNING_SHARE = 0.8
"""Share of the term after which the board warns: minute 8 of 10. Lower: most warnings concern callbacks that would be
made in time anyway; higher: too little time is left to call. Chosen so that two minutes remain, about the length of one
callback."""


@dataclass(frozen=True, slots=True)
class CallbackTerm:
    """Both spans run from the arrival of the call, not from its end. `basis` names the norm, in Russian."""

    due_after: timedelta
    warn_after: timedelta
    basis: str


def callback_term(day: date) -> CallbackTerm:
    """The term in force on the day a call arrived. Raises FigureNotFound for a day before the norm."""
    try:
        figure = _law().find_value("CALLBACK_WITHIN", day)
    except FigureNotFound:
        _law.cache_clear()  # the file may be edited meanwhile: read it again next time
        raise
    due_after = timedelta(minutes=figure.value)
    return CallbackTerm(due_after=due_after, warn_after=due_after * _WARNING_SHARE, basis=figure.basis)


@cache
def _law() -> Law:
    law, _ = read_law(TREE / "knowledge_base" / "law.yaml")  # problems are reported by `callcenter check`
    return law
