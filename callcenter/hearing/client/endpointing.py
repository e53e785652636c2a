"""When somebody begins to speak, what they say, and when they have said it. Pure: frames and the ear's words in,
events out; time is the number of samples.

After 200 ms of quiet the ear is asked for all that was said (`FellQuiet`), for by itself it waits for more sound. How
much quiet ends an answer the dialogue says by its words (`pause`): a whole answer 200 ms, a story more. After it the
ear must end what was said (`FellSilent`), for an engine's own endpoint comes at its own time, or never, where silence
passes for that speech which is none of a question's phrases. An endpoint that comes before is no end to us: its words
are kept, and go with those that follow into one answer. It ends what is said where no quiet is to be had, or no
question stands.

The moment is the cut: words before it belong to the past and never reach the next question. The ear must be flushed at
an early cut and when it fell silent (see Listening), so that it begins anew there.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from callcenter.hearing.client.client import LegLost, LegMoved, LegRestored, Told
from callcenter.hearing.client.voice_activity import FRAME_BYTES, FRAME_SECONDS, VoiceActivityDetector
from callcenter.hearing.server.engine import UNKNOWN, RecognizedWord, join_words
from callcenter.hearing.wire import Final, Partial, Trouble

QUIET_SECONDS = 0.2
_ONSET_VOICED_SECONDS = 0.1
_ONSET_WINDOW_SECONDS = 0.3
_SPEECH_END_SECONDS = 0.7
"""Seconds of quiet after which the next voice is a new beginning, whether or not words were heard."""
_WORDLESS_SECONDS = 1.5
"""After words that the ear has ended: what sounds like speech and gives no word by then is none."""
_LONGEST_SECONDS = 20.0
"""Whoever never pauses, a television perhaps, is answered at the next endpoint."""


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

    `before_endpoint`: before the engine's endpoint; then the times of its words are not known yet.
    `trailing_silence`: seconds of sound since the last speech.
    """

    text: str
    at: float
    before_endpoint: bool
    words: tuple[RecognizedWord, ...] = ()
    trailing_silence: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class FellQuiet:
    """The ear is to tell at once what was said so far."""


@dataclass(frozen=True, slots=True)
class FellSilent:
    """What was said is over: the ear is to end it, and its words come as a Final."""


ListenerEvent = SpeechBegan | Heard | Said | FellQuiet | FellSilent


