"""An ear of paper: a test says what it hears, and sees what it was told to expect."""

from collections.abc import Callable
from dataclasses import dataclass, field

from callcenter.dialogue.engine.commands import Expect
from callcenter.dialogue.engine.events import EarLost, EarOpened, Heard, Said, Speech, SpeechBegan


@dataclass
class PaperHearing:
    """See `ports.RecognitionSession`."""

    take: Callable[[Speech], None]
    expected: list[Expect] = field(default_factory=list)
    left: bool = False

    def expect(self, expect: Expect) -> None:
        self.expected.append(expect)

    def detach_robot(self) -> None:
        self.left = True

    @property
    def turn(self) -> int:
        return self.expected[-1].turn if self.expected else 0

    # What the caller and the ear do

    def begins(self) -> None:
        self.take(SpeechBegan(self.turn))

    def guesses(self, text: str) -> None:
        self.take(Heard(text))

    def says(self, text: str, *, turn: int | None = None) -> None:
        self.take(Said(self.turn if turn is None else turn, text))

    def is_lost(self) -> None:
        self.take(EarLost())


@dataclass
class PaperEar:
    """See `ports.CallRecognition`. Opens at once."""

    hearings: dict[str, PaperHearing] = field(default_factory=dict)

    def start_recognition(self, call_id: str, take: Callable[[Speech], None]) -> PaperHearing:
        hearing = self.hearings[call_id] = PaperHearing(take)
        take(EarOpened())
        return hearing
