"""When somebody begins to speak, what they say, and when they have said it. Pure: frames and the ear's words in,
events out; time is the number of samples.

After 200 ms of quiet the ear is asked for all that was said (`FellQuiet`), for by itself it waits for more sound. If
the dialogue says that the words are a whole answer (`would_accept`), it is complete. If not, it is after 600 ms of
quiet (`FellSilent`): an engine's own endpoint comes later, or never, where silence passes for that speech which is none
of a question's phrases. It still ends what is said where no quiet is to be had, or no question stands.

The moment is the cut: words before it belong to the past and never reach the next question. The ear must be flushed at
an early cut and when it fell silent (see Listening), so that it begins anew there.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from callcenter.hearing.client import EarBack, EarLost, EarMoved, Told
from callcenter.hearing.engine import Word, join_words
from callcenter.hearing.presence import FRAME_BYTES, FRAME_SECONDS, Presence
from callcenter.hearing.wire import Final, Partial, Trouble

QUIET_SECONDS = 0.2
SILENT_SECONDS = 0.6
"""Callers who give an address or read figures make shorter pauses, mostly."""
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


@dataclass(frozen=True, slots=True)
class FellQuiet:
    """The ear is to tell at once what was said so far."""


@dataclass(frozen=True, slots=True)
class FellSilent:
    """What was said is over: the ear is to end it, and its words come as a Final."""


ListenerEvent = SpeechBegan | Heard | Said | FellQuiet | FellSilent


class Listener:
    """Listens to one leg. `hear` and `take` return what has happened, oldest first."""

    def __init__(self) -> None:
        self._presence = Presence()
        self._would_accept: Callable[[str], bool] | None = None
        self._accepted: tuple[str, bool] = ("", False)
        """The last text that the dialogue judged, and its judgement."""
        self._frames = 0
        self._cut = 0.0
        self._said_since_asked = False
        self._last_speech = 0.0
        self._settled = self._ended = 0.0
        """The last speech after which the ear was asked for all words, and told to end them."""
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
        return events + (self._commit_early() or self._notice_quiet())

    def take(self, told: Told) -> list[ListenerEvent]:
        """Takes what the ear says."""
        match told:
            case Partial():
                return self._take_partial(told)
            case Final():
                return self._take_final(told)
            case EarBack() | EarMoved() | EarLost() | Trouble():
                self._partial = None
        return []

    def _take_partial(self, partial: Partial) -> list[ListenerEvent]:
        if partial.begin < self._cut:
            return []
        before, self._partial = self._partial, partial
        changed = partial.text != ("" if before is None else before.text)
        if changed and before is not None and before.sure_to >= self._last_speech == self._settled:
            self._last_speech = self.now  # the ear hears words where no speech was seen
        events: list[ListenerEvent] = [Heard(partial.text)] if changed and partial.text else []
        return events + self._commit_early()

    def _take_final(self, final: Final) -> list[ListenerEvent]:
        words = tuple(word for word in final.words if (word.begin + word.end) / 2 > self._cut)
        if not words:
            return []
        return [self._commit(Said(join_words(words), final.heard_to, early=False, words=words))]

    def _notice_quiet(self) -> list[ListenerEvent]:
        """Once after each speech."""
        quiet = self.now - self._last_speech
        if self._would_accept is None or quiet < QUIET_SECONDS:
            return []
        if self._settled != self._last_speech:
            self._settled = self._last_speech
            return [FellQuiet()]
        partial = self._partial
        if (
            quiet < SILENT_SECONDS
            or self._ended == self._last_speech
            or partial is None
            or not partial.text
            or partial.sure_to < self._last_speech
        ):
            return []
        self._ended = self._last_speech
        return [FellSilent()]

    def _commit_early(self) -> list[ListenerEvent]:
        partial = self._partial
        if (
            partial is None
            or not partial.text
            or self.now - self._last_speech < QUIET_SECONDS
            or partial.sure_to < self._last_speech
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
        self._settled = self._ended = self._last_speech
        self._said_since_asked = True
        return replace(said, quiet=max(self.now - self._last_speech, 0.0))

    def _cut_here(self, at: float) -> None:
        self._cut = max(self._cut, at)
        self._partial = None
        self._voices.clear()
        self._speaking = False
