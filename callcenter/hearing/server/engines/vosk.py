"""Vosk: Kaldi's online decoder on any Vosk model.

Four things learned from its source (recognizer.cc, model.cc of 0.3.45) shape this file:
- `SetPartialWords` takes its words from a lattice that lags a second behind, so a guess here is text without times;
- the model counts its recognisers without a lock, so they are made and freed one at a time;
- a word of a phrase that the model does not know is dropped and the phrase goes on without it, so such phrases are
  left out whole;
- AcceptWaveform only tells that an utterance has ended: until Result is asked for, it goes on. So an end found in quiet
  that nobody heard is passed over.
"""

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import structlog
import vosk

from callcenter.hearing.server.engine import UNKNOWN, BrokenModel, EngineFailed, RecognizedWord
from callcenter.hearing.server.engines.vosk_model import read_vosk_model

log = structlog.get_logger()

_WARNINGS_ONLY = -1


def open_engine(model: Path | None) -> "VoskEngine":
    """Raises BrokenModel with the mend."""
    if model is None:
        raise BrokenModel("движку «vosk» нужна модель: укажите в [ear] model каталог с моделью Vosk")
    return VoskEngine(model)


class VoskEngine:
    """One loaded Vosk model."""

    def __init__(self, directory: Path) -> None:
        self.model = read_vosk_model(directory)
        vosk.SetLogLevel(_WARNINGS_ONLY)
        try:
            self._model = vosk.Model(str(directory))
        except Exception as error:  # vosk raises nothing narrower
            raise BrokenModel(
                f"{directory}: Vosk не может загрузить модель (причина — строкой выше); распакуйте её заново"
            ) from error
        self._model_lock = threading.RLock()  # the collector may free a recogniser while this thread makes one
        self._unknown_words: set[str] = set()

    @property
    def name(self) -> str:
        return f"vosk {self.model.directory.name}"

    @property
    def takes_phrases(self) -> bool:
        return self.model.takes_phrases

    @property
    def result_delay(self) -> float:
        return self.model.result_delay

    def create_recognizer(self, *, rate: int, phrases: Sequence[str] | None) -> "VoskRecognizer":
        known = self._filter_known_phrases(phrases or ()) if self.takes_phrases else []
        with self._model_lock:
            try:
                recogniser = (
                    vosk.KaldiRecognizer(self._model, float(rate), json.dumps([*known, UNKNOWN], ensure_ascii=False))
                    if known
                    else vosk.KaldiRecognizer(self._model, float(rate))
                )
            except Exception as error:
                raise EngineFailed(f"{self.name}: no recogniser for {rate} Hz") from error
        recogniser.SetWords(True)
        return VoskRecognizer(recogniser, self._model_lock)

    def _filter_known_phrases(self, phrases: Sequence[str]) -> list[str]:
        """The phrases all of whose words the model knows; tells the log of each strange word once."""
        strange = {word for phrase in phrases for word in phrase.split() if not self._is_known_word(word)}
        if new := strange - self._unknown_words:
            self._unknown_words |= new
            log.warning("words that the model does not know", words=sorted(new), model=self.name)
        return [phrase for phrase in phrases if phrase.split() and not strange.intersection(phrase.split())]

    def _is_known_word(self, word: str) -> bool:
        return bool(self._model.vosk_model_find_word(word) >= 0)


class VoskRecognizer:
    """See Recogniser."""

    def __init__(self, recogniser: "vosk.KaldiRecognizer", counting: "threading.RLock") -> None:
        self._recogniser: vosk.KaldiRecognizer | None = recogniser
        self._model_lock = counting
        self._padding_bytes = 0
        """Bytes of quiet that the decoder was given ahead: that much later than it says, an utterance has ended."""

    def accept_audio(self, audio: bytes) -> tuple[RecognizedWord, ...] | None:
        ended = self._feed(audio)
        owed, self._padding_bytes = self._padding_bytes, max(self._padding_bytes - len(audio), 0)
        if not ended or owed:
            return None
        return _read_words(self._open_recognizer.Result())

    def feed_padding(self, quiet: bytes) -> None:
        self._feed(quiet)
        self._padding_bytes = len(quiet)

    def _feed(self, audio: bytes) -> bool:
        """Whether the utterance has ended."""
        try:
            return bool(self._open_recognizer.AcceptWaveform(audio))
        except Exception as error:
            raise EngineFailed(f"Vosk: {error}") from error

    def get_partial_text(self) -> str:
        return str(json.loads(self._open_recognizer.PartialResult()).get("partial", ""))

    def finish(self) -> tuple[RecognizedWord, ...]:
        words = _read_words(self._open_recognizer.FinalResult())
        self._free()
        return words

    def __del__(self) -> None:
        self._free()

    def _free(self) -> None:
        with self._model_lock:  # the last reference frees it
            self._recogniser = None

    @property
    def _open_recognizer(self) -> "vosk.KaldiRecognizer":
        if self._recogniser is None:
            raise EngineFailed("the recogniser was used after its end")
        return self._recogniser


def _read_words(result: str) -> tuple[RecognizedWord, ...]:
    return tuple(
        RecognizedWord(
            found["word"], float(found["start"]), float(found["end"]), min(max(float(found["conf"]), 0.0), 1.0)
        )
        for found in json.loads(result).get("result", ())
    )
