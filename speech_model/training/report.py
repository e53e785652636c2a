"""What the committed weights hear: `python -m speech_model.training.report WORK`, or `make model-report`.

Everything passes A-law at 8 kHz and the real KaldiRecognizer. Rows tell the number of distinct recordings and a 95 %
interval, found by drawing recordings with replacement.
"""

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import vosk
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from callcenter.hearing.model_factory.sentences import Sentences, say_number
from callcenter.hearing.model_factory.stress import StressDictionary
from callcenter.hearing.model_factory.text import TrainingText, build_text
from callcenter.hearing.server.engine import UNKNOWN
from speech_model.training.built import build_apart
from speech_model.training.recordings import Recording, read_recordings
from speech_model.training.sound import RATE, Samples, change_rate, read_sound
from speech_model.training.split import read_split
from speech_model.training.telephone import a_law, add_noise, lose_packets
from speech_model.training.voices import ESPEAK_DEVELOPMENT, ESPEAK_TEST, say_with_espeak, say_with_retro

_TREE = Path(__file__).resolve().parents[2]
_DRAWS = 1000
_SENTENCES = 80
_PIECE = 1600
_DIGITS = ["ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"]
_NUMBERS = [say_number(number) for number in (*range(10, 20), *range(20, 100, 10), 100)]
_YES = ("да", "верно", "правильно", "конечно", "всё верно", "да верно", "согласен")
_NO = ("нет", "неверно", "неправильно", "не надо", "нет спасибо", "нет неверно")
_AGREES = {"да", "верно", "правильно", "конечно", "согласен"}
_REFUSES = {"нет", "неверно", "неправильно", "надо"}


