"""Endpointing of one leg: detects when the speaker begins, what they say, and when the utterance is complete.

It maps audio frames and the recognition server's results to events. It does no I/O; time is counted in frames.

Rules:
- After 200 ms of silence `PartialRequested` requests a complete partial result, because the recognizer itself would
  wait for more audio.
- The dialogue decides by the words how much silence completes an answer (`required_pause`): 200 ms for a whole answer,
  more for a story. Then `UtteranceEndRequested` ends the utterance. The engine's own endpoint is not used for this: it
  comes late, or never when silence matches `[unk]`, the speech outside the question's phrases.
- An earlier engine endpoint does not complete an answer. Its words are kept and joined with the following words. It
  completes the answer only when the speaker never pauses, or when no question is pending.
- The end of an answer is the cutoff, and so is the start of a question: words before the cutoff never reach the next
  question. After `UtteranceEndRequested`, and after an `UtteranceEnded` with `before_endpoint`, the utterance must be
  ended on the server too (see LegRecognition), so that recognition restarts at the cutoff.
- The events here know seconds and words; `PooledRecognitionStream` turns them into those of the dialogue, which know
  the question (`turn`) and stand on the tapes.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from callcenter.hearing.client.client import LegEvent, LegLost, LegMoved, LegRestored
from callcenter.hearing.client.voice_activity import FRAME_BYTES, FRAME_SECONDS, VoiceActivityDetector
from callcenter.hearing.server.engine import UNKNOWN, RecognizedWord, join_words
from callcenter.hearing.wire import Final, Partial, Trouble

QUIET_SECONDS = 0.2
"""Silence before a complete partial result is requested; the shortest pause that can complete an answer."""
_ONSET_VOICED_SECONDS = 0.1
_ONSET_WINDOW_SECONDS = 0.3
"""Speech begins when the near-voice frames within the window add up to _ONSET_VOICED_SECONDS."""
_SPEECH_END_SECONDS = 0.7
"""Seconds of silence after which the next voice is a new SpeechStarted, even if no words were recognized."""
_WORDLESS_SECONDS = 1.5
"""Seconds after a final result without another word that complete the answer, even if sound like speech continues."""
_LONGEST_SECONDS = 20.0
"""Seconds of an utterance after which the next engine endpoint completes it: for sound without pauses, as from a TV."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """A person began to speak at second `at`. Reported 100 to 300 ms later, long before the first word is known."""

    at: float


@dataclass(frozen=True, slots=True)
class PartialUtterance:
    """Partial result: the words so far of the current utterance. They may still change."""

    text: str


@dataclass(frozen=True, slots=True)
class UtteranceEnded:
    """An utterance is complete; it ended at second `at`. Empty text: speech, but none of the expected phrases.

    `before_endpoint`: completed before the engine's endpoint, so `words` (with their times) is empty.
    `trailing_silence`: seconds of audio since the last speech.
    """

    text: str
    at: float
    before_endpoint: bool
    words: tuple[RecognizedWord, ...] = ()
    trailing_silence: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class PartialRequested:
    """Request to the owner: get a complete partial result from the server."""


@dataclass(frozen=True, slots=True)
class UtteranceEndRequested:
    """Request to the owner: end the utterance on the server. Its words come as a Final."""


EndpointerEvent = SpeechStarted | PartialUtterance | UtteranceEnded | PartialRequested | UtteranceEndRequested


class Endpointer:
    """Endpointer of one leg. `accept_frame` and `handle_recognition` return new events, oldest first."""

    def __init__(self) -> None:
        self._vad = VoiceActivityDetector()
        self._required_pause: Callable[[str], float] | None = None
        self._judged_pause: tuple[str, float] = ("", 0.0)
        """The last text given to `required_pause`, and the seconds it returned."""
        self._frames = 0
        self._cutoff = 0.0
        self._said_since_asked = False
        self._last_speech = 0.0
        self._partial_requested_for = self._final_requested_for = 0.0
        """Values of `_last_speech` at the last PartialRequested and the last UtteranceEndRequested: each is sent once
        after a speech."""
        self._speaking = False
        self._voiced_times: deque[float] = deque()
        """Start time of each near-voice frame within the onset window."""
        self._partial: Partial | None = None
        """Last partial result of an utterance that began after the cutoff."""
        self._newest: Partial | None = None
        """Last partial result, also of an utterance that began before the cutoff."""
        self._known_at_cutoff = (0.0, 0)
        """Begin of the utterance that was in progress at the cutoff, and number of its words known by then."""
        self._final_words: tuple[RecognizedWord, ...] = ()
        """Words of the final results of an answer that may continue; `_final_to`: end of the last of these results."""
        self._final_to = 0.0

    @property
    def now(self) -> float:
        """Seconds of audio so far."""
        return round(self._frames * FRAME_SECONDS, 3)

    def start_question(self, required_pause: Callable[[str], float] | None) -> None:
        """Begin a question. `required_pause` maps the words so far to the seconds of silence that complete the answer.

        None: no question is pending. Speech before now never reaches the question; when an utterance was completed
        since the last question, the cutoff stays at the end of that utterance instead.
        """
        self._required_pause = required_pause
        self._judged_pause = ("", 0.0)
        if not self._said_since_asked:
            self._set_cutoff(self.now)
        self._said_since_asked = False

    def accept_frame(self, frame: bytes) -> list[EndpointerEvent]:
        """Analyze the next FRAME_BYTES of 8 kHz audio. Raises ValueError for another length."""
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"a frame is {FRAME_BYTES} bytes, not {len(frame)}")
        begin = self.now
        self._frames += 1
        seen = self._vad.analyze_frame(frame)
        if seen.has_speech:
            self._last_speech = self.now
        elif self.now - self._last_speech >= _SPEECH_END_SECONDS:
            self._speaking = False
        events: list[EndpointerEvent] = []
        if seen.has_near_voice:
            self._voiced_times.append(begin)
        while self._voiced_times and self._voiced_times[0] <= self.now - _ONSET_WINDOW_SECONDS:
            self._voiced_times.popleft()
        if not self._speaking and len(self._voiced_times) * FRAME_SECONDS >= _ONSET_VOICED_SECONDS:
            self._speaking = True
            events.append(SpeechStarted(self._voiced_times[0]))
        return events + (self._end_early() or self._end_if_final() or self._check_silence())

    def handle_recognition(self, told: LegEvent) -> list[EndpointerEvent]:
        """Process an event of the leg: the server's results, or its loss."""
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

    def _handle_partial(self, partial: Partial) -> list[EndpointerEvent]:
        newest, self._newest = self._newest, partial
        if partial.begin < self._cutoff:
            return [] if newest is not None and newest.text == partial.text else self._report_past_cutoff(partial)
        before, self._partial = self._partial, partial
        changed = partial.text != ("" if before is None else before.text)
        if changed and before is not None and before.complete_to >= self._last_speech == self._partial_requested_for:
            self._last_speech = self.now  # the recognizer found words where the VAD saw silence
        events: list[EndpointerEvent] = [PartialUtterance(self._text)] if changed and partial.text else []
        return events + self._end_early()

    def _report_past_cutoff(self, partial: Partial) -> list[EndpointerEvent]:
        """Report the new words of an utterance that spans the cutoff as PartialUtterance, never as an answer.

        Only a Final has word times, so only a Final can tell which words lie after the cutoff.
        """
        begin, known = self._known_at_cutoff
        words = partial.text.split()[known if begin == partial.begin else 0 :]
        return [PartialUtterance(" ".join(words))] if words else []

    def _handle_final(self, final: Final) -> list[EndpointerEvent]:
        words = tuple(word for word in final.words if (word.begin + word.end) / 2 > self._cutoff)
        if not words:
            return []
        self._final_words += words
        self._final_to = final.processed_to
        self._partial = Partial("", final.processed_to, final.processed_to, final.processed_to)
        return self._end_if_final()

    def _check_silence(self) -> list[EndpointerEvent]:
        """Request a complete partial, then the end of the utterance; each once after the last speech."""
        quiet = self.now - self._last_speech
        if self._required_pause is None or quiet < QUIET_SECONDS:
            return []
        if self._partial_requested_for != self._last_speech:
            self._partial_requested_for = self._last_speech
            return [PartialRequested()]
        if (
            self._final_requested_for == self._last_speech
            or not self._is_partial_complete
            or quiet < self._find_required_pause(self._required_pause)
        ):
            return []
        self._final_requested_for = self._last_speech
        return [UtteranceEndRequested()]

    def _end_early(self) -> list[EndpointerEvent]:
        """Complete the utterance from a partial result when QUIET_SECONDS of silence are enough for its words."""
        if (
            self._required_pause is None
            or self.now - self._last_speech < QUIET_SECONDS
            or not self._is_partial_complete
        ):
            return []
        if self._find_required_pause(self._required_pause) > QUIET_SECONDS:
            return []
        return [self._end_utterance(UtteranceEnded(self._text, self.now, before_endpoint=True))]

    def _end_if_final(self) -> list[EndpointerEvent]:
        """Complete the utterance from the final words, unless the speaker continues or may continue."""
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

    def _end_with_final_words(self) -> list[EndpointerEvent]:
        if not self._final_words:
            return []
        return [
            self._end_utterance(
                UtteranceEnded(self._text, self._final_to, before_endpoint=False, words=self._final_words)
            )
        ]

    @property
    def _text(self) -> str:
        """All words so far: the final ones and the partial ones."""
        return " ".join(text for text in (join_words(self._final_words), self._partial_text) if text)

    @property
    def _partial_text(self) -> str:
        """Words of the partial result. `[unk]` alone (speech outside the phrases) does not continue final words."""
        text = "" if self._partial is None else self._partial.text
        return "" if self._final_words and all(word == UNKNOWN for word in text.split()) else text

    @property
    def _is_partial_complete(self) -> bool:
        """Whether the partial result has words, and misses none up to the last speech."""
        partial = self._partial
        return partial is not None and bool(partial.text) and partial.complete_to >= self._last_speech

    def _find_required_pause(self, pause: Callable[[str], float]) -> float:
        text = self._text
        if not self._judged_pause[1] or self._judged_pause[0] != text:
            self._judged_pause = (text, pause(text))
        return self._judged_pause[1]

    def _end_utterance(self, said: UtteranceEnded) -> UtteranceEnded:
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
