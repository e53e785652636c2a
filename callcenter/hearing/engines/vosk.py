"""Vosk: Kaldi's online decoder on any Vosk model.

Three things learned from its source (recognizer.cc, model.cc of 0.3.45) shape this file:
- `SetPartialWords` takes its words from a lattice that lags a second behind, so a guess here is text without times;
- the model counts its recognisers without a lock, so they are made and freed one at a time;
- a word of a phrase that the model does not know is dropped and the phrase goes on without it, so such phrases are
  left out whole.

And one from measuring: after 60 frames (1.8 s) of an utterance the decoder determinizes what it has. With phrases and
`[unk]` among them that takes twelve seconds of processor when nothing was said, whatever the model. So an utterance
without a word is begun anew before, in a quiet moment if there is one.
"""

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import structlog
import vosk

from callcenter.hearing.engine import UNKNOWN, BrokenModel, EngineFailed, Word
from callcenter.hearing.engines.vosk_model import read_vosk_model

log = structlog.get_logger()

_WARNINGS_ONLY = -1
_QUIET_SECONDS, _LONGEST_SECONDS = 1.0, 1.6
"""How long an utterance without a word goes on: until it is quiet, and at most."""
_QUIET = 330
"""The highest sample of a quiet piece: -40 dB below full scale."""


def open_engine(model: Path | None) -> "VoskEngine":
    """Raises BrokenModel with the mend."""
    if model is None:
        raise BrokenModel("the engine «vosk» needs a model: set [ear] model to the directory of a Vosk model")
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
                f"{directory}: Vosk cannot load it (its reason stands above); unpack the model again"
            ) from error
        self._counting = threading.RLock()  # the collector may free a recogniser while this thread makes one
        self._strange: set[str] = set()

    @property
    def name(self) -> str:
        return f"vosk {self.model.directory.name}"

    @property
    def takes_phrases(self) -> bool:
        return self.model.takes_phrases

    @property
    def delay(self) -> float:
        return self.model.delay

    def listen(self, *, rate: int, phrases: Sequence[str] | None) -> "VoskRecogniser":
        known = self._known(phrases or ()) if self.takes_phrases else []
        with self._counting:
            try:
                recogniser = (
                    vosk.KaldiRecognizer(self._model, float(rate), json.dumps([*known, UNKNOWN], ensure_ascii=False))
                    if known
                    else vosk.KaldiRecognizer(self._model, float(rate))
                )
            except Exception as error:
                raise EngineFailed(f"{self.name}: no recogniser for {rate} Hz") from error
        recogniser.SetWords(True)
        return VoskRecogniser(recogniser, self._counting, rate=rate, begins_anew=bool(known))

    def _known(self, phrases: Sequence[str]) -> list[str]:
        """The phrases all of whose words the model knows; tells the log of each strange word once."""
        strange = {word for phrase in phrases for word in phrase.split() if not self._knows(word)}
        if new := strange - self._strange:
            self._strange |= new
            log.warning("words that the model does not know", words=sorted(new), model=self.name)
        return [phrase for phrase in phrases if phrase.split() and not strange.intersection(phrase.split())]

    def _knows(self, word: str) -> bool:
        return bool(self._model.vosk_model_find_word(word) >= 0)


class VoskRecogniser:
    """See Recogniser."""

    def __init__(
        self, recogniser: "vosk.KaldiRecognizer", counting: "threading.RLock", *, rate: int, begins_anew: bool
    ) -> None:
        self._recogniser: vosk.KaldiRecognizer | None = recogniser
        self._counting = counting
        self._rate = rate
        self._begins_anew = begins_anew
        self._wordless = 0
        """Samples of an utterance in which no word was guessed."""

    def hear(self, audio: bytes) -> tuple[Word, ...] | None:
        try:
            ended = self._alive.AcceptWaveform(audio)
        except Exception as error:
            raise EngineFailed(f"Vosk: {error}") from error
        if ended:
            self._wordless = 0
            return _read_words(self._alive.Result())
        if self._begins_anew:
            self._begin_anew_if_wordless(audio)
        return None

    def _begin_anew_if_wordless(self, audio: bytes) -> None:
        self._wordless = 0 if self.guess() else self._wordless + len(audio) // 2
        sound = np.frombuffer(audio, "<i2")
        quiet = len(sound) == 0 or int(np.abs(sound.astype(np.int32)).max()) < _QUIET
        limit = _QUIET_SECONDS if quiet else _LONGEST_SECONDS
        if self._wordless >= limit * self._rate:
            self._alive.Reset()
            self._wordless = 0

    def guess(self) -> str:
        return str(json.loads(self._alive.PartialResult()).get("partial", ""))

    def finish(self) -> tuple[Word, ...]:
        words = _read_words(self._alive.FinalResult())
        self._free()
        return words

    def __del__(self) -> None:
        self._free()

    def _free(self) -> None:
        with self._counting:  # the last reference frees it
            self._recogniser = None

    @property
    def _alive(self) -> "vosk.KaldiRecognizer":
        if self._recogniser is None:
            raise EngineFailed("the recogniser was used after its end")
        return self._recogniser


def _read_words(result: str) -> tuple[Word, ...]:
    return tuple(
        Word(found["word"], float(found["start"]), float(found["end"]), min(max(float(found["conf"]), 0.0), 1.0))
        for found in json.loads(result).get("result", ())
    )
