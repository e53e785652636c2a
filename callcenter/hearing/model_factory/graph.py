"""Builds the decoding graph of a Vosk model from the lexicon.

The lexicon with the phones' states (HCLr.fst) is separate from the grammar (Gr.fst, see build.py), so that a question's
phrases can replace the general language model at run time. Self-loops follow Kaldi's "reorder" convention: the
self-loop of a state comes after the transition that leaves it.
"""

import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import kaldifst

from callcenter.core.errors import CallcenterError
from callcenter.hearing.model_factory.lexicon import PronunciationLexicon
from callcenter.hearing.model_factory.states import (
    DISAMBIGUATION,
    LAST_TRANSITION,
    phone_table,
    transitions_of_label,
    word_boundaries,
)

_LOOK_AHEAD_LIBRARIES = ("/usr/lib/*/libfstlookahead.so*", "/usr/lib/libfstlookahead.so*")

Arc = tuple[int, int, int, float, int]
"""State, input, output, weight, next state."""


class GraphToolsMissing(CallcenterError):
    """OpenFst's tools, which build the graph, are not installed or fail."""


def write_graph(directory: Path, lexicon: PronunciationLexicon, unknown_phone_cost: float) -> dict[str, int]:
    """Write `graph/` without Gr.fst. Returns the number of each word in the graph, for the grammar's labels.

    `unknown_phone_cost` is the cost of each phone of `[unk]`. Raises GraphToolsMissing.
    """
    phones = directory / "graph" / "phones"
    phones.mkdir(parents=True, exist_ok=True)
    (phones / "word_boundary.int").write_text(word_boundaries())
    (directory / "graph" / "phones.txt").write_text(phone_table())
    words = kaldifst.compile("\n".join(lexicon.write_arcs(unknown_phone_cost)) + "\n", acceptor=False)
    kaldifst.arcsort(words, sort_type="ilabel")
    kaldifst.determinize_star(words)
    searched = _to_transitions(words)
    kaldifst.arcsort(searched, sort_type="olabel")
    renumbered = _make_look_ahead(directory, searched)
    numbers = {word: renumbered.get(number, number) for word, number in lexicon.word_numbers.items()}
    table = sorted([("<eps>", 0), *numbers.items()], key=lambda entry: entry[1])
    (directory / "graph" / "words.txt").write_text("".join(f"{word} {number}\n" for word, number in table))
    marks = range(LAST_TRANSITION + 1, LAST_TRANSITION + 1 + lexicon.disambiguation_count)
    (directory / "graph" / "disambig_tid.int").write_text("".join(f"{mark}\n" for mark in marks))
    return numbers


def _to_transitions(labels: kaldifst.StdVectorFst) -> kaldifst.StdVectorFst:
    """Replace phone labels by Kaldi's transition numbers and add self-loops.

    A state entered by several labels is split into one copy for each label, because each label has its own self-loop.
    """
    arcs = list(_arcs(labels))
    entered: defaultdict[int, set[int]] = defaultdict(set)
    for _, label, _, _, to in arcs:
        entered[to].add(label if label < DISAMBIGUATION else 0)
    start = labels.start
    entered[start].add(0)
    free = max(max(arc[0], arc[4]) for arc in arcs) + 1
    looped: dict[tuple[int, int], int] = {}
    made: list[Arc] = []
    for state, label, out, weight, to in arcs:
        if label == 0 or label >= DISAMBIGUATION:
            mark = LAST_TRANSITION + 1 + label - DISAMBIGUATION if label else 0
            made.append((state, mark, out, weight, to))
            continue
        if (to, label) not in looped:
            looped[to, label] = to if entered[to] == {label} else free
            free += looped[to, label] == free
        made.append((state, transitions_of_label(label)[0], out, weight, looped[to, label]))
    for (to, label), copy in looped.items():
        made.append((copy, transitions_of_label(label)[1], 0, 0.0, copy))
        if copy != to:
            made.append((copy, 0, 0, 0.0, to))
    made.sort(key=lambda arc: (arc[0] != start, arc[0]))  # the first state of the text is the start
    lines = [f"{state} {to} {into} {out} {weight}" for state, into, out, weight, to in made]
    lines += [f"{state} {weight}" for state, weight in _finals(labels).items()]
    return kaldifst.compile("\n".join(lines) + "\n", acceptor=False)


def _arcs(fst: kaldifst.StdVectorFst) -> Iterator[Arc]:
    for state in range(fst.num_states):
        for arc in kaldifst.ArcIterator(fst, state):
            yield state, arc.ilabel, arc.olabel, arc.weight.value, arc.nextstate


def _finals(fst: kaldifst.StdVectorFst) -> Mapping[int, float]:
    weights = ((state, fst.final(state).value) for state in range(fst.num_states))
    return {state: weight for state, weight in weights if weight != float("inf")}


def _make_look_ahead(directory: Path, searched: kaldifst.StdVectorFst) -> Mapping[int, int]:
    """Convert the graph to the look-ahead type that Vosk reads, with OpenFst's program `fstconvert`.

    The conversion renumbers the words. Returns the new number of each renumbered old one. Raises GraphToolsMissing.
    """
    library = next((found for pattern in _LOOK_AHEAD_LIBRARIES for found in sorted(Path("/").glob(pattern[1:]))), None)
    if library is None:
        raise GraphToolsMissing("не установлен пакет libfst-tools; установите: apt-get install libfst-tools")
    plain, pairs = directory / "graph" / "HCL.fst", directory / "graph" / "pairs"
    searched.write(str(plain))
    try:
        subprocess.run(
            [
                "fstconvert",
                "--fst_type=olabel_lookahead",
                f"--save_relabel_opairs={pairs}",
                plain,
                directory / "graph" / "HCLr.fst",
            ],
            check=True,
            capture_output=True,
            text=True,
            env={"LD_PRELOAD": str(library), "PATH": "/usr/bin:/bin"},
        )
        return {int(before): int(after) for before, after in (line.split() for line in pairs.read_text().splitlines())}
    except (OSError, subprocess.CalledProcessError) as error:
        told = getattr(error, "stderr", "") or error
        raise GraphToolsMissing(f"fstconvert из пакета libfst-tools не смог: {told}") from error
    finally:
        plain.unlink(missing_ok=True)
        pairs.unlink(missing_ok=True)
