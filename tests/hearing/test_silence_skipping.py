"""What nobody says is not decoded, and no word is lost for it: real Vosk and the tones' engine."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from callcenter.hearing.server.engine import RATE, Engine, RecognizedWord, Recognizer, load_engine
from callcenter.hearing.server.silence_skipping import SilenceSkippingRecognizer
from tests.hearing.sound import Sound, cut, round_off
from tests.stand_ins.tone_model import write_tone_model
from tests.stand_ins.tones import ToneEngine, say_in_tones, silence

ANSWERS = ("да", "нет")


@dataclass
class Counted:
    """An engine that tells how many recognisers were asked for, and how many bytes of sound they were given."""

    engine: Engine = field(default_factory=ToneEngine)
    asked: int = 0
    given: int = 0

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def takes_phrases(self) -> bool:
        return self.engine.takes_phrases

    @property
    def result_delay(self) -> float:
        return self.engine.result_delay

    def create_recognizer(self, *, rate: int, phrases: Sequence[str] | None) -> "CountedRecogniser":
        self.asked += 1
        return CountedRecogniser(self, self.engine.create_recognizer(rate=rate, phrases=phrases))


@dataclass
class CountedRecogniser:
    counted: Counted
    recogniser: Recognizer

    def accept_audio(self, audio: bytes) -> tuple[RecognizedWord, ...] | None:
        self.counted.given += len(audio)
        return self.recogniser.accept_audio(audio)

    def feed_padding(self, quiet: bytes) -> None:
        self.recogniser.feed_padding(quiet)

    def get_partial_text(self) -> str:
        return self.recogniser.get_partial_text()

    def finish(self) -> tuple[RecognizedWord, ...]:
        return self.recogniser.finish()


@pytest.fixture(scope="module")
def vosk(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return load_engine(
        "callcenter.hearing.server.engines.vosk", write_tone_model(tmp_path_factory.mktemp("model"), (*ANSWERS, "вода"))
    )


def begin(engine: Engine, phrases: Sequence[str] | None = ANSWERS) -> SilenceSkippingRecognizer:
    return SilenceSkippingRecognizer(engine, rate=RATE, phrases=phrases)


def hear(recogniser: SilenceSkippingRecognizer, sound: Sound) -> list[RecognizedWord]:
    return [word for piece in cut(sound, seconds=0.1) for word in recogniser.accept_audio(piece) or ()]


def hum(seconds: float) -> Sound:
    """Loud enough to be no quiet, and below everything a model listens to."""
    return round_off(600 * np.sin(np.arange(int(seconds * RATE)) * (2 * np.pi * 50 / RATE)))


@pytest.mark.parametrize("seconds", np.arange(0.3, 2.3, 0.13).round(2))
@pytest.mark.parametrize("line", [silence, hum])
def test_a_lone_word_is_heard_whenever_it_comes(vosk: Engine, line: object, seconds: float) -> None:
    """Begun anew in the middle of it, a recogniser would hear something else, or nothing."""
    assert callable(line)
    answer = say_in_tones("нет")
    sound = np.clip(line(seconds + len(answer) / RATE + 1.1), -32768, 32767)
    sound[int(seconds * RATE) :][: len(answer)] += answer
    recogniser = begin(vosk)
    (word,) = hear(recogniser, sound) or recogniser.finish()
    assert word.text == "нет"
    assert word.begin == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize("phrases", [ANSWERS, None])
def test_silence_is_not_decoded(phrases: Sequence[str] | None) -> None:
    counted = Counted()
    recogniser = begin(counted, phrases)
    assert hear(recogniser, silence(20)) == []
    assert recogniser.is_idle
    assert counted.given / 2 / RATE == pytest.approx(1.0, abs=0.11)


def test_nothing_but_noise_never_becomes_a_long_utterance(vosk: Engine) -> None:
    """Where every 1.8 s the decoder would determinize what it has."""
    counted = Counted(vosk)
    assert hear(begin(counted), hum(8)) == []
    assert counted.asked == 1 + 7
    assert counted.given / 2 / RATE == pytest.approx(8 + 7 * 0.6)


def test_who_goes_on_after_a_rest_is_heard_by_the_same_recogniser_and_with_the_right_times() -> None:
    counted = Counted()
    recogniser = begin(counted, None)
    words = hear(recogniser, np.concatenate([say_in_tones("вода"), silence(5), say_in_tones("свет"), silence(3)]))
    assert [(word.text, word.begin) for word in words] == [
        ("вода", pytest.approx(0.0, abs=0.03)),
        ("свет", pytest.approx(5.62, abs=0.03)),
    ]
    assert counted.asked == 1


def test_what_is_still_guessed_when_it_stays_quiet_has_been_said() -> None:
    class Endless(Counted):
        """Its utterances have no end of their own."""

        def create_recognizer(self, *, rate: int, phrases: Sequence[str] | None) -> CountedRecogniser:
            class NeverEnding(CountedRecogniser):
                def accept_audio(self, audio: bytes) -> tuple[RecognizedWord, ...] | None:
                    self.said = (*getattr(self, "said", ()), *(super().accept_audio(audio) or ()))
                    return None

                def get_partial_text(self) -> str:
                    return " ".join(word.text for word in self.said)

                def finish(self) -> tuple[RecognizedWord, ...]:
                    return self.said

            return NeverEnding(self, self.engine.create_recognizer(rate=rate, phrases=phrases))

    assert [word.text for word in hear(begin(Endless()), np.concatenate([say_in_tones("нет"), silence(2)]))] == ["нет"]


def test_a_lone_short_word_that_is_no_guess_before_its_end_is_heard() -> None:
    """A quick «да» or «газ» is the likeliest path only once the decoder knows that nothing follows."""

    class Guessless(Counted):
        def create_recognizer(self, *, rate: int, phrases: Sequence[str] | None) -> CountedRecogniser:
            class NeverGuessing(CountedRecogniser):
                def accept_audio(self, audio: bytes) -> tuple[RecognizedWord, ...] | None:
                    self.said = (*getattr(self, "said", ()), *(super().accept_audio(audio) or ()))
                    return None

                def get_partial_text(self) -> str:
                    return ""

                def finish(self) -> tuple[RecognizedWord, ...]:
                    return self.said

            self.asked += 1
            return NeverGuessing(self, self.engine.create_recognizer(rate=rate, phrases=phrases))

    counted = Guessless()
    recogniser = begin(counted, None)
    (word,) = hear(recogniser, np.concatenate([silence(3), say_in_tones("да"), silence(2)]))
    assert (word.text, word.begin) == ("да", pytest.approx(3.0, abs=0.03))
    assert hear(recogniser, silence(5)) == []
    assert counted.asked == 2


def test_a_settled_guess_waits_for_no_more_sound(tmp_path: Path) -> None:
    """The decoder takes sound by the chunk; given quiet to fill it, it tells all it heard."""
    model = write_tone_model(tmp_path, ANSWERS)
    configuration = model / "conf" / "model.conf"
    configuration.write_text(configuration.read_text().replace("--frames-per-chunk=6", "--frames-per-chunk=81"))
    recogniser = begin(load_engine("callcenter.hearing.server.engines.vosk", model), None)
    hear(recogniser, np.concatenate([silence(0.5), say_in_tones("да нет"), silence(0.12)]))
    assert recogniser.get_partial_text() != "да нет"
    recogniser.complete_partial()
    assert recogniser.get_partial_text() == "да нет"


def test_settling_ends_nothing_and_moves_no_time(vosk: Engine) -> None:
    recogniser = begin(vosk, None)
    assert hear(recogniser, np.concatenate([silence(0.5), say_in_tones("да"), silence(0.12)])) == []
    for _ in range(3):
        recogniser.complete_partial()
    assert hear(recogniser, np.concatenate([say_in_tones("вода"), silence(0.18)])) == []
    recogniser.complete_partial()
    words = hear(recogniser, silence(1.5))
    assert [word.text for word in words] == ["да", "вода"]
    assert [word.begin for word in words] == pytest.approx([0.5, 1.0], abs=0.05)
    assert words[-1].end == pytest.approx(1.48, abs=0.1)
