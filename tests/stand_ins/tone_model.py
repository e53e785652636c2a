"""A real Vosk model of a few kilobytes, made here by hand, that knows words said in tones.

So the tests run Vosk's own decoder, lattices, endpoints and grammars without a trained model. The network is one
layer: it undoes the cosine transform of the features, and a tone is as likely as its mel band is loud; silence is
likely when all bands are quiet. The graph is a loop over words, each a chain of its tones.

Formats: Kaldi's binary TransitionModel and AmNnetSimple, OpenFst's vector type. A tone has three phones (first,
inner, last of a word), as Vosk's word boundaries ask for.
"""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from callcenter.hearing.server.engine import RATE, UNKNOWN
from tests.stand_ins.tones import HERTZ, spell

_BANDS = 23
_LOWEST, _HIGHEST = 100, 3900
_QUIET = 18.5
"""Natural logarithm of a mel band's energy: rooms and A-law lie below, a tone in speech's loudness above."""
_PLACES = ("begin", "internal", "end")
_SILENCE = len(HERTZ) * len(_PLACES) + 1
_HALF = math.log(0.5)

Arc = tuple[int, int, float, int]
"""Input label, output label, cost, next state."""


def write_tone_model(directory: Path, words: Iterable[str], *, takes_phrases: bool = True, rate: int = RATE) -> Path:
    """Writes a model that knows `words` and `[unk]`, any single tone that begins no word. Returns the directory."""
    for part in ("am", "conf", "graph/phones"):
        (directory / part).mkdir(parents=True, exist_ok=True)
    (directory / "am/final.mdl").write_bytes(_transitions() + _network())
    options = [
        f"--sample-frequency={rate}", "--use-energy=false", f"--num-mel-bins={_BANDS}", f"--num-ceps={_BANDS}",
        "--cepstral-lifter=0", f"--low-freq={_LOWEST}", f"--high-freq={_HIGHEST}", "--dither=0.0",
    ]  # fmt: skip
    (directory / "conf/mfcc.conf").write_text("\n".join(options) + "\n")
    options = [
        "--min-active=200", "--max-active=500", "--beam=20.0", "--lattice-beam=4.0", "--acoustic-scale=1.0",
        "--frame-subsampling-factor=3", "--frames-per-chunk=6", f"--endpoint.silence-phones={_SILENCE}",
        "--endpoint.rule2.min-trailing-silence=0.5", "--endpoint.rule3.min-trailing-silence=0.75",
        "--endpoint.rule4.min-trailing-silence=1.0",
    ]  # fmt: skip
    (directory / "conf/model.conf").write_text("\n".join(options) + "\n")
    boundaries = [f"{_phone(tone, place)} {_PLACES[place]}" for tone in range(len(HERTZ)) for place in range(3)]
    (directory / "graph/phones/word_boundary.int").write_text("\n".join([*boundaries, f"{_SILENCE} nonword"]) + "\n")
    numbers = {word: number for number, word in enumerate([UNKNOWN, *sorted(set(words))], start=1)}
    (directory / "graph/words.txt").write_text(
        "<eps> 0\n" + "".join(f"{word} {number}\n" for word, number in numbers.items()), encoding="utf-8"
    )
    graph = _loop_over_words(numbers)
    if takes_phrases:
        (directory / "graph/HCLr.fst").write_bytes(_transducer(graph, by_output=True))
        loop = [[(number, number, 0.0, 0) for number in numbers.values()]]
        (directory / "graph/Gr.fst").write_bytes(_transducer(loop, by_output=False))
        (directory / "graph/disambig_tid.int").write_text("")
    else:
        (directory / "graph/HCLG.fst").write_bytes(_transducer(graph, by_output=False))
    return directory


def _phone(tone: int, place: int) -> int:
    return 1 + len(_PLACES) * tone + place


def _enter(phone: int) -> int:
    """Kaldi's transition-id of the way out of a phone's one state, which the graph puts on the way in."""
    return 2 * phone


def _stay(phone: int) -> int:
    return 2 * phone - 1


def _loop_over_words(numbers: Mapping[str, int]) -> list[list[Arc]]:
    states: list[list[Arc]] = [[]]

    def chain(phones: Sequence[int], word: int, cost: float) -> None:
        state = 0
        for place, phone in enumerate(phones):
            states.append([])
            further = len(states) - 1
            states[state].append((_enter(phone), word if place == 0 else 0, cost if place == 0 else 0.0, further))
            states[further].append((_stay(phone), 0, 0.0, further))
            state = further
        states[state].append((0, 0, 0.0, 0))

    chain([_SILENCE], 0, 0.0)
    for word, number in numbers.items():
        if word == UNKNOWN:
            for tone in range(len(HERTZ)):
                chain([_phone(tone, 0), _phone(tone, 2)], number, 8.0)
            continue
        tones = spell(word)
        places = [0] + [1] * (len(tones) - 2) + [2]
        chain([_phone(tone, place) for tone, place in zip(tones, places, strict=True)], number, 0.0)
    return states


