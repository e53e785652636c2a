"""Words of danger in the queue and in the talk become a note, from which the alarm is made."""

from callcenter.conducting.danger_watch import DangerWatch
from callcenter.dialogue.interpretation.interpretation import DangerHeard
from tests.dialogue.talking import understood_script
from tests.stand_ins.centre import read_spoken_script
from tests.stand_ins.clock import MORNING, FakeClock
from tests.stand_ins.mind import PaperMind
from tests.stand_ins.notes import KeptNotes


def test_danger_is_noted_with_its_words_and_anything_else_is_not() -> None:
    notes = KeptNotes()
    watch = DangerWatch(lambda: read_spoken_script().dangers, notes=notes, clock=FakeClock())
    assert not watch.check_utterance("call", "у нас дождь")
    assert notes.notes == []
    assert watch.check_utterance("call", "ой у нас пахнет Газ")
    (note,) = notes.notes
    assert (note.call_id, note.kind, note.at) == ("call", "danger", MORNING)
    assert note.facts == {"category": "GAS_SMELL", "heard": "газ"}


def test_what_is_meant_counts_as_well_as_what_is_named() -> None:
    notes = KeptNotes()
    mind = PaperMind(dangers={"в щитке потрескивает": DangerHeard("EL_SPARK", "потрескивает")})
    watch = DangerWatch(
        lambda: understood_script().dangers, notes=notes, clock=FakeClock(), get_interpreter=lambda: mind
    )
    assert not watch.check_utterance("call", "в щитке темно")
    assert watch.check_utterance("call", "в щитке потрескивает")
    assert [note.facts for note in notes.notes] == [{"category": "EL_SPARK", "heard": "потрескивает"}]