@dataclass(frozen=True, slots=True)
class Heard:
    """One recording: its errors and words."""

    name: str
    errors: int
    words: int


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    goal: str
    share: float
    low: float
    high: float
    recordings: int

    def line(self) -> str:
        return (
            f"| {self.title} | {self.goal} | **{_short(self.share)}** | {_short(self.low)}-{_short(self.high)} | "
            f"{self.recordings} |"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--part", choices=("dev", "test"), default="test", help="dev is for choices")
    options = parser.parse_args(arguments)
    vosk.SetLogLevel(-1)
    split = read_split()
    recordings = [one for one in read_recordings(options.work / "packages") if split[one.name] == options.part]
    print("| test | goal | result | 95 % | recordings |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(dir=options.work) as directory:
        for row in _rows(recordings, Path(directory), options.part):
            print(row.line() if isinstance(row, Row) else row, flush=True)


def _rows(recordings: Sequence[Recording], directory: Path, part: str) -> Iterator[Row | str]:
    stress, chance = StressDictionary.read(), random.Random(4)
    him = [one for one in recordings if one.name.startswith("him/")]
    her = [one for one in recordings if one.name.startswith("her/")]
    company = build_text(knowledge=_TREE / "knowledge_base", scripts=_TREE / "ivr_scripts")
    domain = _with_words(company, her)
    built = time.monotonic()
    words = build_apart(directory / "domain", domain)
    built = time.monotonic() - built
    before, begun = _memory(), time.monotonic()
    ear = Ear(directory / "domain")
    loaded = time.monotonic() - begun

    numbers = [one for one in her if one.text in _DIGITS + _NUMBERS]
    grammar = [*_DIGITS, *_NUMBERS, UNKNOWN]
    if numbers:
        yield rate("her number words, number grammar", "WER ≤ .03", [ear.listen(one, grammar) for one in numbers])
    if part == "test":
        yield rate(
            "her 6-figure strings, figure grammar", "WER ≤ .03", list(_measure_digit_strings(ear, numbers, chance))
        )
    yield from _confirmations(ear, chance, part)
    yield rate(f"her prompts, domain model, {words} words", "WER ≤ .20", [ear.listen(one) for one in her])
    made = [sentence for sentence in Sentences.read().generate(3 * _SENTENCES, random.Random(99)) if " " in sentence]
    sentences = list(dict.fromkeys(made))[:_SENTENCES]
    for voice, say in _voices(chance, stress, part):
        said = [(sentence, say(sentence)) for sentence in sentences]
        for line, limit, change in _list_line_conditions():
            heard = [ear.hear(voice, sentence, change(sound)) for sentence, sound in said]
            yield rate(f"{voice}, domain sentences, {line}", f"WER ≤ {limit}", heard)
    yield f"| real-time factor | ≤ .03 | **{ear.factor:.3f}** | | {ear.count} |"
    yield f"| load, seconds | ≤ .5 | **{loaded:.2f}** | | |"
    yield f"| memory a stream, MB (model: {_memory() - before:.0f} MB more in all) | ≤ 4 | **{ear.stream():.1f}** | | |"
    yield f"| building the model directory, seconds | | {built:.1f} | | |"
    everyday = (_TREE / "speech_model" / "everyday.txt").read_text(encoding="utf-8").splitlines()
    general = TrainingText(
        frozenset(word for line in everyday for word in line.split()), tuple((line, 1.0) for line in everyday)
    )
    words = build_apart(directory / "general", _with_words(general, [*him, *her]))
    ear = Ear(directory / "general")
    yield rate(f"his sentences, no domain model, {words} words", "WER ≤ .30", [ear.listen(one) for one in him])


class Ear:
    """A model and what it costs."""

    def __init__(self, model: Path) -> None:
        self._model = vosk.Model(str(model))
        self._seconds = self._spent = 0.0
        self.count = 0

    @property
    def factor(self) -> float:
        return self._spent / max(self._seconds, 1e-9)

    def stream(self) -> float:
        """Megabytes of one more recogniser that listens, from twenty of them."""
        noise = (np.random.default_rng(1).normal(size=2 * RATE) * 50).astype("<i2").tobytes()
        before = _memory()
        recognisers = [vosk.KaldiRecognizer(self._model, float(RATE)) for _ in range(20)]
        for recogniser in recognisers:
            recogniser.AcceptWaveform(noise)
        return (_memory() - before) / len(recognisers)

    def listen(self, one: Recording, grammar: Sequence[str] | None = None) -> Heard:
        sound, rate_of = read_sound(one.file)
        return self.hear(one.name, one.text, change_rate(sound, rate_of, RATE), grammar)

    def hear(self, name: str, text: str, sound: Samples, grammar: Sequence[str] | None = None) -> Heard:
        expected = _fold(text).split()
        heard = [word for word in _fold(self.words(sound, grammar)).split() if word != UNKNOWN]
        return Heard(name, Levenshtein.distance(heard, expected), len(expected))

    def words(self, sound: Samples, grammar: Sequence[str] | None = None) -> str:
        line = _pass_through_line(sound)
        begun = time.thread_time()
        recogniser = (
            vosk.KaldiRecognizer(self._model, float(RATE), json.dumps(list(grammar), ensure_ascii=False))
            if grammar
            else vosk.KaldiRecognizer(self._model, float(RATE))
        )
        told = []
        for at in range(0, len(line), _PIECE):
            if recogniser.AcceptWaveform(line[at : at + _PIECE].tobytes()):
                told.append(json.loads(recogniser.Result())["text"])
        told.append(json.loads(recogniser.FinalResult())["text"])
        self._spent += time.thread_time() - begun
        self._seconds += len(line) / RATE
        self.count += 1
        return " ".join(filter(None, told))


def rate(title: str, goal: str, heard: Sequence[Heard]) -> Row:
    """Errors a word, with an interval over the recordings."""
    errors, words = np.array([one.errors for one in heard]), np.array([one.words for one in heard])
    draws = np.random.default_rng(7).integers(len(heard), size=(_DRAWS, len(heard)))
    low, high = np.quantile(errors[draws].sum(axis=1) / words[draws].sum(axis=1), [0.025, 0.975])
    return Row(title, goal, errors.sum() / words.sum(), float(low), float(high), len(heard))


def _measure_digit_strings(ear: Ear, numbers: Sequence[Recording], chance: random.Random) -> Iterator[Heard]:
    """Her ten figures, put together by six."""
    sounds = {one.text: change_rate(*read_sound(one.file), RATE) for one in numbers if one.text in _DIGITS}
    for number in range(60):
        figures = [chance.choice(_DIGITS) for _ in range(6)]
        sound = np.concatenate([sounds[figure] for figure in figures])
        yield ear.hear(f"string {number}", " ".join(figures), sound, [*_DIGITS, UNKNOWN])


def _confirmations(ear: Ear, chance: random.Random, part: str) -> Iterator[Row]:
    """An answer is accepted when what was heard of it means the same («верно» of «да верно»), and nothing the opposite;
    anything else must come out without an answer."""
    grammar = [*_YES, *_NO, UNKNOWN]
    others = [
        sentence
        for sentence in Sentences.read().generate(400, chance)
        if not {*grammar, "нет", "да"} & {*sentence.split()}
    ][:60]
    accepted, refused = [], []
    for voice, say in _voices(chance, StressDictionary.read(), part):
        for answer in (*_YES, *_NO):
            told = {word for word in ear.words(say(answer), grammar).split() if word != UNKNOWN}
            same, opposite = (_AGREES, _REFUSES) if answer in _YES else (_REFUSES, _AGREES)
            accepted.append(Heard(voice, int(bool(told & same) and not told & opposite), 1))
        for sentence in others:
            told = [word for word in ear.words(say(sentence), grammar).split() if word != UNKNOWN]
            refused.append(Heard(voice, int(not told), 1))
    yield rate("yes/no grammar, unseen voices: answers accepted", "≥ .97", accepted)
    yield rate("yes/no grammar, unseen voices: anything else refused", "≥ .95", refused)


def _voices(
    chance: random.Random, stress: StressDictionary, part: str
) -> Iterator[tuple[str, Callable[[str], Samples]]]:
    """None of them trained the network."""
    if part == "dev":
        yield (
            "espeak-ng, two voices",
            lambda text: say_with_espeak(text, chance.choice(ESPEAK_DEVELOPMENT), chance, stress),
        )
        return
    yield "ru_tts woman", lambda text: say_with_retro(text, chance, stress, female=True)
    yield "espeak-ng, four voices", lambda text: say_with_espeak(text, chance.choice(ESPEAK_TEST), chance, stress)


def _list_line_conditions() -> Iterator[tuple[str, str, Callable[[Samples], Samples]]]:
    chance = np.random.default_rng(11)
    yield "clean", ".02", lambda sound: sound
    yield "10 dB noise", ".06", lambda sound: add_noise(sound, 10.0, chance, ())
    yield "5 % packets lost", ".06", lambda sound: lose_packets(sound, 0.05, chance)


def _with_words(text: TrainingText, recordings: Sequence[Recording]) -> TrainingText:
    """The vocabulary holds what is said in the test, so that the sound is tested and not the list of words."""
    return TrainingText(text.words | {word for one in recordings for word in one.text.split()}, text.sentences)


def _pass_through_line(sound: Samples) -> NDArray[np.int16]:
    quiet = np.zeros(RATE * 3 // 10, dtype=np.float32)
    return np.clip(np.rint(a_law(np.concatenate([quiet, sound, quiet]))), -32768, 32767).astype(np.int16)


def _fold(text: str) -> str:
    return text.replace("ё", "е")


def _memory() -> float:
    """Megabytes that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _short(share: float) -> str:
    return f"{share:.3f}".removeprefix("0")


if __name__ == "__main__":
    main()