def _transducer(states: list[list[Arc]], *, by_output: bool) -> bytes:
    """OpenFst's `vector` of `standard` arcs, state 0 first and last, arcs sorted for composition."""
    out = struct.pack("<i", 2125659606)
    for name in (b"vector", b"standard"):
        out += struct.pack("<i", len(name)) + name
    expanded_and_mutable = 3
    out += struct.pack("<iiQqqq", 2, 0, expanded_and_mutable, 0, len(states), sum(len(arcs) for arcs in states))
    for number, arcs in enumerate(states):
        out += struct.pack("<fq", 0.0 if number == 0 else math.inf, len(arcs))
        for arc in sorted(arcs, key=lambda arc: arc[1 if by_output else 0]):
            out += struct.pack("<iifi", *arc)
    return out


def _token(name: str) -> bytes:
    return name.encode() + b" "


def _whole(*values: int) -> bytes:
    return b"".join(b"\4" + struct.pack("<i", value) for value in values)


def _real(value: float) -> bytes:
    return b"\4" + struct.pack("<f", value)


def _whole_vector(values: Sequence[int]) -> bytes:
    return _whole(len(values)) + np.asarray(values, dtype="<i4").tobytes()


def _vector(values: Sequence[float]) -> bytes:
    return _token("FV") + _whole(len(values)) + np.asarray(values, dtype="<f4").tobytes()


def _matrix(values: npt.NDArray[np.float64]) -> bytes:
    return _token("FM") + _whole(*values.shape) + values.astype("<f4").tobytes()


def _transitions() -> bytes:
    """One state a phone, which stays or leaves with the same likelihood."""
    phones = list(range(1, _SILENCE + 1))
    out = b"\0B" + _token("<TransitionModel>") + _token("<Topology>")
    out += _whole_vector(phones) + _whole_vector([-1] + [0] * len(phones)) + _whole(1)
    out += _whole(2, 0, 2, 0) + _real(0.5) + _whole(1) + _real(0.5) + _whole(-1, 0) + _token("</Topology>")
    out += _token("<Triples>") + _whole(len(phones))
    for phone in phones:
        out += _whole(phone, 0, (phone - 1) // len(_PLACES))
    out += _token("</Triples>") + _token("<LogProbs>") + _vector([0.0] + [_HALF] * (2 * len(phones)))
    return out + _token("</LogProbs>") + _token("</TransitionModel>")


def _network() -> bytes:
    band, order = np.meshgrid(np.arange(_BANDS), np.arange(_BANDS))
    cosines = math.sqrt(2 / _BANDS) * np.cos(np.pi / _BANDS * (band + 0.5) * order)
    cosines[0] = math.sqrt(1 / _BANDS)
    weights = np.zeros((len(HERTZ) + 1, _BANDS))
    for tone, hertz in enumerate(HERTZ):
        weights[tone] = cosines.T[_band_of(hertz)]
    bias = [0.0] * len(HERTZ) + [_QUIET]
    lines = [
        "",
        f"input-node name=input dim={_BANDS}",
        "component-node name=out.affine component=out.affine input=input",
        "output-node name=output input=out.affine objective=linear",
        "",
        "",
    ]
    out = _token("<Nnet3>") + "\n".join(lines).encode() + _token("<NumComponents>") + _whole(1)
    out += _token("<ComponentName>") + _token("out.affine") + _token("<AffineComponent>")
    out += _token("<LearningRate>") + _real(0.001) + _token("<LinearParams>") + _matrix(weights)
    out += _token("<BiasParams>") + _vector(bias) + _token("</AffineComponent>") + _token("</Nnet3>")
    return (
        out
        + _token("<LeftContext>")
        + _whole(0)
        + _token("<RightContext>")
        + _whole(0)
        + _token("<Priors>")
        + _vector([])
    )


def _band_of(hertz: float) -> int:
    step = (_mel(_HIGHEST) - _mel(_LOWEST)) / (_BANDS + 1)
    return round((_mel(hertz) - _mel(_LOWEST)) / step) - 1


def _mel(hertz: float) -> float:
    return 1127 * math.log(1 + hertz / 700)
