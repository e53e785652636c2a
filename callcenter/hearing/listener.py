"""When somebody begins to speak, what they say, and when they have said it. Pure: frames and the ear's words in,
events out; time is the number of samples.

An answer is complete at the engine's endpoint, half a second or more after the last word. Where the dialogue says that
the words so far are a whole answer (`would_accept`), 200 ms of quiet are enough, once the engine has taken in all that
was spoken. Either way the moment is the cut: words before it belong to the past and never reach the next question.

The engine must be flushed at an early cut (see Listening), so that it begins anew there.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from callcenter.hearing.client import EarBack, EarLost, EarMoved, Told
from callcenter.hearing.engine import Word, join_words
from callcenter.hearing.presence import FRAME_BYTES, FRAME_SECONDS, Presence
from callcenter.hearing.wire import Final, Partial, Trouble

QUIET_SECONDS = 0.2
_VOICED_SECONDS = 0.1
_WITHIN_SECONDS = 0.3
_SPEECH_ENDS = 0.7
"""Seconds of quiet after which the next voice is a new beginning, whether or not words were heard."""


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """A person began to speak at second `at`. Comes 100 to 300 ms later, long before the first word is known."""

    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """The words so far of what is being said. They may still change."""

    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """Something was said to its end, at second `at`. Empty text: speech, but none of the expected words.

    `early`: before the engine's endpoint; then the times of its words are not known yet. `quiet`: seconds of sound
    since the last speech.
    """

    text: str
    at: float
    early: bool
    words: tuple[Word, ...] = ()
    quiet: float = field(default=0.0, compare=False)


ListenerEvent = SpeechBegan | Heard | Said


class Listener:
    """Listens to one leg. `hear` and `take` return what has happened, oldest first."""

    def __init__(self, *, delay: float = 0.0) -> None:
        """`delay` as in Engine; an `EarBack` sets it, too."""
        self._delay = delay
        self._presence = Presence()
        self._would_accept: Callable[[str], bool] | None = None
        self._accepted: tuple[str, bool] = ("", False)
        """The last text that the dialogue judged, and its judgement."""
        self._frames = 0
        self._cut = 0.0
        self._said_since_asked = False
        self._last_speech = 0.0
        self._speaking = False
        self._voices: deque[float] = deque()
        """When each voiced frame of the last moments began."""
        self._partial: Partial | None = None

    @property
    def now(self) -> float:
        """Seconds of sound heard."""
        return round(self._frames * FRAME_SECONDS, 3)

    def ask(self, would_accept: Callable[[str], bool] | None) -> None:
        """A question is asked. What was said before belongs to the past; after a Said, that is what came before it."""
        self._would_accept = would_accept
        self._accepted = ("", False)
        if not self._said_since_asked:
            self._cut_here(self.now)
        self._said_since_asked = False

    def hear(self, frame: bytes) -> list[ListenerEvent]:
        """Takes the next FRAME_BYTES of 8 kHz sound. Raises ValueError for another length."""
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"a frame is {FRAME_BYTES} bytes, not {len(frame)}")
        begin = self.now
        self._frames += 1
        seen = self._presence.take(frame)
        if seen.speech:
            self._last_speech = self.now
        elif self.now - self._last_speech >= _SPEECH_ENDS:
            self._speaking = False
        events: list[ListenerEvent] = []
        if seen.voice:
            self._voices.append(begin)
        while self._voices and self._voices[0] <= self.now - _WITHIN_SECONDS:
            self._voices.popleft()
        if not self._speaking and len(self._voices) * FRAME_SECONDS >= _VOICED_SECONDS:
            self._speaking = True
            events.append(SpeechBegan(self._voices[0]))
        return events + self._commit_early()

    def take(self, told: Told) -> list[ListenerEvent]:
        """Takes what the ear says."""
        match told:
            case Partial():
                return self._take_partial(told)
            case Final():
                return self._take_final(told)
            case EarBack() | EarMoved():
                self._delay, self._partial = told.delay, None
            case EarLost() | Trouble():
                self._partial = None
        return []

    def _take_partial(self, partial: Partial) -> list[ListenerEvent]:
        if partial.begin < self._cut:
            return []
        before, self._partial = self._partial, partial
        changed = partial.text != ("" if before is None else before.text)
        events: list[ListenerEvent] = [Heard(partial.text)] if changed and partial.text else []
        return events + self._commit_early()

    def _take_final(self, final: Final) -> list[ListenerEvent]:
        words = tuple(word for word in final.words if (word.begin + word.end) / 2 > self._cut)
        if not words:
            return []
        return [self._commit(Said(join_words(words), final.heard_to, early=False, words=words))]

    def _commit_early(self) -> list[ListenerEvent]:
        partial = self._partial
        if (
            partial is None
            or not partial.text
            or self.now - self._last_speech < QUIET_SECONDS
            or partial.heard_to < self._last_speech + self._delay
            or not self._accepts(partial.text)
        ):
            return []
        return [self._commit(Said(partial.text, self.now, early=True))]

    def _accepts(self, text: str) -> bool:
        if self._would_accept is None:
            return False
        if self._accepted[0] != text:
            self._accepted = (text, self._would_accept(text))
        return self._accepted[1]

    def _commit(self, said: Said) -> Said:
        self._cut_here(said.at)
        self._said_since_asked = True
        return replace(said, quiet=max(self.now - self._last_speech, 0.0))

    def _cut_here(self, at: float) -> None:
        self._cut = max(self._cut, at)
        self._partial = None
        self._voices.clear()
        self._speaking = False
