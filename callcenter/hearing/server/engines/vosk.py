"""Engine for Vosk models (Kaldi's online decoder).

Four properties of Vosk 0.3.45, found in its source (recognizer.cc, model.cc), shape this file:
- `SetPartialWords` takes words from a lattice that is a second late, so a partial result here is text without times.
- The model's reference count has no lock, so recognizers are created and freed one at a time.
- Vosk drops a word that the model does not know from a phrase and keeps the rest, so such phrases are left out whole.
- AcceptWaveform only reports the end of an utterance; until Result is called the utterance continues. So an end that is
  detected in padding can be ignored.
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
    """Load a Vosk model. Raises BrokenModel, whose message says how to repair it."""
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
        # Reentrant: the garbage collector may free a recognizer in the thread that is creating one.
        self._model_lock = threading.RLock()
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
        """Phrases whose words are all in the model's vocabulary. Each unknown word is logged once."""
        strange = {word for phrase in phrases for word in phrase.split() if not self._is_known_word(word)}
        if new := strange - self._unknown_words:
            self._unknown_words |= new
            log.warning("words that the model does not know", words=sorted(new), model=self.name)
        return [phrase for phrase in phrases if phrase.split() and not strange.intersection(phrase.split())]

    def _is_known_word(self, word: str) -> bool:
        return bool(self._model.vosk_model_find_word(word) >= 0)


class VoskRecognizer:
    """See Recognizer."""

    def __init__(self, recogniser: "vosk.KaldiRecognizer", counting: "threading.RLock") -> None:
        self._recogniser: vosk.KaldiRecognizer | None = recogniser
        self._model_lock = counting
        self._padding_bytes = 0
        """Bytes of padding not yet followed by as much real audio. Until then an end of the utterance is ignored."""

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
        """Returns whether Vosk reports the end of the utterance."""
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
        with self._model_lock:  # dropping the last reference frees the native recognizer
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