class Endpointer:
    """Listens to one leg. `accept_frame` and `handle_recognition` return what has happened, oldest first."""

    def __init__(self) -> None:
        self._vad = VoiceActivityDetector()
        self._required_pause: Callable[[str], float] | None = None
        self._judged_pause: tuple[str, float] = ("", 0.0)
        """The last text that the dialogue judged, and its judgement."""
        self._frames = 0
        self._cutoff = 0.0
        self._said_since_asked = False
        self._last_speech = 0.0
        self._partial_requested_for = self._final_requested_for = 0.0
        """The last speech after which the ear was asked for all words, and told to end them."""
        self._speaking = False
        self._voiced_times: deque[float] = deque()
        """When each voiced frame of the last moments began."""
        self._partial: Partial | None = None
        self._newest: Partial | None = None
        """The last, whether or not it belongs to the past."""
        self._known_at_cutoff = (0.0, 0)
        """Where the utterance began that was going on at the cut, and how many of its words were known by then."""
        self._final_words: tuple[RecognizedWord, ...] = ()
        """Words that the ear has ended, of an answer that may go on; `_final_to`: where the ear ended them."""
        self._final_to = 0.0

    @property
    def now(self) -> float:
        """Seconds of sound heard."""
        return round(self._frames * FRAME_SECONDS, 3)

    def start_question(self, required_pause: Callable[[str], float] | None) -> None:
        """A question is asked; `required_pause`: the seconds of quiet after which words are the answer. None: none
        stands.

        What was said before belongs to the past; after a Said, that is what came before it.
        """
        self._required_pause = required_pause
        self._judged_pause = ("", 0.0)
        if not self._said_since_asked:
            self._set_cutoff(self.now)
        self._said_since_asked = False

    def accept_frame(self, frame: bytes) -> list[ListenerEvent]:
        """Takes the next FRAME_BYTES of 8 kHz sound. Raises ValueError for another length."""
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"a frame is {FRAME_BYTES} bytes, not {len(frame)}")
        begin = self.now
        self._frames += 1
        seen = self._vad.analyze_frame(frame)
        if seen.has_speech:
            self._last_speech = self.now
        elif self.now - self._last_speech >= _SPEECH_END_SECONDS:
            self._speaking = False
        events: list[ListenerEvent] = []
        if seen.has_near_voice:
            self._voiced_times.append(begin)
        while self._voiced_times and self._voiced_times[0] <= self.now - _ONSET_WINDOW_SECONDS:
            self._voiced_times.popleft()
        if not self._speaking and len(self._voiced_times) * FRAME_SECONDS >= _ONSET_VOICED_SECONDS:
            self._speaking = True
            events.append(SpeechBegan(self._voiced_times[0]))
        return events + (self._end_early() or self._end_if_final() or self._check_silence())

    def handle_recognition(self, told: Told) -> list[ListenerEvent]:
        """Takes what the ear says."""
        match told:
            case Partial():
                return self._handle_partial(told)
            case Final():
                return self._handle_final(told)
            case LegLost():
                self._partial = None
                return self._end_with_final_words()
            case LegRestored() | LegMoved() | Trouble():
                self._partial = None
        return []

    def _handle_partial(self, partial: Partial) -> list[ListenerEvent]:
        newest, self._newest = self._newest, partial
        if partial.begin < self._cutoff:
            return [] if newest is not None and newest.text == partial.text else self._report_past_cutoff(partial)
        before, self._partial = self._partial, partial
        changed = partial.text != ("" if before is None else before.text)
        if changed and before is not None and before.complete_to >= self._last_speech == self._partial_requested_for:
            self._last_speech = self.now  # the ear hears words where no speech was seen
        events: list[ListenerEvent] = [Heard(self._text)] if changed and partial.text else []
        return events + self._end_early()

    def _report_past_cutoff(self, partial: Partial) -> list[ListenerEvent]:
        """Of words said over the cut only a Final knows on which side they lie; until then they are no answer."""
        begin, known = self._known_at_cutoff
        words = partial.text.split()[known if begin == partial.begin else 0 :]
        return [Heard(" ".join(words))] if words else []

    def _handle_final(self, final: Final) -> list[ListenerEvent]:
        words = tuple(word for word in final.words if (word.begin + word.end) / 2 > self._cutoff)
        if not words:
            return []
        self._final_words += words
        self._final_to = final.processed_to
        self._partial = Partial("", final.processed_to, final.processed_to, final.processed_to)
        return self._end_if_final()

    def _check_silence(self) -> list[ListenerEvent]:
        """Once after each speech."""
        quiet = self.now - self._last_speech
        if self._required_pause is None or quiet < QUIET_SECONDS:
            return []
        if self._partial_requested_for != self._last_speech:
            self._partial_requested_for = self._last_speech
            return [FellQuiet()]
        if (
            self._final_requested_for == self._last_speech
            or not self._is_partial_complete
            or quiet < self._find_required_pause(self._required_pause)
        ):
            return []
        self._final_requested_for = self._last_speech
        return [FellSilent()]

    def _end_early(self) -> list[ListenerEvent]:
        """A whole answer need not wait for the ear to end it."""
        if (
            self._required_pause is None
            or self.now - self._last_speech < QUIET_SECONDS
            or not self._is_partial_complete
        ):
            return []
        if self._find_required_pause(self._required_pause) > QUIET_SECONDS:
            return []
        return [self._end_utterance(Said(self._text, self.now, before_endpoint=True))]

    def _end_if_final(self) -> list[ListenerEvent]:
        """What the ear has ended is said, unless its speaker goes on or may be about to."""
        partial = self._partial
        if not self._final_words or self._partial_text:
            return []
        if self._required_pause is not None:
            heard_all = partial is not None and not partial.text and partial.complete_to >= self._last_speech
            pause = self._find_required_pause(self._required_pause)
            over = (
                pause <= QUIET_SECONDS
                or (heard_all and self.now - self._last_speech >= pause)
                or self.now - self._final_to >= _WORDLESS_SECONDS
                or self._final_to - self._final_words[0].begin >= _LONGEST_SECONDS
            )
            if not over:
                return []
        return self._end_with_final_words()

    def _end_with_final_words(self) -> list[ListenerEvent]:
        if not self._final_words:
            return []
        return [self._end_utterance(Said(self._text, self._final_to, before_endpoint=False, words=self._final_words))]

    @property
    def _text(self) -> str:
        """All that was said so far."""
        return " ".join(text for text in (join_words(self._final_words), self._partial_text) if text)

    @property
    def _partial_text(self) -> str:
        """The words that the ear has not ended. A voice that says none it knows does not go on with an answer."""
        text = "" if self._partial is None else self._partial.text
        return "" if self._final_words and all(word == UNKNOWN for word in text.split()) else text

    @property
    def _is_partial_complete(self) -> bool:
        """Whether there are words that the ear has not ended, and it has heard all of them."""
        partial = self._partial
        return partial is not None and bool(partial.text) and partial.complete_to >= self._last_speech

    def _find_required_pause(self, pause: Callable[[str], float]) -> float:
        text = self._text
        if not self._judged_pause[1] or self._judged_pause[0] != text:
            self._judged_pause = (text, pause(text))
        return self._judged_pause[1]

    def _end_utterance(self, said: Said) -> Said:
        self._set_cutoff(said.at)
        self._partial_requested_for = self._final_requested_for = self._last_speech
        self._said_since_asked = True
        return replace(said, trailing_silence=max(self.now - self._last_speech, 0.0))

    def _set_cutoff(self, at: float) -> None:
        self._cutoff = max(self._cutoff, at)
        if self._newest is not None:
            self._known_at_cutoff = (self._newest.begin, len(self._newest.text.split()))
        self._partial = None
        self._final_words = ()
        self._voiced_times.clear()
        self._speaking = False
